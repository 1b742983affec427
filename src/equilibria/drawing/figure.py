"""The record of a figure: panels, axes and marks, as plain numbers that any renderer draws and any test reads."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

ROLES = ("real", "fake", "critic", "generator", "theory", "a", "b", "c", "d", "e", "f")
Role = Literal["real", "fake", "critic", "generator", "theory", "a", "b", "c", "d", "e", "f"]
Numbers = Sequence[float]
_DIGITS = 4  # of each stored number: a figure needs no more


class Text(NamedTuple):
    """A text that people read, in English and in Chinese."""

    en: str
    zh: str

    def in_(self, language: str) -> str:
        """The text in "en" or "zh"."""
        return self.zh if language == "zh" else self.en


NO_TEXT = Text("", "")


def plain(word: str) -> Text:
    """A text that is the same in both languages: a symbol, a name of the catalogue."""
    return Text(word, word)


@dataclass(frozen=True)
class Line:
    """A curve through points; the role `theory` draws it dashed and gray."""

    x: Numbers
    y: Numbers
    name: Text
    role: Role = "a"
    dashed: bool = False


@dataclass(frozen=True)
class Points:
    """Points of a plane."""

    x: Numbers
    y: Numbers
    name: Text
    role: Role = "a"


@dataclass(frozen=True)
class Steps:
    """A histogram: heights between edges, one edge more than heights."""

    edges: Numbers
    heights: Numbers
    name: Text
    role: Role = "a"


@dataclass(frozen=True)
class Bars:
    """A bar for each name, with the half-width of an error bar each, or none."""

    names: Sequence[Text]
    heights: Numbers
    name: Text
    errors: Numbers = ()
    role: Role = "a"


@dataclass(frozen=True)
class Field:
    """Values on a regular grid that fills a rectangle; the first row is the lowest.

    `palette`: "cividis" for a quantity, "gray" for pictures, whose values are between 0 and 1.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    values: Sequence[Numbers]
    name: Text
    palette: Literal["cividis", "gray"] = "cividis"


@dataclass(frozen=True)
class Contours:
    """Level sets as polylines: for each, its level and its points."""

    levels: Numbers
    lines: Sequence[tuple[Numbers, Numbers]]
    name: Text


@dataclass(frozen=True)
class Arrows:
    """Arrows from points (x, y) to (x + dx, y + dy)."""

    x: Numbers
    y: Numbers
    dx: Numbers
    dy: Numbers
    name: Text
    role: Role = "a"


@dataclass(frozen=True)
class Band:
    """The area between two curves."""

    x: Numbers
    low: Numbers
    high: Numbers
    name: Text
    role: Role = "theory"


@dataclass(frozen=True)
class Rule:
    """A straight line across the panel: at a height ("y") or at a place of the horizontal axis ("x")."""

    at: float
    name: Text
    across: Literal["x", "y"] = "y"
    role: Role = "theory"


Mark = Line | Points | Steps | Bars | Field | Contours | Arrows | Band | Rule
MARKS: Mapping[str, type[Any]] = {
    kind.__name__.lower(): kind for kind in (Line, Points, Steps, Bars, Field, Contours, Arrows, Band, Rule)
}


@dataclass(frozen=True)
class Axis:
    """An axis: its label, with the unit, its scale, and its ends where the marks do not decide them."""

    label: Text
    scale: Literal["linear", "log", "symlog"] = "linear"
    low: float | None = None
    high: float | None = None


NO_AXIS = Axis(NO_TEXT)


@dataclass(frozen=True)
class Panel:
    """Marks on a pair of axes. Its title says what can be seen. `aspect`: width over height; `equal`: one unit is
    as long on both axes.
    """

    title: Text
    x: Axis
    y: Axis
    marks: Sequence[Mark]
    aspect: float = 1.4
    equal: bool = False


@dataclass(frozen=True)
class Figure:
    """Panels in a row, a title, and a note below."""

    title: Text
    panels: Sequence[Panel]
    note: Text = NO_TEXT


def to_json(value: Any) -> Any:
    """A figure, or a part of one, as plain values for JSON: a mark carries its kind, numbers four digits."""
    if isinstance(value, Text):
        return [value.en, value.zh]
    if dataclasses.is_dataclass(value):
        kind = {"mark": type(value).__name__.lower()} if isinstance(value, tuple(MARKS.values())) else {}
        fields = {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return kind | {name: field for name, field in fields.items() if field not in (None, [])}
    if isinstance(value, str | bool | None):
        return value
    if isinstance(value, Sequence):
        return [to_json(each) for each in value]
    return _number(float(value))


def _number(value: float) -> float | int | str | None:
    """A number of four digits; JSON has none for infinity and NaN, which are not drawn."""
    if value != value or abs(value) == float("inf"):
        return None
    short = float(f"{value:.{_DIGITS}g}")
    return int(short) if short.is_integer() and abs(short) < 1e9 else short


def from_json(value: Mapping[str, Any]) -> Figure:
    """The figure of such values."""
    return Figure(Text(*value["title"]), [_panel(panel) for panel in value["panels"]], Text(*value["note"]))


def _panel(value: Mapping[str, Any]) -> Panel:
    rest = {name: value[name] for name in ("aspect", "equal") if name in value}
    marks = [_mark(mark) for mark in value.get("marks", [])]
    return Panel(Text(*value["title"]), _axis(value["x"]), _axis(value["y"]), marks, **rest)


def _axis(value: Mapping[str, Any]) -> Axis:
    return Axis(**{**value, "label": Text(*value["label"])})


def _mark(value: Mapping[str, Any]) -> Mark:
    fields = {name: _numbers(each) for name, each in value.items() if name != "mark"}
    if "names" in fields:
        fields["names"] = [Text(*name) for name in fields["names"]]
    return MARKS[value["mark"]](**fields | {"name": Text(*fields["name"])})


def _numbers(value: Any) -> Any:
    """Lists with what is not a number as NaN."""
    if isinstance(value, list):
        return [float("nan") if each is None else _numbers(each) for each in value]
    return value
