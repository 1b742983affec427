"""Draws a figure record with matplotlib: PNG, SVG or PDF."""

import functools
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .figure import Arrows, Band, Bars, Contours, Field, Figure, Line, Mark, Panel, Points, Rule, Steps, Text

COLORS = {  # by meaning; P. Tol's bright scheme, which color-blind readers tell apart
    "real": "#888888",
    "fake": "#ee6677",
    "critic": "#4477aa",
    "generator": "#228833",
    "theory": "#777777",
    "a": "#4477aa",
    "b": "#ee6677",
    "c": "#aa3377",
    "d": "#ccbb44",
    "e": "#66ccee",
    "f": "#228833",
}
DASHES = {"a": "-", "b": "--", "c": "-.", "d": ":", "e": (0, (6, 1, 1, 1, 1, 1)), "f": (0, (3, 1))}
CJK_FONTS = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Heiti SC",
    "Microsoft YaHei",
    "SimHei",
    "Noto Sans CJK JP",
    "Droid Sans Fallback",
)
FORMATS = ("png", "svg", "pdf")
_HEIGHT, _PER_ROW, _POINT = 2.7, 3, 8.0  # of a panel in inches, panels in a row, points of text
_STYLE: dict[str, Any] = {
    "svg.fonttype": "path",
    "svg.hashsalt": "equilibria",
    "pdf.fonttype": 42,
    "axes.unicode_minus": False,
    "font.size": _POINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": _POINT + 0.5,
    "axes.titlelocation": "left",
    "legend.fontsize": _POINT - 1.5,
    "legend.frameon": False,
    "savefig.facecolor": "white",
}


@functools.cache
def cjk_font() -> str:
    """The first font of this machine that has Chinese characters; "" if there is none."""
    from matplotlib import font_manager

    names = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in CJK_FONTS if name in names), "")


def language_of(language: str) -> str:
    """The language that can be drawn here: English where no font has Chinese characters."""
    return language if language != "zh" or cjk_font() else "en"


