"""A user's samples for a trained model, in the order of the files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..core.errors import Refusal, nearest
from ..core.files import user_path
from ..core.seeding import generator
from .arrays import chunks, detect_labels, detect_layout, read_array, read_shapes
from .batches import binarized
from .dataset import Data, Labels, Space, first_names
from .datasets.array import array_names
from .datasets.image_folder import ImageSource, Survey, list_images, listing
from .image_decode import SUFFIXES, open_image
from .image_files import holds_images
from .labels import AUTO, LabelColumn
from .resolve import Spec, load_data
from .spaces import Image

PARTS = ("held-out", "train", "all")  # of a data set by name
_BINARY = "Gray values were read as probabilities of white, and pixels drawn black or white, as in training."


@dataclass(frozen=True)
class UserSamples:
    """Samples with a name each."""

    space: Space
    names: tuple[str, ...]  # of the files, or indices in an array or a data set
    raw: Tensor  # (N, *space.shape), as stored
    labels: Labels | None = None
    y: Tensor | None = None  # (N,) for classes, (N, labels.size) otherwise
    remarks: tuple[str, ...] = ()  # how they were read, a sentence each


def read_samples(
    path: Spec | Path,
    space: Space,
    part: str = "held-out",
    root: Path | None = None,
    data_options: Mapping[str, Any] | None = None,
    binary: bool = False,
) -> UserSamples:
    """The samples of a folder, an image, an .npy or .npz file, or a data set, for networks of this space.

    They are read as the training data was: `data_options` is the recipe's description of it, whose fit, resizer,
    layout and array names apply; `binary` draws gray values black or white, the same each time. For a data set by
    name, or described as in a recipe, `part` is held-out, train or all. Raises Refusal for samples of another shape.
    """
    samples = _read(path, space, part, root, dict(data_options or {}))
    if not binary:
        return samples
    white = binarized(space.encode(samples.raw), generator(0)) > 0
    return replace(samples, raw=white.to(torch.uint8) * 255, remarks=(*samples.remarks, _BINARY))


def _read(path: Spec | Path, space: Space, part: str, root: Path | None, options: dict[str, Any]) -> UserSamples:
    if isinstance(path, Mapping):
        return _data_set(load_data(path, root), space, part)
    place = user_path(path)
    if place.is_file() and place.suffix.lower() in SUFFIXES:
        return _images(ImageSource(str(place.parent), [place.name], lambda _: open_image(place)), space, options)
    if str(path) and holds_images(place) and place.exists():
        return _images(list_images(place, **listing(options))[0], space, options)
    if place.is_file() and place.suffix in (".npy", ".npz"):
        return _array(place, space, options)
    return _data_set(load_data(options if str(path) == options.get("name") else str(path), root), space, part)


def _images(source: ImageSource, space: Space, options: dict[str, Any]) -> UserSamples:
    """The readable images, made square as in training; the others are named in a remark."""
    if not isinstance(space, Image) or space.height != space.width or space.channels not in (1, 3):
        raise Refusal(
            f"{source.title} has images, and {_model_shape(space)}: give an .npz file with an array of such samples."
        )
    survey = Survey(source)
    fit, resizer = options.get("fit", "crop"), options.get("resizer", "lanczos")
    rows = list(survey.rows(space.height, fit, space.channels, resizer))
    left_out = [f"{name} ({reason})" for name, reason in survey.left_out.items()]
    remarks = (f"Unreadable and left out: {len(left_out)}, {first_names(left_out)}.",) if left_out else ()
    labels, y, more = _label_column(partial(source.label_column, list(survey.sizes)), options)
    raw, names = torch.from_numpy(np.stack(rows)), tuple(survey.sizes)
    return UserSamples(space, names, raw, labels, y if labels else None, (*remarks, *more))


def _label_column(read: Callable[[str], LabelColumn], options: dict[str, Any]) -> LabelColumn:
    """The labels, read as the training data's, whose label for unknown classes these samples may lack."""
    try:
        return read(options.get("unknown", AUTO))
    except Refusal:
        return read(AUTO)


def _array(path: Path, space: Space, options: dict[str, Any]) -> UserSamples:
    stored = read_shapes(path)
    of_training = {part: options[part] for part in ("samples", "labels") if options.get(part) in stored}
    samples_name, labels_name = array_names(path, stored, **of_training)
    raw = read_array(path, samples_name)
    if raw.ndim == 2:
        x = torch.from_numpy(np.array(raw, dtype=np.float32))
    else:
        images = detect_layout(path, raw, options.get("layout", "auto"))
        x = torch.from_numpy(np.concatenate([images.convert(rows) for rows in chunks(raw)]))
    check_shape(str(path), x, space)
    names = tuple(map(str, range(len(x))))
    if labels_name is None:
        return UserSamples(space, names, x)
    rows = read_array(path, labels_name)
    labels, y, remarks = _label_column(partial(detect_labels, path, rows, len(raw)), options)
    return UserSamples(space, names, x, labels, y if labels else None, remarks)


def _data_set(data: Data, space: Space, part: str) -> UserSamples:
    if part not in PARTS:
        raise Refusal(f"No part of a data set is called {part!r}.{nearest(part, PARTS)}")
    check_shape(data.name, data.x, space)
    parts = [("train", data.x, data.y), ("held-out", data.held_out, data.held_out_y)]
    parts = [each for each in parts if part in (each[0], "all")]
    names = tuple(f"{name}/{i:05}" for name, x, _ in parts for i in range(len(x)))
    y = [y for _, _, y in parts if y is not None]
    return UserSamples(space, names, torch.cat([x for _, x, _ in parts]), data.labels, torch.cat(y) if y else None)


def check_shape(name: str, x: Tensor, space: Space) -> None:
    """Raise Refusal for samples (N, ...) of another shape than the space of a model."""
    if tuple(x.shape[1:]) != tuple(space.shape):
        raise Refusal(f"{name} has samples of {' x '.join(map(str, x.shape[1:]))}, and {_model_shape(space)}.")


def _model_shape(space: Space) -> str:
    return f"this model is for samples of {' x '.join(map(str, space.shape))}"
