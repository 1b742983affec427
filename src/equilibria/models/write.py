"""The one writer: results of a model, and samples as a grid, a folder of images or an array."""

import math
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
import torch
from torch import Tensor

from ..core.errors import Refusal, at_least
from ..core.files import atomic_output
from ..core.text import csv_text
from ..data import load_data
from ..data.dataset import Labels
from .conditions import label_text
from .grids import captioned
from .model_folder import data_spec

if TYPE_CHECKING:
    from .model import Model

Batches = Iterator[tuple[Tensor, Tensor | None]]  # samples and their conditions, at most 64 at a time
_CELLS, _UNDER = 10_000, 1024  # samples of one picture, and points of the data under them, at most
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}  # what a PNG can hold, by channels
SINGLE, PER_LABEL = 64, 8  # samples where no count is given: of one label or none, of each of several


def write_result(result: Any, paths: Iterable[Path]) -> None:
    """Write a result, by the suffix of each path: .picture(), .arrays() or .table(). All are written, or none."""
    with ExitStack() as stack:
        for path, part in [(path, stack.enter_context(atomic_output(path))) for path in paths]:
            if path.suffix.lower() == ".png":
                result.picture().save(part, "PNG")
            elif path.suffix.lower() == ".npz":
                with part.open("wb") as file:
                    np.savez(file, **result.arrays())
            else:
                write_table(part, result.table())


def write_table(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Rows as a .csv."""
    path.write_text(csv_text(rows), encoding="utf-8", errors="backslashreplace", newline="")


@dataclass(frozen=True)
class SampleRequest:
    """Samples to draw: `count` of them, or of each of the conditions."""

    model: "Model"
    count: int
    seed: int
    conditions: Tensor | None  # (N, C)
    truncation: float | None = None  # of normal latents
    draw: Callable[[int, int, Tensor | None], Batches] | None = None  # instead of the model: of count, seed, (1, C)

    @classmethod
    def of(cls, model: "Model", count: int | None, seed: int, labels: Any, **options: Any) -> "SampleRequest":
        """The request of a user: by default 64 samples, or 8 of each of several labels."""
        conditions = None if labels is None else model.conditions_of(labels)
        if count is None:
            count = PER_LABEL if conditions is not None and len(conditions) > 1 else SINGLE
        at_least(1, "", count=count)
        return cls(model, count, seed, conditions, **options)

    @property
    def total(self) -> int:
        """The number of all samples."""
        return self.count * (1 if self.conditions is None else len(self.conditions))

    @property
    def labels(self) -> Labels | None:
        """The labels of the samples, if they have any."""
        return None if self.model.conditions is None else self.model.labels

    def batches(self) -> Batches:
        """Samples and their conditions, label by label, at most 64 at a time."""
        for one in [None] if self.conditions is None else self.conditions.split(1):
            if self.draw is not None:
                yield from self.draw(self.count, self.seed, one)
            else:
                yield from self.model.batches(self.count, self.seed, one, self.truncation)

    def write(self, path: Path) -> None:
        """Draw the samples and write them: .png, .npz, or a folder. All is written, or nothing."""
        with atomic_output(path) as part:
            WRITERS[path.suffix.lower()](self, part)


def write_grid(request: SampleRequest, path: Path) -> None:
    """All samples in one picture; of several labels, a row for each; points over those of the data."""
    if request.total > _CELLS:
        raise Refusal(f"One picture holds {_CELLS:,} samples at most: for {request.total:,}, end --out in .npz or /.")
    x, space = torch.cat([x for x, _ in request.batches()]), request.model.space
    if request.conditions is not None and request.labels is not None and len(request.conditions) > 1:
        names = [label_text(condition, request.labels) for condition in request.conditions]
        under = (points_of_data(request.model, condition) for condition in request.conditions)
        picture = captioned(space, x.split(request.count), names, [each for each in under if each is not None] or None)
    else:
        condition = None if request.conditions is None else request.conditions[0]
        columns = 8 if request.count <= 64 else math.ceil(math.sqrt(request.count))
        picture = space.sample_grid(x, columns, points_of_data(request.model, condition))
    picture.save(path, "PNG")


def points_of_data(model: "Model", condition: Tensor | None = None) -> Tensor | None:
    """Held-out points of a model's data, (N, 2), or those of a class (C,), to lie under samples; None without them."""
    if len(model.space.shape) != 1 or not (spec := data_spec(model.folder)):
        return None
    try:
        data = load_data(spec)
    except Refusal:
        return None
    rows, y = data.held_out, data.held_out_y
    if condition is not None and y is not None and data.labels is not None and data.labels.kind == "class":
        rows = rows[y == int(condition.argmax())]
    return data.space.encode(rows[:_UNDER])


def write_folder(request: SampleRequest, path: Path) -> None:
    """An image each: 00000.png, 00001.png, ...; classes in a folder each; all labels in labels.csv."""
    shape, labels = request.model.space.shape, request.labels
    if len(shape) != 3 or shape[0] not in _MODES:
        raise Refusal("These samples are not images that a PNG can hold: let --out end in .npz.")
    path.mkdir()
    folders = folder_names(labels.names) if labels is not None and labels.kind == "class" else None
    digits, rows = max(5, len(str(request.total - 1))), list[list[str]]()
    for i, (pixels, y) in enumerate(_decoded(request)):
        folder = path if folders is None or y is None else path / folders[int(y.argmax())]
        folder.mkdir(exist_ok=True)
        number = i % request.count if folders else i  # the same latent has the same name in every class
        file = folder / f"{number:0{digits}}.png"
        PIL.Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels).save(file, "PNG")
        if labels is not None and y is not None:
            values = [labels.names[int(y.argmax())]] if folders else [f"{v:g}" for v in labels.decode(y).tolist()]
            rows.append([file.relative_to(path).as_posix(), *values])
    if labels is not None and rows:
        write_table(path / "labels.csv", [["file", *(["label"] if folders else labels.names)], *rows])


