"""Many pictures, decoded once, as a data set."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import torch

from ...core.errors import Refusal, nearest
from ..files.cache import Arrays, entry, key, write_parts
from ..files.walk import numbered
from ..records import Data, Labels
from ..spaces import Image
from .picture import FITS, RESIZERS, Unreadable, fitted
from .survey import Survey

_SMALLEST, _LARGEST = 4, 1024  # pixels
_MANY = 2000  # pictures: worth a word before they are decoded


@dataclass(frozen=True)
class Gallery:
    """Pictures that can be opened by name."""

    title: str
    names: Sequence[str]
    open: Callable[[str], AbstractContextManager[PIL.Image.Image]]  # raises Unreadable
    labels: Mapping[str, str]  # picture to class; empty where there are no labels
    remarks: Sequence[str] = ()


@dataclass(frozen=True)
class Form:
    """What every picture becomes."""

    size: int | None  # side in pixels; the median short side, within 8 and 64, unless given
    fit: str
    resizer: str
    channels: int | None  # 1 or 3; 1 if all pictures are grey, unless given

    def check(self) -> None:
        """Refuse what cannot be done."""
        if self.size is not None and not _SMALLEST <= self.size <= _LARGEST:
            raise Refusal(f"size is {self.size}: a side of {_SMALLEST} to {_LARGEST} pixels is needed.")
        if self.fit not in FITS:
            raise Refusal(f"No way to fit images is called {self.fit!r}.{nearest(self.fit, FITS)}")
        if self.resizer not in RESIZERS:
            raise Refusal(f"No resizer is called {self.resizer!r}.{nearest(self.resizer, RESIZERS)}")
        if self.channels not in (None, 1, 3):
            raise Refusal(f"channels is {self.channels}: 1 (grey) or 3 (RGB) is needed.")


def hang(gallery: Gallery, form: Form, *identity: Any) -> Data:
    """The pictures in one form, from the cache if `identity` (plain values) and the form were seen before."""
    form.check()
    name = key(gallery.title, identity, vars(form))
    return _data(gallery.title, entry("pictures", name, lambda folder: _decode(gallery, form, folder)))


def _data(title: str, arrays: Arrays) -> Data:
    about = json.loads(str(arrays["about"]))
    x, held_out, y, chosen = (torch.from_numpy(arrays[part]) for part in ("x", "held_out", "y", "chosen"))
    labels = Labels("class", tuple(about["classes"])) if about["classes"] else None
    return Data(
        title,
        Image(*x.shape[1:]),
        x,
        held_out,
        labels,
        y[~chosen] if labels else None,
        y[chosen] if labels else None,
        tuple(about["remarks"]),
        tuple(about["left_out"]),
        about["found"],
    )


def _decode(gallery: Gallery, form: Form, folder: Path) -> None:
    """Every picture, one at a time: x.npy, held_out.npy, chosen.npy, y.npy, and what was done in about.npy."""
    survey = Survey.of(gallery.names, gallery.open)
    size = form.size or survey.size
    channels = form.channels or survey.channels

    def rows() -> Iterator[np.ndarray]:
        for name in list(survey.sizes):
            try:
                with gallery.open(name) as image:
                    pixels, deeds = fitted(image, size, form.fit, channels, form.resizer)
            except Unreadable as reason:
                survey.leave_out(name, str(reason))
            else:
                survey.deeds.update(deeds)
                yield pixels
        survey.refuse_if_empty(gallery.title)

    if len(survey.sizes) > _MANY:
        logging.getLogger(__name__).warning("Resizing %d images, once; they are kept for next time.", len(survey.sizes))
    write_parts(rows(), (channels, size, size), "uint8", folder)
    classes, y = numbered([gallery.labels[name] for name in survey.sizes] if gallery.labels else [])
    about = {
        "classes": classes,
        "remarks": [*survey.remarks(size, channels, form.resizer), *gallery.remarks],
        "left_out": [f"{name}: {reason}" for name, reason in survey.left_out.items()],
        "found": survey.found(),
    }
    np.save(folder / "y.npy", y)
    np.save(folder / "about.npy", np.array(json.dumps(about)))
