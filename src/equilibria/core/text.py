"""Tables and paragraphs of text, as wide as the terminal, and times in words."""

import csv
import io
import re
import shutil
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

_FORMULA, _NUMBER = ("=", "+", "-", "@", "\t", "\r"), r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?|[-+]?(inf|nan)|-"
_MIN_WIDTH, _MAX_WIDTH = 60, 132


def say(text: str) -> None:
    """Print a text at once; what in it could steer a terminal is shown as an escape."""
    print(printable(text), flush=True)


def printable(text: str) -> str:
    """The text with control characters, and others that are not seen, as escapes: a name may hold any of them."""
    return "".join(c if c.isprintable() or c in "\n\t\N{NO-BREAK SPACE}" else ascii(c)[1:-1] for c in text)


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """Rows as the text of a .csv. A cell that a spreadsheet would take for a formula begins with an apostrophe."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_cell(cell) for cell in row] for row in rows)
    return text.getvalue()


def _cell(cell: str) -> str:
    numbers = all(re.fullmatch(_NUMBER, word) for word in cell.split(" "))
    return f"'{cell}" if cell.startswith(_FORMULA) and not numbers else cell


def table(rows: Sequence[Sequence[str]], indent: int = 2) -> str:
    """Rows with aligned columns; the last column is wrapped."""
    return tables({"": rows}, indent)


def tables(groups: Mapping[str, Sequence[Sequence[str]]], indent: int = 2) -> str:
    """Tables under titles, with common column widths."""
    *fixed, _ = zip(*(row for rows in groups.values() for row in rows), strict=True)
    widths = [max(map(len, column)) for column in fixed]
    blocks = ["\n".join([*([title] if title else []), *_lines(rows, widths, indent)]) for title, rows in groups.items()]
    return "\n\n".join(blocks)


def _lines(rows: Sequence[Sequence[str]], widths: Sequence[int], indent: int) -> Iterator[str]:
    start = indent + sum(widths) + 2 * len(widths)
    for *cells, last in rows:
        head = " " * indent + "".join(cell.ljust(size + 2) for cell, size in zip(cells, widths, strict=True))
        room = max(width() - start, 24)
        first, *rest = textwrap.wrap(last, room, break_long_words=False, break_on_hyphens=False) or [""]
        yield (head + first).rstrip()
        yield from (" " * start + line for line in rest)


def paragraph(text: str) -> str:
    """Text filled to the width of the terminal."""
    return textwrap.fill(text, width(), break_long_words=False, break_on_hyphens=False)


def plural(count: int, noun: str) -> str:
    """A count with its noun: 1 round, 2,000 rounds."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def duration(seconds: float) -> str:
    """A time in seconds, minutes or hours."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def width() -> int:
    """The width of the terminal, within limits."""
    return min(max(shutil.get_terminal_size((100, 24)).columns, _MIN_WIDTH), _MAX_WIDTH)
