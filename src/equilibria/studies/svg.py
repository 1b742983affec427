"""Drawings of curves, bars and histograms as SVG, in the colors of the page."""

import io
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

COLORS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#ee7733", "#999933", "#888888")  # P. Tol's
_INK = "#010203"  # replaced by the color of the page's text
_POINTS = 240  # of a curve, at most
_LEAST_RANGE = 0.2  # of an axis, relative to the largest value: smaller changes look small
_LOG_ABOVE = 100.0  # ratio of the largest to the smallest value above which an axis is logarithmic
_COLORED = ("axes.edgecolor", "axes.labelcolor", "text.color", "xtick.color", "ytick.color")
_SETTINGS: Any = dict.fromkeys(_COLORED, _INK) | {
    "svg.fonttype": "none",
    "svg.hashsalt": "equilibria",
    "text.parse_math": False,
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
}


@dataclass(frozen=True)
class Line:
    """One curve."""

    x: Sequence[float]
    y: Sequence[float]
    color: str = COLORS[0]
    thick: bool = False
    dashed: bool = False  # the level of real data

    @property
    def points(self) -> int:
        """The number of its points that can be drawn."""
        return sum(math.isfinite(value) for value in self.y)


def curves(title: str, across: str, lines: Sequence[Line], level: float | None = None) -> str:
    """Curves on the same axes, and a dashed line at the `level` of real data; "" if there is no point to draw.

    The y-axis is logarithmic if values are positive and span more than two decades; else it spans at least a fifth of
    the largest value, so that noise looks like noise.
    """
    if not any(line.points for line in lines):
        return ""
    figure, axes = _axes(title, across)
    for line in lines:
        x, y = _downsampled(np.asarray(line.x, dtype=float), np.asarray(line.y, dtype=float))
        style: dict[str, Any] = {"linewidth": 2.0, "alpha": 1.0} if line.thick else {"linewidth": 0.9, "alpha": 0.45}
        style |= {"linewidth": 1.3, "linestyle": "--"} if line.dashed else {}
        axes.plot(x, y, color=line.color, marker="o" if line.points < 3 and not line.dashed else "", **style)
    if level is not None:
        axes.axhline(level, color=_INK, linewidth=1, linestyle="--")
    heights = [
        *(height for line in lines for height in line.y if math.isfinite(height)),
        *(() if level is None else [level]),
    ]
    if not _log_scale(axes, "y", heights):
        axes.set_ylim(_range(heights))
    return _svg(figure)


def _range(heights: Sequence[float]) -> tuple[float, float]:
    """The range of an axis for these values: with a margin, and at least a fifth of the largest."""
    least, most = min(heights), max(heights)
    span = max(most - least, _LEAST_RANGE * max(abs(least), abs(most)), 1e-12)
    middle = (least + most) / 2
    return middle - 0.55 * span, middle + 0.55 * span


def bars(title: str, across: str, lengths: Mapping[str, float], color: str) -> str:
    """A bar for each name, from top to bottom; the axis is logarithmic if lengths span more than two decades."""
    figure, axes = _axes(title, across, height=max(1.6, 0.19 * len(lengths) + 0.9), names=True)
    axes.barh(range(len(lengths)), list(lengths.values()), color=color, height=0.7)
    names = [name if len(name) <= 34 else f"...{name[-31:]}" for name in lengths]
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.invert_yaxis()
    _log_scale(axes, "x", lengths.values())
    return _svg(figure)


def histogram(title: str, across: str, edges: Sequence[float], counts: Sequence[float], mark: float) -> str:
    """Counts between edges; a dotted line at `mark`."""
    figure, axes = _axes(title, across, "count")
    axes.stairs(counts, edges, fill=True, color=COLORS[0], alpha=0.8)
    axes.axvline(mark, color=_INK, linewidth=1, linestyle=":")
    return _svg(figure)


def mean(x: Sequence[Sequence[float]], y: Sequence[Sequence[float]]) -> tuple[list[float], list[float]]:
    """The mean of several curves on the interval that all of them cover, by linear interpolation."""
    start, end = max(each[0] for each in x), min(each[-1] for each in x)
    grid = np.unique(np.concatenate([np.asarray(each, dtype=float) for each in x]))
    grid = grid[(grid >= start) & (grid <= end)]
    curves = [np.interp(grid, one, other) for one, other in zip(x, y, strict=True)]
    return grid.tolist(), np.mean(curves, axis=0).tolist()


def _log_scale(axes: Any, which: str, values: Collection[float]) -> bool:
    """Make an axis logarithmic, with plain numbers as labels, if it suits the values; whether it does."""
    from matplotlib.ticker import NullFormatter

    if not values or not min(values) > 0 or not max(values) > _LOG_ABOVE * min(values):
        return False
    axes.set(**{f"{which}scale": "log"})
    axis = getattr(axes, f"{which}axis")
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())
    return True


def _axes(title: str, across: str, up: str = "", height: float = 2.7, names: bool = False) -> tuple[Any, Any]:
    """Empty axes, without a window or global state."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(4.4, height), layout="tight" if names else None)
        if not names:  # room for numbers of six digits; to measure them takes as long as to draw
            figure.subplots_adjust(left=0.14, right=0.97, bottom=0.17, top=0.9)
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        axes.set(title=title, xlabel=across, ylabel=up)
        axes.grid(alpha=0.15, color=_INK, linewidth=0.6)
        axes.set_axisbelow(True)
    return figure, axes


def _svg(figure: Any) -> str:
    """The drawing as an element of a page: no metadata or ids, coordinates rounded to a tenth of a point."""
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context(_SETTINGS):
        no_metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(buffer, format="svg", transparent=True, metadata=no_metadata)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.S)
    text = re.sub(r' xmlns(:xlink)?="[^"]*"| version="1.1"| (width|height)="[\d.]+pt"', "", text, count=5)
    text = re.sub(r' id="(figure|axes|patch|line2d|text|xtick|ytick|matplotlib\.axis)_\d+"', "", text)
    text = re.sub(r'(?<= )(d|x|y|transform)="[^"]*"', lambda match: re.sub(r"(\.\d)\d+", r"\1", match[0]), text)
    text = re.sub(r"font-family: [^;\"]*", "font-family: system-ui, sans-serif", text)
    return re.sub(r"\s*\n\s*", "\n", text).replace(_INK, "currentColor")


def _downsampled(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most 240 points: means of neighbors."""
    if len(x) <= _POINTS:
        return x, y
    parts = np.array_split(np.arange(len(x)), _POINTS)
    return np.array([x[part].mean() for part in parts]), np.array([y[part].mean() for part in parts])
