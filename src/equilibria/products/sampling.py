"""Samples as files, whole under their own names, or not there."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..core.errors import Failure, Refusal
from ..recipes.asking import Asked
from .forms import Wish, array, folder, sheet
from .versions import opened

_ALONE, _OF_EACH = 64, 8  # samples where no count is given: of one label or none, of each of several


def sample(
    run: str | Path,
    count: int | None = None,
    seed: int = 0,
    out: str | Path = "sheet.png",
    checkpoint: str | int | None = None,
    force: bool = False,
    labels: Asked | None = None,
) -> Path:
    """Draw from a run's model into a file: a sheet (.png), an array `samples` (.npz), or a folder of pictures.

    Sample i depends on the seed, i and its label alone. Of several labels, count samples of each are drawn, from the
    same latents; a sheet has a row for each. What a conditional model draws is labelled: an array `labels`, a folder
    for each class. Raises Refusal rather than write over something, unless `force`.
    """
    if count is not None and count < 1:
        raise Refusal(f"count is {count}: at least 1 is needed.")
    path = Path(out).expanduser()
    write = _writer(path)
    model = opened(run, checkpoint)
    asked = None if labels is None else model.asked(labels)
    if write is folder and path.exists() and not path.is_dir():
        raise Refusal(f"{path} is a file: choose another --out for a folder of pictures.")
    if not force and (path.is_dir() and any(path.iterdir()) if write is folder else path.exists()):
        raise Refusal(f"{path} exists: choose another --out, or write over it with --force.")
    several = asked is not None and len(asked) > 1
    with _whole(path) as part:
        write(Wish(model, count or (_OF_EACH if several else _ALONE), seed, asked), part)
    return path


def _writer(path: Path) -> Callable[[Wish, Path], None]:
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
            _merge(part, path)
        else:
            part.replace(path)
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        _remove(part)


def _merge(part: Path, path: Path) -> None:
    """Move what is in a folder into another, subfolders likewise."""
    for file in part.iterdir():
        if file.is_dir() and (path / file.name).is_dir():
            _merge(file, path / file.name)
        else:
            file.replace(path / file.name)


def _remove(part: Path) -> None:
    shutil.rmtree(part) if part.is_dir() else part.unlink(missing_ok=True)
