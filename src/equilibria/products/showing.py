"""Samples that the networks of a model are shown: from files and data sets, or tensors."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from ..core.errors import Refusal
from ..data.brought import UserSamples, read_samples
from ..data.find import Spec
from ..data.records import Labels
from ..recipes.asking import Asked
from ..recipes.model import Model
from . import origin
from .seeing import conditions

_SEEN = 256  # at a time


@dataclass(frozen=True)
class Place:
    """Where samples are.

    Args:
        path: A folder, an image, an .npy or .npz file, or the name of a data set; default: the run's data.
        part: Part of a data set: held-out, train or all.
        data_root: Folder with the original files of data sets; default: EQUILIBRIA_DATA.
    """

    path: Spec | Path | None = None
    part: str = "held-out"
    data_root: str | None = None


Source = str | Path | Place | UserSamples | Tensor | None  # (N, *space.shape) as networks see; None: held-out data


@dataclass(frozen=True)
class Shown:
    """Samples with a name each, and the conditions under which the model is told to see them."""

    names: tuple[str, ...]
    raw: Tensor  # (N, *space.shape)
    see: Callable[[Tensor], Tensor]  # from that to what networks see, on the model's device
    y: Tensor | None = None  # (N, C), exactly where the model is conditional
    labels: tuple[Labels, Tensor] | None = None  # what is known of them: (N,) for classes, else (N, K)
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    def chunks(self) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Samples as networks see them, and their conditions, some at a time."""
        for start in range(0, len(self), _SEEN):
            part = slice(start, start + _SEEN)
            yield self.see(self.raw[part]), None if self.y is None else self.y[part]

    @property
    def x(self) -> Tensor:
        """All of them as networks see them: (N, *space.shape)."""
        return self.see(self.raw)

    def few(self, count: int) -> "Shown":
        """So many of them, evenly spread, in order; all where there are no more."""
        if count < 1:
            raise Refusal(f"count is {count}: at least 1 is needed.")
        if count >= len(self):
            return self
        chosen = torch.linspace(0, len(self) - 1, count).round().long()
        y = None if self.y is None else self.y[chosen.to(self.y.device)]
        labels = None if self.labels is None else (self.labels[0], self.labels[1][chosen])
        names = tuple(self.names[i] for i in chosen.tolist())
        return replace(self, names=names, raw=self.raw[chosen.to(self.raw.device)], y=y, labels=labels)


def show(model: Model, source: Source, labels: Asked | None = None) -> Shown:
    """Samples for this model: of a folder, a picture, an .npy or .npz file, a data set by its name, or a tensor.

    Without a source, those that were held out when it was trained. A conditional model is told the labels that the
    samples have, or the one label that is given.
    """
    if isinstance(source, Tensor):
        return _of_tensor(model, source, labels)
    samples = source if isinstance(source, UserSamples) else read_inputs(model, source)
    y = conditions(model, samples, labels)
    if (y is None) != (model.conditions is None):
        raise Refusal(
            "This model is told labels, and these samples have none: bring labelled ones (a folder of each class, or "
            "an array `labels`), or say --label for all of them."
        )
    known = None if samples.labels is None or samples.y is None else (samples.labels, samples.y)
    told = None if y is None else y.to(model.device)
    encode = lambda raw: model.space.encode(raw).to(model.device)  # noqa: E731
    return Shown(samples.names, samples.raw, encode, told, known, samples.remarks)


def read_inputs(model: Model, source: Spec | Path | Place | None = None) -> UserSamples:
    """A user's samples, read as the model's training data were; without a source, those that were held out.

    The one way in for every verb: fit, resizer, layout and black or white pixels are those of the model's recipe.
    """
    place, made = source if isinstance(source, Place) else Place(source), model.place
    trained_on = origin.recipe_of(made, "data")
    root = None if place.data_root is None else Path(place.data_root)
    return read_samples(place.path or origin.data(made), model.space, place.part, root, trained_on, is_binary(model))


def is_binary(model: Model) -> bool:
    """Whether the model was trained on pixels drawn black or white."""
    return origin.recipe_of(model.place).get("binarize") is True


def _of_tensor(model: Model, x: Tensor, labels: Asked | None) -> Shown:
    if tuple(x.shape[1:]) != tuple(model.space.shape) or not len(x) or not x.is_floating_point():
        wanted = ", ".join(map(str, model.space.shape))
        raise Refusal(f"Samples of shape {tuple(x.shape)} were given: floats (N, {wanted}) as networks see are needed.")
    if labels is None and model.conditions is not None:
        raise Refusal("This model is told labels: give those of these samples (labels=...).")
    y = None if labels is None else model.asked(labels).to(model.device)
    if y is not None:
        y = y[torch.arange(len(x)) % len(y)]
    return Shown(tuple(map(str, range(len(x)))), x, lambda raw: raw.float().to(model.device), y)
