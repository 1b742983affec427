"""A table of labels next to the images of a folder: CSV, JSON Lines, or the JSON of StyleGAN."""

import csv
import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..core.errors import Refusal, first_line
from ..core.text import plural
from .arrays import BROKEN
from .dataset import first_names
from .image_decode import Member
from .labels import UNKNOWN

TABLES = ("labels.csv", "metadata.csv", "metadata.jsonl", "dataset.json")
_FILES = ("file", "file_name", "filename", "image", "path", "name")
_LABELS = ("label", "class", "labels", "category", "target")
_MOST = 64 << 20  # bytes
_UNREADABLE: tuple[type[Exception], ...] = (*BROKEN, csv.Error, RecursionError)


Label = str | tuple[float, ...]  # a class, "" where it is unknown; or numbers, NaN where they are


class LabelTable(NamedTuple):
    """The label of each image, and the names of the numbers; no names for classes."""

    labels: dict[str, Label]
    names: tuple[str, ...]


def read_label_table(folder: Path | Member, images: Collection[str]) -> tuple[LabelTable | None, list[str]]:
    """The labels in the first table that has some for these images, and a remark on each table."""
    remarks = []
    for path in (folder / name for name in TABLES):
        if not path.is_file() or (isinstance(path, Path) and path.is_symlink()):
            continue
        try:
            names, classes, rows = _rows(path)
            cells = {_relative(str(file)): row for file, row in rows}
            if not (rest := [image for image in images if image in cells]):
                raise Refusal(f"it names none of the {len(images):,} images, such as {first_names(list(images))}")
            table = _label_table({image: cells[image] for image in rest}, names, classes)
        except _UNREADABLE as error:
            remarks.append(f"{path.name} was not read as labels: {first_line(error).rstrip('.')}.")
            continue
        missing = [image for image in images if image not in cells]
        lines = f" It has no line for {plural(len(missing), 'image')} ({first_names(missing)})." * bool(missing)
        table.labels.update(dict.fromkeys(missing, (math.nan,) * len(table.names) if table.names else ""))
        return table, [*remarks, f"The labels were read from {path.name}.{lines}"]
    return None, remarks


def _relative(file: str) -> str:
    return file.strip().replace("\\", "/").removeprefix("./")


def _label_table(cells: Mapping[str, Sequence[Any]], names: Sequence[str], classes: bool) -> LabelTable:
    """Classes from one cell each, unless they are numbers with decimals. Raises Refusal for other cells."""
    if not classes or any(_float(row[0]) % 1 > 0 for row in cells.values()):
        numbers: dict[str, Label] = {image: tuple(map(_float, row)) for image, row in cells.items()}
        if wrong := [cell for image, row in cells.items() for cell in row if math.isinf(_float(cell))]:
            raise Refusal(f"{wrong[0]!r} is no number: it needs the columns file and label, or numbers next to file.")
        return LabelTable(numbers, tuple(names))
    return LabelTable({image: _class(row[0]) for image, row in cells.items()}, ())


def _float(cell: Any) -> float:
    """A number, NaN where it is unknown; infinity for what is no number."""
    if cell is None or str(cell).strip().lower() in UNKNOWN:
        return math.nan
    try:
        return float(cell)
    except (TypeError, ValueError):
        return math.inf


def _class(label: Any) -> str:
    """The name of a class. Raises Refusal for what is none."""
    if isinstance(label, float):
        return "" if math.isnan(label) else str(int(label))
    if not isinstance(label, str | int | None):
        raise Refusal(f"{label!r} is no class: write names or whole numbers")
    name = "" if label is None else str(label).strip()
    return name.partition(".")[0] if re.fullmatch(r"-?\d+\.0+", name) else name  # integers with gaps are 1.0 in a .csv


Rows = tuple[Sequence[str], bool, Sequence[tuple[Any, Sequence[Any]]]]


def _rows(path: Path | Member) -> Rows:
    """The names of the labels, whether they may be classes, and each file with its own.

    Raises ValueError for other contents.
    """
    with path.open("rb") as file:
        content = file.read(_MOST + 1)
    if len(content) > _MOST:
        raise Refusal(f"it has more than {_MOST >> 20} MiB")
    text = content.decode("utf-8-sig")
    if path.suffix == ".csv":
        return _columns([row for row in csv.reader(text.splitlines()) if row])
    if path.suffix == ".jsonl":
        records = [json.loads(line) for line in text.splitlines() if line.strip()]
        if not all(isinstance(record, dict) for record in records):
            raise Refusal("each line must be an object with file_name and label")
        names = list(dict.fromkeys(name for record in records for name in record))
        return _columns([names, *([record.get(name) for name in names] for record in records)])
    value = json.loads(text)
    value = value.get("labels", value) if isinstance(value, dict) else value
    pairs = list(value.items()) if isinstance(value, dict) else value
    if not isinstance(pairs, list) or not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        raise Refusal('it needs {"labels": [[file, label], ...]}')
    rows = [(file, label if isinstance(label, list) else [label]) for file, label in pairs]
    if len(widths := {len(row) for _, row in rows}) != 1:
        raise Refusal("its labels have different lengths")
    width = widths.pop()
    return tuple(map(str, range(width))), width == 1, rows


def _columns(rows: Sequence[Sequence[Any]]) -> Rows:
    """The columns of files and of labels, by the names in the first row; without a label, all other columns."""
    header = [str(name).strip() for name in rows[0]] if rows else []
    lower = [name.lower() for name in header]
    file, label = (next((lower.index(name) for name in names if name in lower), None) for names in (_FILES, _LABELS))
    if file is None or len(header) < 2:
        raise Refusal("it needs the columns file and label")
    places = [i for i in range(len(header)) if i != file] if label is None else [label]
    for number, row in enumerate(rows[1:], 2):
        if len(row) <= max(file, *places):
            raise Refusal(f"line {number} has too few columns")
    return [header[i] for i in places], label is not None, [(row[file], [row[i] for i in places]) for row in rows[1:]]
