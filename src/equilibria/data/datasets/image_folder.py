"""A folder of images as a data set: list of files, decoding, labels from subfolders."""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import PIL.Image
import torch

from ...core.errors import Refusal, nearest
from ..cache import cache_key, cached_arrays, write_split
from ..dataset import Data, Labels, first_names
from ..image_decode import CHANGES, FITS, GRAY, RESIZERS, Unreadable, fit_image, frame_count, open_image
from ..image_files import ImageFiles, subfolder_classes
from ..label_table import Label, read_label_table
from ..labels import AUTO, LabelColumn, class_column, number_columns
from ..spaces import Image

_TEXTS = 3  # version of the sentences that are stored with decoded images
_LEAST, _MOST = 8, 64  # pixels: bounds of the default side
_SMALLEST, _LARGEST = 4, 1024  # pixels: bounds of the side
_TINY, _LONG = 8, 5  # short sides below this part of the side, and ratios of the sides above this, are named
_SOME = 10  # equal images are named if they are at least one in so many
_MANY = 2000  # images: from here on, decoding is announced


@dataclass(frozen=True)
class ImageSource:
    """Images that can be opened by name."""

    title: str
    names: Sequence[str]
    open: Callable[[str], AbstractContextManager[PIL.Image.Image]]  # raises Unreadable
    labels: Mapping[str, Label] = field(default_factory=dict)  # of each image; empty if there are none
    numbers: Sequence[str] = ()  # names of the labels, if they are numbers
    remarks: Sequence[str] = ()
    no_labels: Sequence[str] = ()  # why there are none, a sentence each
    all_frames: bool = False  # whether each image of an animated file is one of the names

    def label_column(self, names: Sequence[str], unknown: str) -> LabelColumn:
        """The labels of these images. Raises Refusal as `class_column` does."""
        labels = [self.labels[name] for name in names if self.labels]
        if self.numbers:
            return number_columns(np.array(labels, dtype=float), self.numbers)
        return class_column(list(map(str, labels)), unknown)


def list_images(
    folder: Path, links: str = "inside", level: int | None = None, frames: str = "first"
) -> tuple[ImageSource, dict[str, tuple[int, int]]]:
    """The images of a folder or archive, except hidden ones, and the stamp of each file. Raises Refusal if none.

    Their labels are those of a table there, such as labels.csv; else subfolders: see `subfolder_classes`.
    """
    files = ImageFiles(folder, links)
    table, remarks = read_label_table(files.root, files.images)
    labels: Mapping[str, Label] = table.labels if table else {}
    if table is None:
        labels, sentence = subfolder_classes(files, level)
        remarks += [sentence] if sentence else []
    reasons = () if labels else (*remarks, *files.remarks(only_links=True))
    places, all_frames = files.places(frames), frames == "all"
    if more := len(places) - len(files.images):
        remarks.append(f"Animated or of several pages, all images used: {more:,} more than files.")
    labels = {name: labels[file] for name, (file, _) in places.items() if labels}

    def open_one(name: str) -> AbstractContextManager[PIL.Image.Image]:
        file, frame = places[name]
        return open_image(files.root / file, frame)

    numbers, remarks = table.names if table else (), [*remarks, *files.remarks()]
    source = ImageSource(str(folder), tuple(places), open_one, labels, numbers, remarks, reasons, all_frames)
    return source, files.images