def draw(figure: Figure, format: str, language: str = "en", dark: bool = False) -> bytes:
    """The figure as the bytes of a .png, .svg or .pdf; in English where no font here has Chinese characters."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    language = language_of(language)
    ink, paper = ("#e8e8e8", "#16181c") if dark else ("#1a1a1a", "white")
    inks = ("axes.edgecolor", "axes.labelcolor", "text.color", "xtick.color", "ytick.color")
    fonts = {"font.sans-serif": [cjk_font(), "DejaVu Sans"]} if language == "zh" else {}
    grays = {"axes.facecolor": paper, "savefig.facecolor": paper} | dict.fromkeys(inks, ink)
    style: Any = _STYLE | grays | fonts
    with matplotlib.rc_context(style):
        rows = _rows(figure.panels)
        widths = [sum(_HEIGHT * panel.aspect + 0.7 for panel in row) for row in rows]
        canvas = Canvas(figsize=(max(widths), (_HEIGHT + 0.55) * len(rows) + 0.55), layout="constrained")
        FigureCanvasAgg(canvas)
        parts = canvas.subfigures(len(rows), 1, squeeze=False)[:, 0]
        for part, row in zip(parts, rows, strict=True):
            shares = {"width_ratios": [panel.aspect for panel in row]}
            axes = part.subplots(1, len(row), squeeze=False, gridspec_kw=shares)[0]
            for each, panel in zip(axes, row, strict=True):
                _panel(part, each, panel, language)
        canvas.suptitle(figure.title.in_(language), fontsize=_POINT + 2, x=0.01, ha="left")
        if figure.note.en:
            canvas.supxlabel(figure.note.in_(language), fontsize=_POINT, x=0.01, ha="left")
        buffer = io.BytesIO()
        metadata = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[format]
        canvas.savefig(buffer, format=format, dpi=150, metadata=metadata)
    return buffer.getvalue()


def _rows(panels: Sequence[Panel]) -> list[Sequence[Panel]]:
    """Panels in rows of nearly equal length: at most three in a row."""
    count = math.ceil(len(panels) / _PER_ROW)
    length = math.ceil(len(panels) / count)
    return [panels[start : start + length] for start in range(0, len(panels), length)]


def _panel(part: Any, axes: Any, panel: Panel, language: str) -> None:
    for mark in panel.marks:
        _mark(part, axes, mark, language)
    axes.set_title(panel.title.in_(language), wrap=True)
    for which, axis in (("x", panel.x), ("y", panel.y)):
        axes.set(**{f"{which}label": axis.label.in_(language)})
        if axis.scale == "symlog":
            getattr(axes, f"set_{which}scale")("symlog", linthresh=1e-3)
        elif axis.scale == "log":
            getattr(axes, f"set_{which}scale")("log")
        low, high = getattr(axes, f"get_{which}lim")()
        getattr(axes, f"set_{which}lim")(
            low if axis.low is None else axis.low, high if axis.high is None else axis.high
        )
        if axis.scale == "log":
            _log_ticks(axes, which)
        if not axis.label.en:
            getattr(axes, f"{which}axis").set_ticks([])
    if panel.equal:
        axes.set_aspect("equal", adjustable="box")
    pictures = any(isinstance(mark, Field) for mark in panel.marks)
    if not pictures:
        axes.grid(alpha=0.2, linewidth=0.5)
        axes.set_axisbelow(True)
    entries = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    if len(entries) > 1 or (entries and not pictures):
        axes.legend(entries.values(), entries.keys(), loc="best", handlelength=2.2)


def _log_ticks(axes: Any, which: str) -> None:
    """Powers of ten; over less than two decades plain numbers as well."""
    from matplotlib.ticker import LogLocator, NullFormatter

    low, high = getattr(axes, f"get_{which}lim")()
    axis = getattr(axes, f"{which}axis")
    axis.set_minor_formatter(NullFormatter())
    if 0 < low < high < 100 * low:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter("{x:g}")


def _mark(part: Any, axes: Any, mark: Mark, language: str) -> None:
    name = mark.name.in_(language)
    color = COLORS[getattr(mark, "role", "a")]
    match mark:
        case Line():
            theory = mark.role == "theory"
            style = "--" if theory or mark.dashed else DASHES.get(mark.role, "-")
            axes.plot(mark.x, mark.y, color=color, linestyle=style, linewidth=1.1 if theory else 1.5, label=name)
        case Points():
            edge = {"markeredgecolor": "white", "markeredgewidth": 0.5} if axes.images else {}  # on a field
            axes.plot(mark.x, mark.y, ".", color=color, markersize=_dot(len(mark.x)), alpha=0.75, label=name, **edge)
        case Steps():
            axes.stairs(mark.heights, mark.edges, fill=True, color=color, alpha=0.55, label=name)
        case Bars():
            places = range(len(mark.heights))
            axes.bar(places, mark.heights, yerr=mark.errors or None, color=color, width=0.7, label=name, capsize=2)
            names = [each.in_(language) for each in mark.names]
            axes.set_xticks(places, names, rotation=25 if sum(map(len, names)) > 30 else 0, ha="center")
        case Field():
            values, gray = np.asarray(mark.values, dtype=float), mark.palette == "gray"
            limits = {"vmin": 0, "vmax": 1} if gray else {}
            image = axes.imshow(
                values,
                origin="lower",
                extent=(*mark.x, *mark.y),
                aspect="auto",
                cmap=mark.palette,
                interpolation="nearest",
                **limits,
            )
            if not gray:
                part.colorbar(image, ax=axes, shrink=0.9, label=name)
        case Contours():
            for x, y in mark.lines:
                axes.plot(x, y, color="white", linewidth=0.7, alpha=0.8)
        case Arrows():
            arrows = axes.quiver(
                mark.x, mark.y, mark.dx, mark.dy, color=color, angles="xy", scale_units="xy", scale=1, width=0.004
            )
            arrows.set_label(name)
        case Band():
            axes.fill_between(mark.x, mark.low, mark.high, color=color, alpha=0.2, linewidth=0, label=name)
        case Rule():
            line = axes.axhline if mark.across == "y" else axes.axvline
            line(mark.at, color=color, linewidth=1.0, linestyle="--", label=name)


def _every(count: int) -> list[int]:
    """The places of at most 25 points of a line, both ends among them."""
    return sorted({round(i * (count - 1) / 24) for i in range(25)})


def _dot(count: int) -> float:
    """The size of a dot among so many."""
    return 6.0 if count < 60 else 3.5 if count < 600 else 2.0


def contours(field: Field, count: int = 12) -> Contours:
    """Level sets of a field, at `count` levels between the least and the largest value."""
    from contourpy import contour_generator

    grid = np.asarray(field.values, dtype=float)
    xs, ys = np.linspace(*field.x, grid.shape[1]), np.linspace(*field.y, grid.shape[0])
    generator = contour_generator(xs, ys, grid)
    levels, lines = list[float](), list[tuple[list[float], list[float]]]()
    for level in np.linspace(grid.min(), grid.max(), count + 2)[1:-1]:
        for line in generator.lines(level):
            points: Any = np.asarray(line)[_every(len(line))]
            levels.append(float(level))
            lines.append((points[:, 0].tolist(), points[:, 1].tolist()))
    return Contours(levels, lines, Text("level sets", "等高线"))
