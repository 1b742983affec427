"""A folder of pictures of any sizes and modes."""

from pathlib import Path

from ...core.errors import Refusal
from ..files.walk import Found, walk
from ..pictures.gallery import Form, Gallery, hang
from ..pictures.picture import opened
from ..records import Data


def folder(
    path: Path, size: int | None = None, fit: str = "crop", resizer: str = "lanczos", channels: int | None = None
) -> Data:
    """A folder of images, made square and small once; its subfolders are labels.

    `size` is the side in pixels (the median short side, within 8 and 64, unless given), `fit` is crop or pad,
    `channels` is 1 or 3 (1 if all images are grey, unless given).
    """
    form = Form(size, fit, resizer, channels)
    form.check()
    found = walk(path)
    if not found.names:
        raise Refusal(f"{path} holds no images{_instead(found)}. PNG, JPEG, WebP, BMP, GIF, TIFF or PNM are needed.")
    labels = found.labels()
    gallery = Gallery(str(path), found.names, lambda name: opened(path / name), labels, found.remarks())
    return hang(gallery, form, str(path.resolve()), found.names, found.stamps)


def _instead(found: Found) -> str:
    return f", only {', '.join(found.others[:3])}{'...' if len(found.others) > 3 else ''}" if found.others else ""
