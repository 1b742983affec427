"""One image of any size and mode, made square, small, and gray or RGB."""

import io
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os.path import splitext
from pathlib import Path
from typing import IO

import numpy as np
import PIL.Image
import PIL.ImageOps

SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".pbm", ".pgm", ".ppm", ".pnm")
RESIZERS = {method.name.lower(): method for method in PIL.Image.Resampling}
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")  # no EPS: reading one starts a program
_LARGEST = 64_000_000  # pixels
_MOST = 256 << 20  # bytes of a file in an archive
_DEEP = ("I", "I;16", "I;16B", "I;16L", "I;16N")
GRAY = ("1", "L", "LA", "La", *_DEEP)  # modes without color
_ORIENTATION = 0x0112

_TOO_LARGE = f"more than {_LARGEST // 10**6} million pixels: shrink it"

CHANGES = {
    "drafted": "Large JPEG files, decoded at a fraction of their size (at least four times the final one)",
    "rotated": "Rotated upright, as their EXIF data says",
    "flattened": "Transparent, put on white",
    "deep": "16-bit gray, divided by 257",
    "repeated": "Gray, repeated in three channels",
    "crop": "Not square, cropped to the center (--data.fit pad keeps all of it; only an array can stay rectangular)",
    "pad": "Not square, padded with white",
    "enlarged": "Smaller on one side, enlarged",
}


@dataclass(frozen=True)
class Member:
    """A file in an archive, like a path; zipfile.Path never returns for some names."""

    archive: zipfile.ZipFile
    at: str

    def __truediv__(self, name: str) -> "Member":
        return Member(self.archive, self.at + name)

    @property
    def name(self) -> str:
        """Without its folders."""
        return self.at.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The end of the name, from its last dot on."""
        return splitext(self.name)[1]

    def is_file(self) -> bool:
        """Whether the archive has it."""
        return self.at in self.archive.NameToInfo

    def open(self, _: str = "rb") -> IO[bytes]:
        """Its content, unpacked as it is read."""
        return self.archive.open(self.at)


class Unreadable(Exception):
    """A file that is no usable image; the message says why."""


@contextmanager
def open_image(source: Path | Member | IO[bytes], frame: int = 0) -> Iterator[PIL.Image.Image]:
    """An image whose header is sound and whose pixels can be decoded. Raises Unreadable for anything else."""
    if isinstance(source, Path) and source.is_file() and not source.stat().st_size:
        raise Unreadable("an empty file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file = _unpacked(source) if isinstance(source, Member) else source
            with PIL.Image.open(file, formats=_FORMATS) as image:
                if image.width * image.height > _LARGEST:
                    raise Unreadable(f"{image.width} x {image.height}, {_TOO_LARGE}")
                if image.mode == "F":
                    raise Unreadable("floating-point pixels of unknown range")
                if frame:
                    image.seek(frame)
                yield image
    except Unreadable:
        raise
    except PIL.UnidentifiedImageError:
        raise Unreadable("not an image in a known format") from None
    except PIL.Image.DecompressionBombError:
        raise Unreadable(_TOO_LARGE) from None
    except Exception as error:  # decoders raise anything at all on broken files
        raise Unreadable(str(error) or type(error).__name__) from None


def _unpacked(member: Member) -> IO[bytes]:
    """A file in an archive. Raises Unreadable for a large one."""
    if member.archive.getinfo(member.at).file_size > _MOST:
        raise Unreadable(f"more than {_MOST >> 20} MiB")
    with member.open() as file:
        return io.BytesIO(file.read())


def frame_count(image: PIL.Image.Image) -> int:
    """The frames of an animation or the pages of a file; 1 for photos with a preview."""
    still = image.format == "MPO" or not getattr(image, "is_animated", False)
    return 1 if still else int(getattr(image, "n_frames", 1))


def fit_image(
    image: PIL.Image.Image, size: int, fit: str, channels: int, resizer: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    """The image as (channels, size, size) uint8, and what was changed, as keys of CHANGES. Raises Unreadable."""
    changes, original = list[str](), image.size
    image.draft(None, (4 * size, 4 * size))  # only JPEG can
    if image.size != original:
        changes.append("drafted")
    if image.getexif().get(_ORIENTATION, 1) != 1:
        changes.append("rotated")
    plain = _plain(PIL.ImageOps.exif_transpose(image), "L" if channels == 1 else "RGB", changes)
    if plain.width != plain.height:
        changes.append(fit)
    if min(plain.size) < size:
        changes.append("enlarged")
    square = FITS[fit](plain, size, RESIZERS[resizer])
    return np.atleast_3d(np.asarray(square)).transpose(2, 0, 1).copy(), tuple(changes)


def _plain(image: PIL.Image.Image, mode: str, changes: list[str]) -> PIL.Image.Image:
    """The image in 8 bits, opaque, gray or RGB; what was changed is added to `changes`."""
    if image.mode in _DEEP:
        values = np.asarray(image).clip(0, 65535).astype(np.uint16)
        image = PIL.Image.fromarray((values // 257).astype(np.uint8))
        changes.append("deep")
    if mode == "RGB" and image.mode in GRAY:
        changes.append("repeated")
    if image.has_transparency_data:
        layered = image if image.mode == "RGBA" else image.convert("RGBA")
        opacity = layered.getchannel("A")
        if opacity.getextrema() != (255, 255):
            changes.append("flattened")
            image = PIL.Image.new("RGB", image.size, "white")
            image.paste(layered, mask=opacity)
    return image if image.mode == mode else image.convert(mode)


def _cropped(image: PIL.Image.Image, size: int, method: PIL.Image.Resampling) -> PIL.Image.Image:
    side = min(image.size)
    x, y = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((x, y, x + side, y + side))
    return square if side == size else square.resize((size, size), method)


def _padded(image: PIL.Image.Image, size: int, method: PIL.Image.Resampling) -> PIL.Image.Image:
    scale = size / max(image.size)
    inner = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = image if inner == image.size else image.resize(inner, method)
    square = PIL.Image.new(image.mode, (size, size), "white")
    square.paste(small, ((size - inner[0]) // 2, (size - inner[1]) // 2))
    return square


FITS = {"crop": _cropped, "pad": _padded}
