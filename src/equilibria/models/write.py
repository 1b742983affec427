"""Samples of a model, written as a sample grid, a folder of images or an array."""

import csv
import math
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import torch
from torch import Tensor

from ..core.errors import Refusal
from ..core.files import atomic_output, output_path
from ..data.dataset import Labels, Space
from .conditions import Asked, spelled
from .load import load_sampler
from .sampler import Sampler

_INK, _SIZE, _GAP, _LONGEST = (60, 60, 60), 16, 6, 24  # of the names: colour, height, distance, letters
_FRAME = (200, 200, 200)
_SPACE = 12  # between pictures under titles
_SHEET, _POINTS = 64, 1024  # samples of a sheet: images, points
_ROWS = 16  # classes that get a row each, at most


def sheet_of(model: Sampler) -> tuple[int, Tensor | None]:
    """How many samples a sheet of a model has of each condition, and the conditions (K, C).

    Of at most 16 classes a row each, from the same latents; else 64 images, or 1,024 points, of none.
    """
    labels, points = model.labels, len(model.space.shape) == 1
    if model.conditions is None or labels is None or labels.kind != "class" or labels.size > _ROWS:
        return _POINTS if points else _SHEET, None
    return _POINTS // labels.size if points else min(16, max(8, _SHEET // labels.size)), torch.eye(labels.size)


def side_by_side(
    space: Space, drawn: Sequence[Tensor], names: Sequence[str], real: Sequence[Tensor] | None = None
) -> PIL.Image.Image:
    """Each label's samples, (N, *space.shape), beside its name: images in a row each, points in a panel each."""
    points = len(space.shape) == 1
    shown = [space.sample_grid(x, max(len(x), 1), None if real is None else real[i]) for i, x in enumerate(drawn)]
    return _captioned(shown, names, math.ceil(math.sqrt(len(shown))) if points else 1)


def _captioned(pictures: Sequence[PIL.Image.Image], names: Sequence[str], columns: int) -> PIL.Image.Image:
    """Pictures of one height, in so many columns, each with a name on its left."""
    font = PIL.ImageFont.load_default(_SIZE)
    short = [name if len(name) <= _LONGEST else f"{name[: _LONGEST - 3]}..." for name in names]
    margin = math.ceil(max(font.getlength(name) for name in short)) + 2 * _GAP
    width, height = max(picture.width for picture in pictures) + margin, pictures[0].height
    canvas = PIL.Image.new("RGB", (columns * width, -(-len(pictures) // columns) * height), "white")
    draw = PIL.ImageDraw.Draw(canvas)
    for i, (picture, name) in enumerate(zip(pictures, short, strict=True)):
        left, top = i % columns * width, i // columns * height
        draw.text((left + margin - _GAP, top + height / 2), name, _INK, font, anchor="rm")
        canvas.paste(picture, (left + margin, top))
        if columns > 1:
            edges = left + margin, top + 1, left + width - 1, top + height - 1
            draw.rectangle(edges, outline=_FRAME)
    return canvas


def abreast(pictures: Mapping[str, PIL.Image.Image]) -> PIL.Image.Image:
    """Pictures from left to right on white, each centred under its title."""
    font = PIL.ImageFont.load_default(_SIZE)
    widths = [max(picture.width, math.ceil(font.getlength(title))) for title, picture in pictures.items()]
    height = max(picture.height for picture in pictures.values()) + _SIZE + _SPACE
    canvas = PIL.Image.new("RGB", (sum(widths) + _SPACE * (len(widths) + 1), height), "white")
    draw, left = PIL.ImageDraw.Draw(canvas), _SPACE
    for (title, picture), width in zip(pictures.items(), widths, strict=True):
        draw.text((left + width / 2, _SIZE), title, _INK, font, anchor="ms")
        canvas.paste(picture, (left + (width - picture.width) // 2, _SIZE + _SPACE))
        left += width + _SPACE
    return canvas


Draws = Iterator[tuple[Tensor, Tensor | None]]  # samples and their conditions, at most 64 at a time
_CELLS = 10_000  # of one picture, at most
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}  # what a PNG can hold, by channels


@dataclass(frozen=True)
class Wish:
    """What is to be drawn: so many samples, or so many under each of the conditions that are asked for."""

    model: Sampler
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
        picture = space.sample_grid(x, 8 if wish.count <= 64 else math.ceil(math.sqrt(wish.count)))
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


ALONE, OF_EACH = 64, 8  # samples where no count is given: of one label or none, of each of several
WRITERS: dict[str, Callable[[Wish, Path], None]] = {".png": sheet, ".npz": array, "": folder}


def sample(
    run: str | Path,
    count: int | None = None,
    seed: int = 0,
    out: str | Path = "sheet.png",
    checkpoint: str | int | None = None,
    force: bool = False,
    labels: Asked | None = None,
    truncation: float | None = None,
) -> Path:
    """Generate samples: a grid (.png), an array `samples` (.npz), or a folder of images.

    Samples of a conditional model come with their labels: an array `labels`, a subfolder for each class. Raises Refusal
    rather than overwrite a file, unless `force`.

    Args:
        run: The run folder.
        count: Number of samples (64), or of samples per label if there are several (8).
        seed: Sample i depends on the seed, i and its label only.
        out: sheet.png: a sample grid; folder/: one image each, by class; file.npz: arrays `samples` and `labels`.
        checkpoint: best, last or a round; default: the model at the end of the run.
        force: Overwrite existing output.
        labels: For models conditional on classes: names or numbers, 7 or 3,5 or 0..9; one row each, same latents.
        truncation: Redraw normal latent values beyond this, such as 0.7: fidelity over diversity (Brock et al. 2019).

    Example:
        >>> eq.sample("runs/digits", labels="0..9", out="digits.png")
        PosixPath('digits.png')
    """
    if count is not None and count < 1:
        raise Refusal(f"count is {count}: at least 1 is needed.")
    path = output_path(out, WRITERS, force)
    model = load_sampler(run, checkpoint, networks=("generator", "prior"))
    asked = None if labels is None else model.asked(labels)
    several = asked is not None and len(asked) > 1
    wish = Wish(model, count or (OF_EACH if several else ALONE), seed, asked, truncation)
    with atomic_output(path) as part:
        WRITERS[path.suffix.lower()](wish, part)
    return path
