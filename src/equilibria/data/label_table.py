"""A table of labels next to the images of a folder: CSV, JSON Lines, or the JSON of StyleGAN."""

import csv
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import Refusal, first_line
from .dataset import first_names

TABLES = ("labels.csv", "metadata.csv", "metadata.jsonl", "dataset.json")
_FILES = ("file", "file_name", "filename", "image", "path", "name")
_LABELS = ("label", "class", "labels", "category", "target")
_MOST = 64 << 20  # bytes


def read_label_table(folder: Path, images: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """The class of each image, from the first table that has one for every image, and a remark on each table."""
    remarks = []
    for path in (folder / name for name in TABLES):
        if not path.is_file() or path.is_symlink():
            continue
        try:
            classes = {_relative(str(file)): _class(label) for file, label in _rows(path)}
            if missing := [image for image in images if image not in classes]:
                count = f"{len(missing):,} of {len(images):,} images ({first_names(missing)})"
                raise Refusal(f"it has no label for {count}: add theirs, or move these images away")
        except (ValueError, OSError, csv.Error, RecursionError) as error:
            remarks.append(f"{path.name} was not read as labels: {first_line(error).rstrip('.')}.")
        else:
            return {image: classes[image] for image in images}, [*remarks, f"The labels were read from {path.name}."]
    return {}, remarks


def _relative(file: str) -> str:
    return file.strip().replace("\\", "/").removeprefix("./")


def _class(label: Any) -> str:
    """The name of a class. Raises Refusal for what is no class."""
    if isinstance(label, float) and label.is_integer():
        label = int(label)
    name = str(label).strip() if isinstance(label, str | int) else ""
    try:
        is_class = bool(name) and float(name).is_integer()
    except ValueError:
        is_class = True
    if not is_class:
        raise Refusal(
            f"{label!r} is no class: write names or whole numbers, or save images and numbers in one .npz file"
        )
    return name


def _rows(path: Path) -> Iterable[tuple[Any, Any]]:
    """Each file and its label. Raises ValueError for other contents."""
    if path.stat().st_size > _MOST:
        raise Refusal(f"it has more than {_MOST >> 20} MiB")
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".csv":
        return _columns([row for row in csv.reader(text.splitlines()) if row])
    if path.suffix == ".jsonl":
        records = [json.loads(line) for line in text.splitlines() if line.strip()]
        if not all(isinstance(record, dict) for record in records):
            raise Refusal("each line must be an object with file_name and label")
        names = list(records[0]) if records else []
        return _columns([names, *([record.get(name) for name in names] for record in records)])
    value = json.loads(text)
    value = value.get("labels", value) if isinstance(value, dict) else value
    rows = list(value.items()) if isinstance(value, dict) else value
    if not isinstance(rows, list) or not all(isinstance(row, list | tuple) and len(row) == 2 for row in rows):
        raise Refusal('it needs {"labels": [[file, label], ...]}')
    return rows


def _columns(rows: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, Any]]:
    """The columns of files and of labels, by the names in the first row."""
    header = [str(name).strip().lower() for name in rows[0]] if rows else []
    file, label = (next((header.index(name) for name in names if name in header), None) for names in (_FILES, _LABELS))
    if file is None or label is None:
        raise Refusal("it needs the columns file and label")
    for number, row in enumerate(rows[1:], 2):
        if len(row) <= max(file, label):
            raise Refusal(f"line {number} has too few columns")
        yield row[file], row[label]
