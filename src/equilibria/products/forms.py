"""The forms in which samples are kept: one picture, a folder of them, or an array; with their labels, if there are."""

import csv
import math
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image
import torch
from torch import Tensor

from ..core.errors import Refusal
from ..data.records import Labels
from ..recipes.asking import spelled
from ..recipes.model import Model
from ..recipes.sheets import side_by_side

Draws = Iterator[tuple[Tensor, Tensor | None]]  # samples and their conditions, at most 64 at a time
_CELLS = 10_000  # of one picture, at most
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}  # what a PNG can hold, by channels


@dataclass(frozen=True)
class Wish:
    """What is to be drawn: so many samples, or so many under each of the conditions that are asked for."""

    model: Model
    count: int
    seed: int
    asked: Tensor | None  # (N, C)
    truncation: float | None = None  # of normal latents
    source: Callable[[int, int, Tensor | None], Draws] | None = None  # instead of the model: of count, seed, (1, C)

    @property
    def total(self) -> int:
        return self.count * (1 if self.asked is None else len(self.asked))

    @property
    def labels(self) -> Labels | None:
        """What the samples are labelled by, if they are."""
        return None if self.model.conditions is None else self.model.labels

    def draws(self) -> Draws:
        """Samples and their conditions, label by label, at most 64 at a time."""
        for asked in [None] if self.asked is None else self.asked.split(1):
            if self.source is not None:
                yield from self.source(self.count, self.seed, asked)
            else:
                yield from self.model.draws(self.count, self.seed, asked, self.truncation)


def sheet(wish: Wish, path: Path) -> None:
    """All samples in one picture; of several labels, a row of each."""
    if wish.total > _CELLS:
        raise Refusal(f"One picture holds {_CELLS:,} samples at most: for {wish.total:,}, let --out end in .npz or /.")
    x, space = torch.cat([x for x, _ in wish.draws()]), wish.model.space
    if wish.asked is not None and wish.labels is not None and len(wish.asked) > 1:
        names = [spelled(condition, wish.labels) for condition in wish.asked]
        picture = side_by_side(space, x.split(wish.count), names)
    else:
        picture = space.sheet(x, 8 if wish.count <= 64 else math.ceil(math.sqrt(wish.count)))
    picture.save(path, "PNG")


def folder(wish: Wish, path: Path) -> None:
    """A picture each: 00000.png, 00001.png, ...; of classes, in a folder for each; of other labels, with a table."""
    shape, labels = wish.model.space.shape, wish.labels
    if len(shape) != 3 or shape[0] not in _MODES:
        raise Refusal("These samples are not pictures that a PNG can hold: let --out end in .npz.")
    path.mkdir()
    classes = folder_names(labels.names) if labels is not None and labels.kind == "class" else None
    digits, told = max(5, len(str(wish.total - 1))), list[tuple[str, Tensor]]()
    for i, (pixels, y) in enumerate(_decoded(wish)):
        place = path if classes is None or y is None else path / classes[int(y.argmax())]
        place.mkdir(exist_ok=True)
        number = i % wish.count if classes else i  # the same latent has the same name in every class
        picture = PIL.Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels)
        picture.save(place / f"{number:0{digits}}.png", "PNG")
        if labels is not None and classes is None and y is not None:
            told.append((f"{number:0{digits}}.png", y))
    if labels is not None and told:
        _table(path / "labels.csv", labels, told)


def folder_names(names: Sequence[str]) -> list[str]:
    """The classes' names as folders that can be made anywhere: no two alike, none that leads elsewhere."""
    safe = [re.sub(r"[^\w .+-]+", "-", name).strip(" .") for name in names]
    if all(safe) and len({name.casefold() for name in safe}) == len(safe):
        return safe
    return [f"{place}-{name}".rstrip("-") for place, name in enumerate(safe)]


def array(wish: Wish, path: Path) -> None:
    """An .npz with `samples`: pixels (N, H, W, C) uint8, or points (N, 2); and with `labels`, if there are.

    Never more than a chunk of samples is in memory.
    """
    told = list[Tensor]()
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open("samples.npy", "w", force_zip64=True) as member:
            for i, (x, y) in enumerate(wish.draws()):
                rows = wish.model.space.decode(x)
                if i == 0:
                    described = np.lib.format.dtype_to_descr(rows.dtype)
                    header = {"descr": described, "fortran_order": False, "shape": (wish.total, *rows.shape[1:])}
                    np.lib.format.write_array_header_1_0(member, header)
                member.write(np.ascontiguousarray(rows).tobytes())
                told += [] if y is None else [y]
        if wish.labels is not None and told:
            with archive.open("labels.npy", "w") as member:
                np.lib.format.write_array(member, stored(torch.cat(told), wish.labels), allow_pickle=False)


def stored(y: Tensor, labels: Labels) -> np.ndarray:
    """Conditions (N, C) as people keep them: numbers or names of classes (N,), else the conditions themselves."""
    one_hot = bool(((y == 0) | (y == 1)).all() and (y.sum(dim=1) == 1).all())
    if labels.kind != "class" or not one_hot:
        return y.float().cpu().numpy()
    numbered = all(name.isdecimal() and str(int(name)) == name for name in labels.names)
    names = np.array([int(name) for name in labels.names]) if numbered else np.array(labels.names)
    return names[y.argmax(dim=1).cpu().numpy()]


def _decoded(wish: Wish) -> Iterator[tuple[np.ndarray, Tensor | None]]:
    """Samples one by one as people keep them, each with its condition (C,)."""
    for x, y in wish.draws():
        for i, pixels in enumerate(wish.model.space.decode(x)):
            yield pixels, None if y is None else y[i]


def _table(path: Path, labels: Labels, told: Sequence[tuple[str, Tensor]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file", *labels.names])
        writer.writerows([name, *(f"{value:g}" for value in y.tolist())] for name, y in told)
