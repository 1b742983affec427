"""One picture of any size and mode, made square, small, and grey or RGB."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import PIL.Image
import PIL.ImageOps

SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".pbm", ".pgm", ".ppm", ".pnm")
RESIZERS = {method.name.lower(): method for method in PIL.Image.Resampling}
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")  # no EPS: reading one starts a program
_LARGEST = 64_000_000  # pixels
_GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N")
_DEEP = ("I", "I;16", "I;16B", "I;16L", "I;16N")
_ORIENTATION = 0x0112


class Unreadable(Exception):
    """This file is no picture that can be used; the message says why."""


@contextmanager
def open_image(source: Path | IO[bytes]) -> Iterator[PIL.Image.Image]:
    """A picture whose header is sound, whose pixels are few enough to be decoded, and nothing but a picture."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with PIL.Image.open(source, formats=_FORMATS) as image:
                if image.width * image.height > _LARGEST:
                    raise Unreadable(f"{image.width} x {image.height} pixels, more than {_LARGEST // 10**6} million")
                if image.mode == "F":
                    raise Unreadable("floating-point pixels of unknown range")
                yield image
    except Unreadable:
        raise
    except PIL.UnidentifiedImageError:
        raise Unreadable("not a picture in a known format") from None
    except Exception as error:  # decoders raise anything at all on broken files
        raise Unreadable(str(error) or type(error).__name__) from None


def is_grey(mode: str) -> bool:
    """Whether pictures of this Pillow mode have no colour."""
    return mode in _GREY


def fit_image(
    image: PIL.Image.Image, size: int, fit: str, channels: int, resizer: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    """The picture as (channels, size, size) uint8, and what had to be done to it, a key of DEEDS each."""
    deeds, found = [], image.size
    image.draft(None, (4 * size, 4 * size))  # only JPEG can
    if image.size != found:
        deeds.append("drafted")
    if image.format != "MPO" and getattr(image, "is_animated", False):
        deeds.append("stopped")
    if image.getexif().get(_ORIENTATION, 1) != 1:
        deeds.append("turned")
    plain, done = _plain(PIL.ImageOps.exif_transpose(image), "L" if channels == 1 else "RGB")
    deeds += done
    if plain.width != plain.height:
        deeds.append(fit)
    if min(plain.size) < size:
        deeds.append("enlarged")
    square = FITS[fit](plain, size, RESIZERS[resizer])
    return np.atleast_3d(np.asarray(square)).transpose(2, 0, 1).copy(), tuple(deeds)


CHANGES = {
    "drafted": "large JPEG files decoded at a fraction of their size, at least four times the final one",
    "turned": "turned upright as their EXIF says",
    "flattened": "transparent, put on white",
    "deep": "16-bit grey, divided by 257",
    "coloured": "grey, repeated in three channels",
    "stopped": "moving, only the first frame taken",
    "crop": "not square, cut to the centre",
    "pad": "not square, padded with white",
    "enlarged": "smaller on one side, enlarged",
}


def _plain(image: PIL.Image.Image, mode: str) -> tuple[PIL.Image.Image, list[str]]:
    """The picture in 8 bits, opaque, grey or RGB."""
    deeds = []
    if image.mode in _DEEP:
        values = np.asarray(image).clip(0, 65535).astype(np.uint16)
        image = PIL.Image.fromarray((values // 257).astype(np.uint8))
        deeds.append("deep")
    if mode == "RGB" and is_grey(image.mode):
        deeds.append("coloured")
    if image.has_transparency_data:
        layered = image if image.mode == "RGBA" else image.convert("RGBA")
        opacity = layered.getchannel("A")
        if opacity.getextrema() != (255, 255):
            deeds.append("flattened")
            image = PIL.Image.new("RGB", image.size, "white")
            image.paste(layered, mask=opacity)
    return image if image.mode == mode else image.convert(mode), deeds


def _cropped(image: PIL.Image.Image, size: int, method: PIL.Image.Resampling) -> PIL.Image.Image:
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side))
    return square if side == size else square.resize((size, size), method)


def _padded(image: PIL.Image.Image, size: int, method: PIL.Image.Resampling) -> PIL.Image.Image:
    scale = size / max(image.size)
    inner = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = image if inner == image.size else image.resize(inner, method)
    square = PIL.Image.new(image.mode, (size, size), "white")
    square.paste(small, ((size - inner[0]) // 2, (size - inner[1]) // 2))
    return square


FITS = {"crop": _cropped, "pad": _padded}
