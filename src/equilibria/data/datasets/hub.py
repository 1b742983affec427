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

from ...core.download import first_response
from ...core.errors import Refusal, as_refusal, nearest
from ..dataset import Data
from ..image_decode import Unreadable, open_image
from ..labels import AUTO
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
    unknown: str = AUTO,
) -> Data:
    """A data set of images on the Hugging Face hub, as hf:owner/name (needs the extra `hub`).

    `split` is the split of the data set; `image` is the column of the images (default: the first one); `label` is the
    column of the labels (default: the first one of classes). The other options are those of a folder of images: `size`
    is the side in pixels; `fit` is crop or pad; `channels` is 1 or 3; `unknown` is the label of unlabeled images.
    """
    form = ImageFormat(size, fit, resizer, channels)
    table = _table(path, split)
    images, labels = _columns(path, table.features, image, label)
    table = table.cast_column(images, type(table.features[images])(decode=False))  # bytes: we decode them ourselves
    return load_images(_source(path, table, images, labels), form, unknown, table._fingerprint, split, images, labels)


def _table(path: str, split: str) -> Any:
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", path):
        raise Refusal(f"hf:{path} is no name of a data set on the hub: hf:owner/name is needed.")
    if find_spec("datasets") is None or int(version("datasets").split(".")[0]) < _SAFE:
        raise Refusal(f"Data from the hub needs the package datasets >= {_SAFE}: pip install 'equilibria[hub]'.")
    with _offline_unless_reachable():
        from datasets import load_dataset  # type: ignore[import-not-found,import-untyped,unused-ignore]

        with as_refusal(f"hf:{path} ({split}) cannot be loaded from the hub", Exception):  # a dozen kinds
            return load_dataset(path, split=split)


@contextmanager
def _offline_unless_reachable() -> Iterator[None]:
    """Without a network, use only the hub's own cache, which needs no waiting."""
    try:
        first_response(os.environ.get("HF_ENDPOINT", "https://huggingface.co")).close()
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
    """The names of the columns of images and of labels."""
    kinds = {name: type(feature).__name__ for name, feature in features.items()}
    for column in (image, label):
        if column is not None and column not in kinds:
            raise Refusal(f"hf:{path} has no column {column!r}.{nearest(column, kinds)}")
    images = image or next((name for name, kind in kinds.items() if kind == "Image"), None)
    if images is None or kinds[images] != "Image":
        raise Refusal(f"hf:{path} has no column of images{'' if images is None else f' called {images!r}'}.")
    return images, label or next((name for name, kind in kinds.items() if kind == "ClassLabel"), None)


def _source(path: str, table: Any, images: str, labels: str | None) -> ImageSource:
    def open_one(name: str) -> AbstractContextManager[PIL.Image.Image]:
        cell = table[int(name.removeprefix("row "))][images]
        if not cell["bytes"] and not cell["path"]:
            raise Unreadable("an empty cell")
        return open_image(io.BytesIO(cell["bytes"]) if cell["bytes"] else Path(cell["path"]))

    names = [f"row {index}" for index in range(len(table))]
    classes: dict[str, str] = {}
    if labels is not None:
        to_name = getattr(table.features[labels], "int2str", str)
        texts = ("" if label in (None, -1) else to_name(label) for label in table[labels])
        classes = dict(zip(names, texts, strict=True))
    return ImageSource(f"hf:{path}", names, open_one, classes)
