"""The picture files of a folder, and the labels its subfolders give them."""

import os
import re
import stat
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..pictures.picture import SUFFIXES


@dataclass(frozen=True)
class Found:
    """What lies in a folder, before any picture is opened."""

    names: tuple[str, ...]  # of the picture files, relative, sorted
    stamps: tuple[tuple[int, int], ...]  # (bytes, time of change in ns) of each
    others: tuple[str, ...]  # files that are no pictures by their name
    links: int  # links that lead out of the folder, or to folders: not followed

    def labels(self) -> dict[str, str]:
        """The first subfolder of each picture, where there are two at least and no picture lies outside them."""
        firsts = {name: name.split("/")[0] if "/" in name else "" for name in self.names}
        return firsts if "" not in firsts.values() and len(set(firsts.values())) > 1 else {}

    def remarks(self) -> list[str]:
        """What was passed over, a sentence each."""
        said = []
        if self.others:
            suffixes = Counter(os.path.splitext(name)[1] or "no suffix" for name in self.others)
            said.append(f"{len(self.others)} other files were passed over ({', '.join(sorted(suffixes))}).")
        if self.links:
            said.append(f"{self.links} links that lead elsewhere were not followed.")
        if any("/" not in name for name in self.names) and any("/" in name for name in self.names):
            said.append("Subfolders were not taken as labels: there are pictures beside them.")
        return said


def walk(folder: Path) -> Found:
    """Every regular file below a folder; hidden ones are passed over in silence."""
    root, pictures, others, links = folder.resolve(), {}, [], 0
    for place, subfolders, files in os.walk(folder):
        links += sum(os.path.islink(os.path.join(place, name)) for name in subfolders)
        subfolders[:] = [name for name in subfolders if not name.startswith((".", "__MACOSX"))]
        for path in (Path(place, name) for name in files if not name.startswith(".")):
            name = path.relative_to(folder).as_posix()
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                links += 1
            elif path.suffix.lower() not in SUFFIXES or not _regular(path):
                others.append(name)
            else:
                state = path.stat()
                pictures[name] = (state.st_size, state.st_mtime_ns)
    names = sorted(pictures)
    return Found(tuple(names), tuple(pictures[name] for name in names), tuple(others), links)


def numbered(labels: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """The classes in natural order (2 before 10), and the number of each label among them: (N,) int64.

    Fewer than two classes are none.
    """
    classes = sorted(
        set(labels), key=lambda name: [(len(s), s) if s.isdigit() else (0, s) for s in re.split(r"(\d+)", name)]
    )
    places = {name: place for place, name in enumerate(classes)}
    numbers = np.array([places[label] for label in labels], dtype=np.int64)
    return tuple(classes) if len(classes) > 1 else (), numbers


def _regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)  # a pipe would be waited for
    except OSError:
        return False
