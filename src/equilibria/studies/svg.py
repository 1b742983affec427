"""Drawings of curves, bars and histograms as SVG, in the colours of the page around them."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

COLORS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#ee7733", "#999933", "#888888")  # P. Tol's
_INK = "#010203"  # a colour that nobody uses: it becomes that of the text around
_POINTS = 240  # of a curve, at most
_WIDEST = 100.0  # between the largest and the smallest value, before an axis counts in powers
_SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "equilibria",
    "text.parse_math": False,
    "font.size": 9.0,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
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
    dashed: bool = False


@dataclass(frozen=True)
class Chart:
    """Curves on the same axes."""

    title: str
    across: str
    up: str = ""
    lines: Sequence[Line] = ()
    marks: dict[str, float] = field(default_factory=dict)  # heights to be told by a dotted line


def curves(panel: Chart) -> str:
    """The curves as SVG; heights count in powers of ten where they span several and none is below zero."""
    figure, axes = _blank(panel.title, panel.across, panel.up)
    for line in panel.lines:
        x, y = _thinned(np.asarray(line.x, dtype=float), np.asarray(line.y, dtype=float))
        style = {"linewidth": 2.0, "alpha": 1.0} if line.thick else {"linewidth": 0.9, "alpha": 0.45}
        axes.plot(x, y, color=line.color, linestyle="--" if line.dashed else "-", **style)
    for name, height in panel.marks.items():
        axes.axhline(height, color=_INK, linewidth=0.8, linestyle=":")
        axes.annotate(name, (0.99, height), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8)
    heights = np.concatenate([np.asarray(line.y, dtype=float) for line in panel.lines] or [np.zeros(1)])
    if len(heights := heights[np.isfinite(heights)]) and heights.min() > 0 and heights.max() > _WIDEST * heights.min():
        _in_powers(axes, "y")
    return _svg(figure)


def bars(title: str, across: str, names: Sequence[str], lengths: Sequence[float], colors: Sequence[str]) -> str:
    """A bar for each name, from top to bottom; lengths count in powers of ten where they span several."""
    figure, axes = _blank(title, across, "", height=max(1.6, 0.19 * len(names) + 0.9))
    axes.barh(range(len(names)), lengths, color=list(colors), height=0.7)
    axes.set_yticks(range(len(names)), [name if len(name) <= 34 else f"...{name[-31:]}" for name in names], fontsize=7)
    axes.invert_yaxis()
    if (least := min(lengths)) > 0 and max(lengths) > _WIDEST * least:
        _in_powers(axes, "x")
    return _svg(figure)


def histogram(
    title: str, across: str, edges: Sequence[float], counts: Sequence[float], mark: float | None = None
) -> str:
    """How many lie between one edge and the next."""
    figure, axes = _blank(title, across, "how many")
    axes.stairs(counts, edges, fill=True, color=COLORS[0], alpha=0.8)
    if mark is not None:
        axes.axvline(mark, color=_INK, linewidth=1, linestyle=":")
    return _svg(figure)


def mean(x: Sequence[Sequence[float]], y: Sequence[Sequence[float]]) -> tuple[list[float], list[float]]:
    """The mean of several curves where all of them are known, straight lines in between."""
    start, end = max(each[0] for each in x), min(each[-1] for each in x)
    grid = np.unique(np.concatenate([np.asarray(each, dtype=float) for each in x]))
    grid = grid[(grid >= start) & (grid <= end)]
    return grid.tolist(), np.mean(
        [np.interp(grid, one, other) for one, other in zip(x, y, strict=True)], axis=0
    ).tolist()


def _in_powers(axes: Any, which: str) -> None:
    """Let an axis count in powers of ten, each told as a plain number."""
    from matplotlib.ticker import NullFormatter

    axes.set(**{f"{which}scale": "log"})
    axis = getattr(axes, f"{which}axis")
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def _blank(title: str, across: str, up: str, height: float = 2.7) -> tuple[Any, Any]:
    """Empty axes; no window, and no state that others share."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(4.4, height), layout="tight")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        axes.set_title(title)
        axes.set_xlabel(across)
        axes.set_ylabel(up)
        axes.grid(alpha=0.15, color=_INK, linewidth=0.6)
        axes.set_axisbelow(True)
    return figure, axes


def _svg(figure: Any) -> str:
    """The drawing as an element of a page: nothing around it, coordinates to a tenth of a point, no names."""
    import matplotlib

    buffer = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with matplotlib.rc_context(_SETTINGS):
        figure.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.S)
    text = re.sub(r' xmlns(:xlink)?="[^"]*"| version="1.1"| (width|height)="[\d.]+pt"', "", text, count=5)
    text = re.sub(r' id="(figure|axes|patch|line2d|text|xtick|ytick|matplotlib\.axis)_\d+"', "", text)
    text = re.sub(r'(?<= )(d|x|y|transform)="[^"]*"', lambda found: re.sub(r"(\.\d)\d+", r"\1", found[0]), text)
    text = re.sub(r"font-family: [^;\"]*", "font-family: system-ui, sans-serif", text)
    return re.sub(r"\s*\n\s*", "\n", text).replace(_INK, "currentColor")


def _thinned(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Not more points than can be told apart: means of as many neighbours as it takes."""
    if len(x) <= _POINTS:
        return x, y
    parts = np.array_split(np.arange(len(x)), _POINTS)
    return np.array([x[part].mean() for part in parts]), np.array([y[part].mean() for part in parts])
