"""A data set of images on the Hugging Face hub."""

import io
import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import PIL.Image

from ...core.download import first_answer
from ...core.errors import Refusal, nearest
from ..dataset import Data
from ..image_decode import Unreadable, open_image
from .image_folder import ImageFormat, ImageSource, load_images

_SAFE = 4  # earlier versions of datasets run scripts from the hub
_SWITCHES = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE")


def hub(
    path: str,
    split: str = "train",
    image: str | None = None,
    label: str | None = None,
    size: int | None = None,
    fit: str = "crop",
    resizer: str = "lanczos",
    channels: int | None = None,
) -> Data:
    """A set of images of the Hugging Face hub, as hf:owner/name (needs the extra `hub`).

    `image` and `label` name its columns (the first column of images, the first of classes, unless given); the other
    options are those of a folder of images.
    """
    form = ImageFormat(size, fit, resizer, channels)
    form.check()
    table = _table(path, split)
    images, labels = _columns(path, table.features, image, label)
    table = table.cast_column(images, type(table.features[images])(decode=False))  # bytes: we decode them ourselves
    return load_images(_gallery(path, table, images, labels), form, table._fingerprint, split, images, labels)


def _table(path: str, split: str) -> Any:
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", path):
        raise Refusal(f"hf:{path} names no data set of the hub: hf:owner/name is needed.")
    if find_spec("datasets") is None or int(version("datasets").split(".")[0]) < _SAFE:
        raise Refusal(f"Data from the hub need the package datasets >= {_SAFE}: pip install 'equilibria[hub]'.")
    with _offline_unless_reachable():
        from datasets import load_dataset  # type: ignore[import-not-found,import-untyped,unused-ignore]

        try:
            return load_dataset(path, split=split)
        except Exception as error:  # a dozen kinds, from a missing name to a missing network
            reason = str(error).strip().split("\n")[0]
            raise Refusal(f"hf:{path} ({split}) cannot be had from the hub: {reason}") from None


@contextmanager
def _offline_unless_reachable() -> Iterator[None]:
    """Without a network only the hub's own cache is asked, so that nobody waits."""
    try:
        first_answer(os.environ.get("HF_ENDPOINT", "https://huggingface.co")).close()
        added: list[str] = []
    except OSError:
        added = [name for name in _SWITCHES if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _columns(path: str, features: Any, image: str | None, label: str | None) -> tuple[str, str | None]:
    kinds = {name: type(feature).__name__ for name, feature in features.items()}
    for asked in (image, label):
        if asked is not None and asked not in kinds:
            raise Refusal(f"hf:{path} has no column {asked!r}.{nearest(asked, kinds)}")
    images = image or next((name for name, kind in kinds.items() if kind == "Image"), None)
    if images is None or kinds[images] != "Image":
        raise Refusal(f"hf:{path} has no column of images{'' if images is None else f' called {images!r}'}.")
    return images, label or next((name for name, kind in kinds.items() if kind == "ClassLabel"), None)


def _gallery(path: str, table: Any, images: str, labels: str | None) -> ImageSource:
    def open_one(name: str) -> AbstractContextManager[PIL.Image.Image]:
        stored = table[int(name.removeprefix("row "))][images]
        if not stored["bytes"] and not stored["path"]:
            raise Unreadable("an empty cell")
        return open_image(io.BytesIO(stored["bytes"]) if stored["bytes"] else Path(stored["path"]))

    names = [f"row {place}" for place in range(len(table))]
    if labels is None:
        return ImageSource(f"hf:{path}", names, open_one, {})
    said = table.features[labels]
    spelled = said.int2str if hasattr(said, "int2str") else str
    return ImageSource(f"hf:{path}", names, open_one, dict(zip(names, map(spelled, table[labels]), strict=True)))
