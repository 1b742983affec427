"""A folder of images as a data set: file list, report, decoding, labels from subfolders."""

import json
import logging
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import PIL.Image
import torch

from ...core.errors import Refusal, nearest
from ..cache import Arrays, cache_key, cached_arrays, write_split
from ..dataset import Data, Labels
from ..image_decode import CHANGES, FITS, RESIZERS, SUFFIXES, Unreadable, fit_image, is_grey, open_image
from ..spaces import Image


@dataclass(frozen=True)
class ImageFiles:
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


def list_images(folder: Path) -> ImageFiles:
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
    return ImageFiles(tuple(names), tuple(pictures[name] for name in names), tuple(others), links)


def number_classes(labels: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
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


_LEAST, _MOST = 8, 64  # pixels: the side that is chosen when nobody says
_NAMED = 3


@dataclass
class Survey:
    """Sizes and modes by name, as the headers state them; which were left out and why; what was done to the others."""

    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    deeds: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, names: Sequence[str], open_one: Callable[[str], AbstractContextManager[PIL.Image.Image]]) -> "Survey":
        """Read every header."""
        survey = cls()
        for name in names:
            try:
                with open_one(name) as image:
                    survey.sizes[name], survey.modes[name] = image.size, image.mode
            except Unreadable as reason:
                survey.left_out[name] = str(reason)
        return survey

    @property
    def size(self) -> int:
        """The median short side, within bounds."""
        return min(max(round(median([min(size) for size in self.sizes.values()] or [_LEAST])), _LEAST), _MOST)

    @property
    def channels(self) -> int:
        """One if there is no colour anywhere, else three."""
        return 1 if all(map(is_grey, self.modes.values())) else 3

    def leave_out(self, name: str, reason: str) -> None:
        """The header was sound, the rest is not."""
        del self.sizes[name], self.modes[name]
        self.left_out[name] = reason

    def refuse_if_empty(self, title: str) -> None:
        """Stop when nothing can be used."""
        if not self.sizes:
            named = ", ".join(f"{name} ({reason})" for name, reason in list(self.left_out.items())[:_NAMED])
            raise Refusal(f"None of the {len(self.left_out)} images of {title} can be read: {named}{self._more()}.")

    def found(self) -> dict[str, dict[str, int]]:
        """Counts of the sizes and modes that are used, most frequent first."""
        sizes = Counter(f"{width} x {height}" for width, height in self.sizes.values())
        return {"size": dict(sizes.most_common()), "mode": dict(Counter(self.modes.values()).most_common())}

    def remarks(self, size: int, channels: int, resizer: str) -> list[str]:
        """What was done, a sentence each."""
        kind = "grey" if channels == 1 else "RGB"
        said = [f"{len(self.sizes):,} images were brought to {size} x {size} {kind} ({resizer} resizing by Pillow)."]
        said += [f"{self.deeds[deed]:,} were {words}." for deed, words in CHANGES.items() if self.deeds[deed]]
        if self.left_out:
            names = ", ".join(list(self.left_out)[:_NAMED])
            said.append(f"{len(self.left_out)} could not be read and were left out: {names}{self._more()}.")
        return said

    def _more(self) -> str:
        return f" and {len(self.left_out) - _NAMED} more" if len(self.left_out) > _NAMED else ""


_SMALLEST, _LARGEST = 4, 1024  # pixels
_MANY = 2000  # pictures: worth a word before they are decoded


@dataclass(frozen=True)
class ImageSource:
    """Pictures that can be opened by name."""

    title: str
    names: Sequence[str]
    open: Callable[[str], AbstractContextManager[PIL.Image.Image]]  # raises Unreadable
    labels: Mapping[str, str]  # picture to class; empty where there are no labels
    remarks: Sequence[str] = ()


