"""The images of a folder or an archive: links, animations, files that are left out, subfolders as classes."""

import os
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..core.errors import Refusal, as_refusal, at_least, nearest
from .arrays import BROKEN, RATIO, SUSPICIOUS
from .dataset import first_names
from .image_decode import SUFFIXES, Member, Unreadable, frame_count, open_image
from .label_table import TABLES

LINKS, FRAMES = ("inside", "follow"), ("first", "all")
_HIDDEN = (".", "__MACOSX")
_OF_SYSTEMS = ("thumbs.db", "desktop.ini", "picasa.ini", "ehthumbs.db")
_CONVERTIBLE = (".heic", ".heif", ".avif", ".jp2", ".jxl", ".psd", ".svg", ".pdf", ".dng", ".cr2", ".nef", ".arw")
_PARTS = {"train", "training", "test", "testing", "val", "valid", "validation", "dev", "eval"}  # of one set


@dataclass
class ImageFiles:
    """The images below a folder, each file once, and what else is there. Raises Refusal if there are no images.

    Those of an archive (.zip) are read from it in place.
    """

    folder: Path
    links: str = "inside"  # which links are followed: inside the folder, or any
    images: dict[str, tuple[int, int]] = field(default_factory=dict)  # bytes, and time of change in ns or checksum
    others: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)  # links that are not followed
    broken: list[str] = field(default_factory=list)  # links that lead nowhere

    def __post_init__(self) -> None:
        if self.links not in LINKS:
            raise Refusal(f"No way with links is called {self.links!r}.{nearest(self.links, LINKS)}")
        self.root: Path | Member = self.folder  # under which the files have these names
        self._subfolders = set[str]()
        self._add_folder() if self.folder.is_dir() else self._add_archive()
        self.images = dict(sorted(self.images.items()))
        if not self.images:
            rest = " and ".join(remark[0].lower() + remark[1:].rstrip(".") for remark in self.remarks())
            only = f", only {rest}" if rest else ""
            raise Refusal(f"{self.folder} holds no images{only}. PNG, JPEG, WebP, BMP, GIF, TIFF or PNM are needed.")

    def _add_archive(self) -> None:
        """Add the members of an archive, of its only top folder if it has one. Raises Refusal for an unsafe one."""
        with as_refusal(f"{self.folder} is no archive that can be read: it is damaged or incomplete", *BROKEN):
            archive = zipfile.ZipFile(self.folder)
        size, packed = sum(info.file_size for info in archive.infolist()), self.folder.stat().st_size
        if size > SUSPICIOUS and size > RATIO * packed:
            raise Refusal(
                f"{self.folder} would unpack to {size / 2**30:.1f} GiB from {packed / 2**20:.1f} MiB, so it is not "
                "read: unpack it yourself if this is intended, and give the folder."
            )
        infos = [info for info in archive.infolist() if not info.is_dir()]
        hidden = {info.filename for info in infos for part in info.filename.split("/") if part.startswith(_HIDDEN)}
        members = {info.filename: info for info in infos if info.filename not in hidden}
        tops = {name.partition("/")[0] for name in members}
        top = f"{tops.pop()}/" if len(tops) == 1 and all("/" in name for name in members) else ""
        self.root = Member(archive, top)
        for name, info in members.items():
            self._add_file(name.removeprefix(top), (info.file_size, info.CRC))
            self._subfolders |= set(name.removeprefix(top).split("/")[:-1][:1])

    def _add_folder(self) -> None:
        """Add the files below the folder, then those behind links."""
        root = os.path.realpath(self.folder)
        self._places, self._files = {root}, set[str]()
        pending = self._walk(self.folder)
        while pending:  # files that are there come first, so that a link to one of them adds nothing
            path = pending.pop(0)
            target, name = Path(os.path.realpath(path)), path.relative_to(self.folder).as_posix()
            if not target.exists():
                self.broken.append(name)
            elif self.links == "inside" and not target.is_relative_to(root):
                self.outside.append(name)
            elif not target.is_dir():
                self._add(path)
            elif str(target) not in self._places:  # else it was visited: a loop ends here
                self._places.add(str(target))
                pending += self._walk(path)

    def _walk(self, top: Path) -> list[Path]:
        """Add the files below a folder; the links in it."""
        links = list[Path]()
        for place, subfolders, files in os.walk(top):
            paths = {name: Path(place, name) for name in [*subfolders, *files] if not name.startswith(_HIDDEN)}
            links += sorted(path for path in paths.values() if path.is_symlink())
            paths = {name: path for name, path in paths.items() if not path.is_symlink()}
            subfolders[:] = [n for n in subfolders if n in paths and os.path.realpath(paths[n]) not in self._places]
            self._subfolders |= set(subfolders) if Path(place) == self.folder else set()
            self._places |= {os.path.realpath(paths[name]) for name in subfolders}
            for name in filter(paths.__contains__, files):
                self._add(paths[name])
        return links

    def _add(self, path: Path) -> None:
        name, real = path.relative_to(self.folder).as_posix(), os.path.realpath(path)
        if not os.path.isfile(real):  # opening a pipe would block
            self.others.append(name)
        elif real not in self._files:
            self._files.add(real)
            state = path.stat()
            self._add_file(name, (state.st_size, state.st_mtime_ns))

    def _add_file(self, name: str, stamp: tuple[int, int]) -> None:
        if os.path.splitext(name)[1].lower() in SUFFIXES:
            self.images[name] = stamp
        elif name not in TABLES and os.path.basename(name).lower() not in _OF_SYSTEMS:
            self.others.append(name)

    def places(self, frames: str) -> dict[str, tuple[str, int]]:
        """The file and the number of the frame of each image: the first of each file, or all."""
        if frames not in FRAMES:
            raise Refusal(f"No choice of frames is called {frames!r}.{nearest(frames, FRAMES)}")
        places = dict[str, tuple[str, int]]()
        for name in self.images:
            count = 1
            if frames == "all":
                with suppress(Unreadable), open_image(self.root / name) as image:  # it is named when it is decoded
                    count = frame_count(image)
            places |= {f"{name}#{i}" if count > 1 else name: (name, i) for i in range(count)}
        return places

    def remarks(self, only_links: bool = False) -> list[str]:
        """What was not used, and why."""
        used = {name.split("/")[0] for name in self.images}
        convertible = [name for name in self.others if name.lower().endswith(_CONVERTIBLE)]
        kinds = [
            ("Pictures in formats that are not read, to be converted to JPEG or PNG", convertible),
            ("Files that are no images", [name for name in self.others if not name.lower().endswith(_CONVERTIBLE)]),
            ("Subfolders without images", sorted(self._subfolders - used) if self._subfolders & used else ()),
            ("Links that lead nowhere", self.broken),
            ("Links out of the folder, not followed without --data.links follow", self.outside),
        ]
        return [f"{text}: {len(names):,} ({first_names(names)})." for text, names in kinds[3 * only_links :] if names]


def holds_images(path: Path) -> bool:
    """Whether images are looked for at a path: in a folder or an archive."""
    return path.is_dir() or path.suffix.lower() == ".zip"


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
    return {name: "".join(name.split("/")[:-1][max(level - 1, 0) : level]) for name in images}
