"""Samples as files: one picture, a folder of them, or an array; whole under their own names, or not there."""

import math
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import PIL.Image

from ..core.errors import Failure, Refusal
from ..recipes.model import Model
from .versions import opened

_CELLS = 10_000  # of one picture, at most
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}  # what a PNG can hold, by channels


def sample(
    run: str | Path,
    count: int = 64,
    seed: int = 0,
    out: str | Path = "sheet.png",
    checkpoint: str | int | None = None,
    force: bool = False,
) -> Path:
    """Draw from a run's model into a file: a sheet (.png), an array `samples` (.npz), or a folder of pictures.

    Sample i depends on the seed and i alone. Raises Refusal rather than write over something, unless `force`.
    """
    if count < 1:
        raise Refusal(f"count is {count}: at least 1 is needed.")
    path = Path(out).expanduser()
    write = _writer(path)
    model = opened(run, checkpoint)
    if write is folder and path.exists() and not path.is_dir():
        raise Refusal(f"{path} is a file: choose another --out for a folder of pictures.")
    if not force and (path.is_dir() and any(path.iterdir()) if write is folder else path.exists()):
        raise Refusal(f"{path} exists: choose another --out, or write over it with --force.")
    with _whole(path) as part:
        write(model, part, count, seed)
    return path


def sheet(model: Model, path: Path, count: int, seed: int) -> None:
    """All samples in one picture."""
    if count > _CELLS:
        raise Refusal(f"One picture holds {_CELLS:,} samples at most: for {count:,}, let --out end in .npz or /.")
    columns = 8 if count <= 64 else math.ceil(math.sqrt(count))
    model.space.sheet(model.sample(count, seed), columns).save(path, "PNG")


def folder(model: Model, path: Path, count: int, seed: int) -> None:
    """A picture each: 00000.png, 00001.png, ..."""
    if len(model.space.shape) != 3 or model.space.shape[0] not in _MODES:
        raise Refusal("These samples are not pictures that a PNG can hold: let --out end in .npz.")
    path.mkdir()
    digits = max(5, len(str(count - 1)))
    for i, pixels in enumerate(row for rows in _decoded(model, count, seed) for row in rows):
        picture = PIL.Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels)
        picture.save(path / f"{i:0{digits}}.png", "PNG")


def array(model: Model, path: Path, count: int, seed: int) -> None:
    """An .npz with `samples`: pixels (N, H, W, C) uint8, or points (N, 2). Never more than a chunk is in memory."""
    with zipfile.ZipFile(path, "w") as archive, archive.open("samples.npy", "w", force_zip64=True) as member:
        for i, rows in enumerate(_decoded(model, count, seed)):
            if i == 0:
                described = np.lib.format.dtype_to_descr(rows.dtype)
                header = {"descr": described, "fortran_order": False, "shape": (count, *rows.shape[1:])}
                np.lib.format.write_array_header_1_0(member, header)
            member.write(np.ascontiguousarray(rows).tobytes())


def _decoded(model: Model, count: int, seed: int) -> Iterator[np.ndarray]:
    """Samples as people keep them, a chunk at a time: (at most 64, H, W, C) or (at most 64, 2)."""
    return (model.space.decode(batch) for batch in model.batches(count, seed))


def _writer(path: Path) -> Callable[[Model, Path, int, int], None]:
    writers = {".png": sheet, ".npz": array, "": folder}
    if (kind := path.suffix.lower()) not in writers:
        raise Refusal(f"--out is {str(path)!r}: end it in .png for one picture, .npz for an array, / for a folder.")
    return writers[kind]


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A name to write under; when all is written it becomes the right one. Files that were in a folder stay in it."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove(part)
        yield part
        if path.is_dir() and part.is_dir():
            for file in part.iterdir():
                file.replace(path / file.name)
        else:
            part.replace(path)
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        _remove(part)


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
