"""Files and folders that appear whole under their own names, or not at all."""

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..core.errors import Failure, Refusal


def free(out: str | Path, kinds: Collection[str], force: bool = False) -> Path:
    """Where to write. Raises Refusal for a suffix that is none of these (`""`: a folder), and rather than write over.

    Ask before the work begins, so that nothing is made in vain.
    """
    path = Path(out).expanduser()
    kind = path.suffix.lower()
    if kind not in kinds:
        *others, last = [known or "/" for known in kinds]
        raise Refusal(f"--out is {str(path)!r}: end it in {', '.join(others)}{' or ' if others else ''}{last}.")
    if kind and path.is_dir():
        raise Refusal(f"{path} is a folder: choose another --out.")
    if not kind and path.exists() and not path.is_dir():
        raise Refusal(f"{path} is a file: choose another --out for a folder.")
    if not force and (path.exists() if kind else path.is_dir() and any(path.iterdir())):
        raise Refusal(f"{path} exists: choose another --out, or write over it with --force.")
    return path


@contextmanager
def whole(path: Path) -> Iterator[Path]:
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
