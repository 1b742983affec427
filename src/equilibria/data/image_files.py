"""The image files below a folder: links, animations, files that are left out, subfolders as classes."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..core.errors import Refusal, at_least, nearest
from .dataset import first_names
from .image_decode import SUFFIXES, Unreadable, frame_count, open_image
from .label_table import TABLES

LINKS, FRAMES = ("inside", "follow"), ("first", "all")
_OF_SYSTEMS = ("thumbs.db", "desktop.ini", "picasa.ini", "ehthumbs.db")
_CONVERTIBLE = (".heic", ".heif", ".avif", ".jp2", ".jxl", ".psd", ".svg", ".pdf", ".dng", ".cr2", ".nef", ".arw")
_PARTS = {"train", "training", "test", "testing", "val", "valid", "validation", "dev", "eval"}  # of one set


@dataclass
class ImageFiles:
    """The images below a folder, each file once, and what else is there. Raises Refusal if there are no images."""

    folder: Path
    links: str = "inside"  # which links are followed: inside the folder, or any
    images: dict[str, tuple[int, int]] = field(default_factory=dict)  # bytes, and time of change in ns
    others: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)  # links that are not followed
    broken: list[str] = field(default_factory=list)  # links that lead nowhere

    def __post_init__(self) -> None:
        if self.links not in LINKS:
            raise Refusal(f"No way with links is called {self.links!r}.{nearest(self.links, LINKS)}")
        self._places, self._files, self._subfolders = {os.path.realpath(self.folder)}, set[str](), set[str]()
        pending = self._walk(self.folder)
        while pending:  # files that are there come first, so that a link to one of them adds nothing
            path = pending.pop(0)
            target, name = Path(os.path.realpath(path)), path.relative_to(self.folder).as_posix()
            if not target.exists():
                self.broken.append(name)
            elif self.links == "inside" and not target.is_relative_to(os.path.realpath(self.folder)):
                self.outside.append(name)
            elif not target.is_dir():
                self._add(path)
            elif str(target) not in self._places:  # else it was visited: a loop ends here
                self._places.add(str(target))
                pending += self._walk(path)
        self.images = dict(sorted(self.images.items()))
        if not self.images:
            rest = " and ".join(remark[0].lower() + remark[1:].rstrip(".") for remark in self.remarks())
            only = f", only {rest}" if rest else ""
            raise Refusal(f"{self.folder} holds no images{only}. PNG, JPEG, WebP, BMP, GIF, TIFF or PNM are needed.")

    def _walk(self, top: Path) -> list[Path]:
        """Add the files below a folder; the links in it."""
        links = list[Path]()
        for place, subfolders, files in os.walk(top):
            paths = {
                name: Path(place, name) for name in [*subfolders, *files] if not name.startswith((".", "__MACOSX"))
            }
            links += sorted(path for path in paths.values() if path.is_symlink())
            subfolders[:] = [name for name in subfolders if name in paths and not paths[name].is_symlink()]
            subfolders[:] = [name for name in subfolders if os.path.realpath(paths[name]) not in self._places]
            if Path(place) == self.folder:
                self._subfolders |= set(subfolders)
            self._places |= {os.path.realpath(paths[name]) for name in subfolders}
            for name in files:
                if name in paths and not paths[name].is_symlink():
                    self._add(paths[name])
        return links

    def _add(self, path: Path) -> None:
        name, real = path.relative_to(self.folder).as_posix(), os.path.realpath(path)
        if path.suffix.lower() not in SUFFIXES or not os.path.isfile(real):  # opening a pipe would block
            if name not in TABLES and path.name.lower() not in _OF_SYSTEMS:
                self.others.append(name)
        elif real not in self._files:
            self._files.add(real)
            state = path.stat()
            self.images[name] = (state.st_size, state.st_mtime_ns)

    def places(self, frames: str) -> dict[str, tuple[str, int]]:
        """The file and the number of the frame of each image: the first of each file, or all."""
        if frames not in FRAMES:
            raise Refusal(f"No choice of frames is called {frames!r}.{nearest(frames, FRAMES)}")
        places = dict[str, tuple[str, int]]()
        for name in self.images:
            count = self._frame_count(name) if frames == "all" else 1
            places |= {f"{name}#{i}" if count > 1 else name: (name, i) for i in range(count)}
        return places

    def _frame_count(self, name: str) -> int:
        try:
            with open_image(self.folder / name) as image:
                return frame_count(image)
        except Unreadable:  # which is said when it is decoded
            return 1

    def remarks(self) -> list[str]:
        """What was not used, and why."""
        suffixes = Counter(os.path.splitext(name)[1].lower() for name in self.others)
        remarks, converted = list[str](), {suffix: suffixes.pop(suffix, 0) for suffix in _CONVERTIBLE}
        if converted := {suffix: count for suffix, count in converted.items() if count}:
            first = next(iter(converted))
            remarks.append(
                f"Pictures in formats that are not read: {_counts(converted)}; convert them to JPEG or PNG, as with "
                f"`magick mogrify -format jpg *{first}`."
            )
        if suffixes:
            names = [name for name in self.others if os.path.splitext(name)[1].lower() in suffixes]
            remarks.append(f"Files that are no images: {len(names):,} ({first_names(names)}).")
        if self.empty:
            remarks.append(f"Subfolders without images: {len(self.empty):,} ({first_names(self.empty)}).")
        return remarks + self.link_remarks()

    def link_remarks(self) -> list[str]:
        """The links that are not followed, or cannot be."""
        remarks = []
        if self.outside:
            remarks.append(
                f"Links out of the folder, which are not followed: {len(self.outside):,} "
                f"({first_names(self.outside)}); add --data.links follow."
            )
        if self.broken:
            remarks.append(f"Links that lead nowhere: {len(self.broken):,} ({first_names(self.broken)}).")
        return remarks

    @property
    def empty(self) -> list[str]:
        """The first subfolders without images, if others have some."""
        used = {name.split("/")[0] for name in self.images}
        return sorted(self._subfolders - used) if any("/" in name for name in self.images) else []


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def subfolder_classes(files: ImageFiles, level: int | None = None) -> tuple[dict[str, str], str]:
    """The class of each image by its subfolder, and a sentence about that; no classes where there are fewer than two.

    `level` is that of the subfolders, from 1; 0 is none; default: the first with several, except parts of a set.
    Raises Refusal for a level without subfolders.
    """
    if level is not None:
        at_least(0, "The data", level=level)
        classes = _at_level(files.images, level)
        if "" in classes.values() and level:
            names = [name for name, label in classes.items() if not label]
            raise Refusal(f"level is {level}, and these are in no subfolder of that level: {first_names(names)}.")
        return classes if level else {}, ""
    level, sentences, above = 1, list[str](), ""
    while True:
        classes = _at_level(files.images, level)
        names = sorted(set(classes.values()))
        if names[0] == "":
            text = "Subfolders are not used as labels, because some images lie outside them."
            return {}, " ".join([*sentences, *([text] if len(names) > 1 else [])])
        if len(names) > 1 and not {name.lower() for name in names} <= _PARTS:
            if level > 1 and not sentences:
                sentences = [f"The labels are the subfolders of {above}: --data.level 0 for no labels."]
            return classes, " ".join(sentences)
        if len(names) > 1:
            pair, one = f"{', '.join(names[:-1])} and {names[-1]}", max(names, key=lambda name: "train" in name.lower())
            sentences.append(
                f"Are {pair} classes? They were taken for parts of one set, and used together: --data.level {level} "
                f"makes them classes, --data {files.folder / above / one} uses one part."
            )
        above, level = above if len(names) > 1 else f"{above}{names[0]}/", level + 1


def _at_level(images: Iterable[str], level: int) -> dict[str, str]:
    places = {name: name.split("/")[:-1] for name in images}
    return {name: parts[level - 1] if len(parts) >= level else "" for name, parts in places.items()}
