"""Files as their authors published them: found, downloaded if absent, and checked."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...core.download import download
from ...core.errors import Refusal
from .places import cache_root, data_root, locate


@dataclass(frozen=True)
class Published:
    """A file, its checksum and where it can be downloaded."""

    name: str
    md5: str
    url: str


def obtain(title: str, files: Sequence[Published], folders: Sequence[str], root: Path | None) -> list[Path]:
    """Where each file of a set is, its content checked; what is absent is downloaded if a network exists."""
    missing = [file for file in files if locate(file.name, folders, root) is None]
    try:
        for file in missing:
            download(file.url, _writable(folders[0], root) / file.name, "md5", file.md5)
    except OSError as error:
        raise Refusal(absent(title, [file.name for file in missing], folders, root, error)) from None
    found = [locate(file.name, folders, root) for file in files]
    return [_checked(title, path, file.md5) for path, file in zip(found, files, strict=True) if path]


def absent(title: str, names: Sequence[str], folders: Sequence[str], root: Path | None, why: OSError) -> str:
    """The sentence for files that are neither here nor downloadable."""
    return (
        f"{title} is not here and could not be downloaded ({getattr(why, 'reason', None) or why}): put "
        f"{', '.join(names)} into {data_root(root) / folders[0]}, or name another folder with --data-root "
        "or EQUILIBRIA_DATA."
    )


def digest(path: Path) -> str:
    """The md5 of a file, as published sets state it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _checked(title: str, path: Path, md5: str) -> Path:
    try:
        found = digest(path)
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror}.") from None
    if found != md5:
        raise Refusal(
            f"{path} is not the published file of {title}: its md5 is {found}, expected {md5}. "
            "Remove it or replace it by the original."
        )
    return path


def _writable(folder: str, root: Path | None) -> Path:
    """Where a download goes: under the data root, or in the cache when that is read-only."""
    for place in (data_root(root) / folder, cache_root() / "data" / folder):
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(place, os.W_OK):
            return place
    raise PermissionError(f"neither {data_root(root)} nor {cache_root()} can be written")