def folder_names(names: Sequence[str]) -> list[str]:
    """Class names as folder names: valid everywhere, all different, none that leads elsewhere."""
    safe = [re.sub(r"[^\w .+-]+", "-", name).strip(" .") for name in names]
    if all(safe) and len({name.casefold() for name in safe}) == len(safe):
        return safe
    return [f"{place}-{name}".rstrip("-") for place, name in enumerate(safe)]


def write_array(request: SampleRequest, path: Path) -> None:
    """An .npz with `samples`, pixels (N, H, W, C) uint8 or points (N, 2), and `labels` if any; at most 64 in memory."""
    conditions = list[Tensor]()
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open("samples.npy", "w", force_zip64=True) as member:
            for i, (x, y) in enumerate(request.batches()):
                rows = request.model.space.decode(x)
                if i == 0:
                    dtype = np.lib.format.dtype_to_descr(rows.dtype)
                    header = {"descr": dtype, "fortran_order": False, "shape": (request.total, *rows.shape[1:])}
                    np.lib.format.write_array_header_1_0(member, header)
                member.write(np.ascontiguousarray(rows).tobytes())
                conditions += [] if y is None else [y]
        if request.labels is not None and conditions:
            with archive.open("labels.npy", "w") as member:
                labels = label_array(torch.cat(conditions), request.labels)
                np.lib.format.write_array(member, labels, allow_pickle=False)


WRITERS: dict[str, Callable[[SampleRequest, Path], None]] = {".png": write_grid, ".npz": write_array, "": write_folder}


def label_array(y: Tensor, labels: Labels) -> np.ndarray:
    """Conditions (N, C) as labels: numbers or names of classes (N,), else the conditions themselves."""
    one_hot = bool(((y == 0) | (y == 1)).all() and (y.sum(dim=1) == 1).all())
    if labels.kind != "class" or not one_hot:
        return labels.decode(y.float().cpu()).numpy()
    numeric = all(name.isdecimal() and str(int(name)) == name for name in labels.names)
    names = np.array([int(name) for name in labels.names]) if numeric else np.array(labels.names)
    return names[y.argmax(dim=1).cpu().numpy()]


def _decoded(request: SampleRequest) -> Iterator[tuple[np.ndarray, Tensor | None]]:
    """Samples one by one as raw values, each with its condition (C,)."""
    for x, y in request.batches():
        for i, pixels in enumerate(request.model.space.decode(x)):
            yield pixels, None if y is None else y[i]