@dataclass(frozen=True)
class ImageFormat:
    """What every picture becomes."""

    size: int | None  # side in pixels; the median short side, within 8 and 64, unless given
    fit: str
    resizer: str
    channels: int | None  # 1 or 3; 1 if all pictures are grey, unless given

    def check(self) -> None:
        """Refuse what cannot be done."""
        if self.size is not None and not _SMALLEST <= self.size <= _LARGEST:
            raise Refusal(f"size is {self.size}: a side of {_SMALLEST} to {_LARGEST} pixels is needed.")
        if self.fit not in FITS:
            raise Refusal(f"No way to fit images is called {self.fit!r}.{nearest(self.fit, FITS)}")
        if self.resizer not in RESIZERS:
            raise Refusal(f"No resizer is called {self.resizer!r}.{nearest(self.resizer, RESIZERS)}")
        if self.channels not in (None, 1, 3):
            raise Refusal(f"channels is {self.channels}: 1 (grey) or 3 (RGB) is needed.")


def load_images(gallery: ImageSource, form: ImageFormat, *identity: Any) -> Data:
    """The pictures in one form, from the cache if `identity` (plain values) and the form were seen before."""
    form.check()
    name = cache_key(gallery.title, identity, vars(form))
    return _data(gallery.title, cached_arrays("pictures", name, lambda folder: _decode(gallery, form, folder)))


def _data(title: str, arrays: Arrays) -> Data:
    about = json.loads(str(arrays["about"]))
    x, held_out, y, chosen = (torch.from_numpy(arrays[part]) for part in ("x", "held_out", "y", "chosen"))
    labels = Labels("class", tuple(about["classes"])) if about["classes"] else None
    return Data(
        title,
        Image(*x.shape[1:]),
        x,
        held_out,
        labels,
        y[~chosen] if labels else None,
        y[chosen] if labels else None,
        tuple(about["remarks"]),
        tuple(about["left_out"]),
        about["found"],
    )


def _decode(gallery: ImageSource, form: ImageFormat, folder: Path) -> None:
    """Every picture, one at a time: x.npy, held_out.npy, chosen.npy, y.npy, and what was done in about.npy."""
    survey = Survey.of(gallery.names, gallery.open)
    size = form.size or survey.size
    channels = form.channels or survey.channels

    def rows() -> Iterator[np.ndarray]:
        for name in list(survey.sizes):
            try:
                with gallery.open(name) as image:
                    pixels, deeds = fit_image(image, size, form.fit, channels, form.resizer)
            except Unreadable as reason:
                survey.leave_out(name, str(reason))
            else:
                survey.deeds.update(deeds)
                yield pixels
        survey.refuse_if_empty(gallery.title)

    if len(survey.sizes) > _MANY:
        logging.getLogger(__name__).warning("Resizing %d images, once; they are kept for next time.", len(survey.sizes))
    write_split(rows(), (channels, size, size), "uint8", folder)
    classes, y = number_classes([gallery.labels[name] for name in survey.sizes] if gallery.labels else [])
    about = {
        "classes": classes,
        "remarks": [*survey.remarks(size, channels, form.resizer), *gallery.remarks],
        "left_out": [f"{name}: {reason}" for name, reason in survey.left_out.items()],
        "found": survey.found(),
    }
    np.save(folder / "y.npy", y)
    np.save(folder / "about.npy", np.array(json.dumps(about)))


def folder(
    path: Path, size: int | None = None, fit: str = "crop", resizer: str = "lanczos", channels: int | None = None
) -> Data:
    """A folder of images, made square and small once; its subfolders are labels.

    `size` is the side in pixels (the median short side, within 8 and 64, unless given), `fit` is crop or pad,
    `channels` is 1 or 3 (1 if all images are grey, unless given).
    """
    form = ImageFormat(size, fit, resizer, channels)
    form.check()
    found = list_images(path)
    if not found.names:
        raise Refusal(f"{path} holds no images{_instead(found)}. PNG, JPEG, WebP, BMP, GIF, TIFF or PNM are needed.")
    labels = found.labels()
    gallery = ImageSource(str(path), found.names, lambda name: open_image(path / name), labels, found.remarks())
    return load_images(gallery, form, str(path.resolve()), found.names, found.stamps)


def _instead(found: ImageFiles) -> str:
    return f", only {', '.join(found.others[:3])}{'...' if len(found.others) > 3 else ''}" if found.others else ""
