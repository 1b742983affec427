"""A user's samples for a trained model, in the order of their files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..core.errors import Refusal, nearest
from ..core.seeding import generator
from .arrays import chunks, detect_labels, detect_layout, read_array, read_headers
from .batches import binarized
from .dataset import Data, Labels, Space
from .datasets.array import array_names
from .datasets.image_folder import list_images, number_classes
from .image_decode import SUFFIXES, Unreadable, fit_image, open_image
from .resolve import Spec, load_data
from .spaces import Image

PARTS = ("held-out", "train", "all")  # of a set with a name
_SHOWN = 3
_BINARY = "Grey values were taken as probabilities of white, and pixels drawn black or white, as in training."


@dataclass(frozen=True)
class UserSamples:
    """Samples with a name each."""

    space: Space
    names: tuple[str, ...]  # of the files, or places in an array or a set
    raw: Tensor  # (N, *space.shape), as kept
    labels: Labels | None = None
    y: Tensor | None = None  # (N,) for classes, (N, labels.size) otherwise
    remarks: tuple[str, ...] = ()  # what was left out, a sentence each

    def __len__(self) -> int:
        return len(self.names)

    def chunks(self, size: int = 256) -> Iterator[Tensor]:
        """The samples as networks see them, at most so many at a time: (at most size, *space.shape)."""
        return (self.space.encode(part) for part in self.raw.split(size))

    def x(self) -> Tensor:
        """All of them as networks see them: (N, *space.shape)."""
        return self.space.encode(self.raw)


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
    options = dict(data_options or {})
    samples = _read(path, space, part, root, options)
    if not binary:
        return samples
    white = binarized(samples.x(), generator(0)) > 0
    return replace(samples, raw=white.to(torch.uint8) * 255, remarks=(*samples.remarks, _BINARY))


def _read(path: Spec | Path, space: Space, part: str, root: Path | None, options: dict[str, Any]) -> UserSamples:
    if isinstance(path, Mapping):
        return _set(load_data(path, root), space, part)
    place = Path(path).expanduser()
    if place.is_file() and place.suffix.lower() in SUFFIXES:
        return _pictures(place.parent, (place.name,), {}, space, options)
    if str(path) and place.is_dir():
        return _folder(place, space, options)
    if place.is_file() and place.suffix in (".npy", ".npz"):
        return _array(place, space, options)
    return _set(load_data(options if str(path) == options.get("name") else str(path), root), space, part)


def _folder(place: Path, space: Space, options: dict[str, Any]) -> UserSamples:
    found = list_images(place)
    if not found.names:
        raise Refusal(f"{place} holds no images: PNG, JPEG, WebP, BMP, GIF, TIFF or PNM are needed.")
    return _pictures(place, found.names, found.labels(), space, options)


def _pictures(
    place: Path, names: tuple[str, ...], known: dict[str, str], space: Space, options: dict[str, Any]
) -> UserSamples:
    """Pictures that can be read, made square as in training; the others are left out and named."""
    if not isinstance(space, Image) or space.height != space.width or space.channels not in (1, 3):
        raise Refusal(f"Pictures were given, and {_wanted(space)}: give an .npz file with an array of such samples.")
    fit, resizer = options.get("fit", "crop"), options.get("resizer", "lanczos")
    rows, left_out = dict[str, np.ndarray](), list[str]()
    for name in names:
        try:
            with open_image(place / name) as image:
                rows[name] = fit_image(image, space.height, fit, space.channels, resizer)[0]
        except Unreadable as reason:
            left_out.append(f"{name} ({reason})")
    more = f" and {len(left_out) - _SHOWN} more" if len(left_out) > _SHOWN else ""
    said = f"{', '.join(left_out[:_SHOWN])}{more}"
    if not rows:
        raise Refusal(f"None of the {len(names)} images of {place} can be read: {said}.")
    remarks = (f"{len(left_out)} could not be read and were left out: {said}.",) if left_out else ()
    classes, numbers = number_classes([known[name] for name in rows] if known else [])
    labels, y = (Labels("class", classes), torch.from_numpy(numbers)) if classes else (None, None)
    return UserSamples(space, tuple(rows), torch.from_numpy(np.stack(list(rows.values()))), labels, y, remarks)


def _array(path: Path, space: Space, options: dict[str, Any]) -> UserSamples:
    stored = read_headers(path)
    named = {part: options[part] for part in ("samples", "labels") if options.get(part) in stored}
    chosen, known = array_names(path, stored, **named)
    raw = read_array(path, chosen)
    if raw.ndim == 2:
        x = torch.from_numpy(np.array(raw, dtype=np.float32))
    else:
        how = detect_layout(path, raw, options.get("layout", "auto"))
        x = torch.from_numpy(np.concatenate([how.convert(rows) for rows in chunks(raw)]))
    _refuse_others(str(path), x, space)
    labels, y = (None, None) if known is None else detect_labels(path, read_array(path, known), len(raw))
    return UserSamples(space, tuple(map(str, range(len(x)))), x, labels, y)


def _set(data: Data, space: Space, part: str) -> UserSamples:
    if part not in PARTS:
        raise Refusal(f"part is {part!r}: a data set has these.{nearest(part, PARTS)}")
    _refuse_others(data.name, data.x, space)
    shown = [("train", data.x, data.y), ("held-out", data.held_out, data.held_out_y)]
    shown = [each for each in shown if part in (each[0], "all")]
    names = tuple(f"{name}/{i:05}" for name, x, _ in shown for i in range(len(x)))
    y = [y for _, _, y in shown if y is not None]
    return UserSamples(space, names, torch.cat([x for _, x, _ in shown]), data.labels, torch.cat(y) if y else None)


def _refuse_others(name: str, x: Tensor, space: Space) -> None:
    if tuple(x.shape[1:]) != tuple(space.shape):
        raise Refusal(f"{name} has samples of {' x '.join(map(str, x.shape[1:]))}, and {_wanted(space)}.")


def _wanted(space: Space) -> str:
    return f"this model knows samples of {' x '.join(map(str, space.shape))}"