def listing(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of `list_images` among those of a folder."""
    return {name: options[name] for name in ("links", "level", "frames") if name in options}


@dataclass(frozen=True)
class ImageFormat:
    """What every image becomes. Raises Refusal for options that are out of range or unknown."""

    size: int | None  # side in pixels; by default the median short side, within 8 and 64
    fit: str
    resizer: str
    channels: int | None  # 1 or 3; by default 1 if all images are gray

    def __post_init__(self) -> None:
        if self.size is not None and not _SMALLEST <= self.size <= _LARGEST:
            raise Refusal(f"size is {self.size}: a side of {_SMALLEST} to {_LARGEST} pixels is needed.")
        for kind, name, names in (("fit", self.fit, list(FITS)), ("resizer", self.resizer, list(RESIZERS))):
            if name not in names:
                raise Refusal(f"No {kind} is called {name!r}.{nearest(name, names)}")
        if self.channels not in (None, 1, 3):
            raise Refusal(f"channels is {self.channels}: 1 (gray) or 3 (RGB) is needed.")


@dataclass
class Survey:
    """Sizes and modes of readable images by name; what is left out, and why; what was changed, counted."""

    source: ImageSource
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    frames: dict[str, int] = field(default_factory=dict)  # of files with several
    digests: set[bytes] = field(default_factory=set)  # of the prepared images
    changes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        for name in self.source.names:
            try:
                with self.source.open(name) as image:
                    self.sizes[name], self.modes[name] = image.size, image.mode
                    if not self.source.all_frames and (count := frame_count(image)) > 1:
                        self.frames[name] = count
            except Unreadable as reason:
                self.left_out[name] = str(reason)

    def rows(self, size: int, fit: str, channels: int, resizer: str) -> Iterator[np.ndarray]:
        """Each image, (channels, size, size) uint8. Raises Refusal in the end if there is none."""
        for name in list(self.sizes):
            try:
                with self.source.open(name) as image:
                    pixels, changes = fit_image(image, size, fit, channels, resizer)
            except Unreadable as reason:
                del self.sizes[name], self.modes[name]
                self.left_out[name] = str(reason)
            else:
                self.changes.update(changes)
                self.digests.add(hashlib.blake2b(pixels.data, digest_size=16).digest())
                yield pixels
        if not self.sizes:
            reasons = first_names([f"{name} ({reason})" for name, reason in self.left_out.items()])
            raise Refusal(f"None of the {len(self.left_out)} images of {self.source.title} can be read: {reasons}.")

    def frames_remarks(self) -> list[str]:
        """How many images animated files hold, and which were used; nothing without such files."""
        some = f"{len(self.frames):,} ({first_names([f'{n}: {count} images' for n, count in self.frames.items()])})"
        text = f"Animated or of several pages, only the first image used: {some}; --data.frames all uses all."
        return [text] if self.frames else []

    def formats(self) -> dict[str, dict[str, int]]:
        """Counts of sizes and modes, the most frequent first."""
        sizes = Counter(f"{width} x {height}" for width, height in self.sizes.values())
        return {"size": dict(sizes.most_common()), "mode": dict(Counter(self.modes.values()).most_common())}

    def remarks(self, size: int, channels: int, resizer: str) -> list[str]:
        """How the images were prepared, a sentence each."""
        form = f"{size} x {size}, {'gray' if channels == 1 else 'RGB'}"
        remarks = [f"Images resized to {form} ({resizer}, by Pillow): {len(self.sizes):,}."]
        remarks += [f"{text}: {self.changes[change]:,}." for change, text in CHANGES.items() if self.changes[change]]
        odd = [(n, w, h) for n, (w, h) in self.sizes.items() if min(w, h) < max(size / _TINY, max(w, h) / _LONG)]
        if odd:
            names = first_names([f"{name}: {width} x {height}" for name, width, height in odd])
            remarks.append(f"Very small or very long, and used all the same: {len(odd):,} ({names}).")
        remarks += self.frames_remarks()
        if (copies := len(self.sizes) - len(self.digests)) * _SOME >= len(self.sizes):
            remarks.append(f"Equal to another image once prepared: {copies:,} of {len(self.sizes):,}.")
        if self.left_out:
            remarks.append(f"Unreadable and left out: {len(self.left_out)} ({first_names(list(self.left_out))}).")
        return remarks


def load_images(source: ImageSource, form: ImageFormat, unknown: str, *identity: Any) -> Data:
    """All images in one form, from the cache where `identity` (plain values) and the form are the same."""
    name = cache_key(_TEXTS, source.title, unknown, identity, vars(form))
    arrays = cached_arrays("pictures", name, lambda folder: _decode(source, form, unknown, folder))
    about = json.loads(str(arrays["about"]))
    x, held_out, y, mask = (torch.from_numpy(arrays[part]) for part in ("x", "held_out", "y", "chosen"))
    remarks, left_out = (tuple(about[part]) for part in ("remarks", "left_out"))
    data = Data(source.title, Image(*x.shape[1:]), x, held_out, None, None, None, remarks, left_out, about["formats"])
    if about["labels"] is None:
        return replace(data, no_labels=" ".join(source.no_labels))
    kind, names = about["labels"]
    labels = Labels(kind, tuple(names)).scaled(y[~mask])
    return replace(data, labels=labels, y=y[~mask], held_out_y=y[mask])


def _decode(source: ImageSource, form: ImageFormat, unknown: str, folder: Path) -> None:
    """Write every image, one at a time, and what `load_images` reads with them."""
    survey = Survey(source)
    side = median([min(size) for size in survey.sizes.values()] or [_LEAST])
    size = form.size or min(max(round(side), _LEAST), _MOST)
    channels = form.channels or (1 if all(mode in GRAY for mode in survey.modes.values()) else 3)
    if len(survey.sizes) > _MANY:
        logging.getLogger(__name__).warning("Resizing %d images; the result is cached.", len(survey.sizes))
    try:
        write_split(survey.rows(size, form.fit, channels, form.resizer), (channels, size, size), "uint8", folder)
    except Refusal as refusal:  # there is too little to hold some out
        raise Refusal(" ".join([str(refusal), *survey.frames_remarks(), *source.remarks])) from None
    labels, y, remarks = source.label_column(list(survey.sizes), unknown)
    about = {
        "labels": None if labels is None else (labels.kind, labels.names),
        "remarks": [*survey.remarks(size, channels, form.resizer), *source.remarks, *remarks],
        "left_out": [f"{name}: {reason}" for name, reason in survey.left_out.items()],
        "formats": survey.formats(),
    }
    np.save(folder / "y.npy", y.numpy())
    np.save(folder / "about.npy", np.array(json.dumps(about)))


def folder(
    path: Path,
    size: int | None = None,
    fit: str = "crop",
    resizer: str = "lanczos",
    channels: int | None = None,
    unknown: str = AUTO,
    level: int | None = None,
    links: str = "inside",
    frames: str = "first",
) -> Data:
    """A folder or .zip of images, made square and small; its subfolders, or a table such as labels.csv, are labels.

    `size` is the side in pixels (default: the median short side, within 8 and 64), `fit` is crop or pad, `channels`
    is 1 or 3 (default: 1 if all images are gray); `unknown` is the label of images whose class is not known (auto: an
    empty one, -1 and names such as unlabelled, none: no label); `level` is that of the subfolders that are labels (0
    for none, default: the first with several); `links` is inside, or follow for links out of the folder, too; `frames`
    is first or all, of animated files and of several pages.
    """
    form, (source, stamps) = ImageFormat(size, fit, resizer, channels), list_images(path, links, level, frames)
    texts = (source.names, tuple(source.labels.values()), tuple(source.numbers), tuple(source.remarks))
    return load_images(source, form, unknown, str(path.resolve()), *texts, tuple(stamps.values()))
