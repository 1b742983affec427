"""A user's samples, as a model's training data was prepared: the one way in for every verb."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..core.errors import Refusal, at_least
from ..data.dataset import KINDS, Labels, is_labeled
from ..data.read_samples import UserSamples, read_samples
from ..data.resolve import Spec
from .conditions import UNCONDITIONAL, LabelQuery, encode_labels
from .model_folder import data_spec, read_data_spec, read_recipe

if TYPE_CHECKING:
    from .model import Model

_BATCH = 256


@dataclass(frozen=True)
class SampleSource:
    """Where samples are.

    Args:
        path: A folder, an image, an .npy or .npz file, or the name of a data set; default: the run's data.
        part: Part of a data set: held-out, train or all.
        data_root: Folder with the original files of data sets; default: EQUILIBRIA_DATA.
    """

    path: Spec | Path | None = None
    part: str = "held-out"
    data_root: str | None = None


Source = str | Path | SampleSource | UserSamples | Tensor | None  # (N, *space.shape); None: the held-out data


@dataclass(frozen=True)
class Inputs:
    """Samples by name, with the conditions under which the networks receive them."""

    names: tuple[str, ...]
    raw: Tensor  # (N, *space.shape)
    encode: Callable[[Tensor], Tensor]  # from raw values to the networks' input, on the model's device
    labels: tuple[Labels, Tensor] | None = None  # of the samples, where known: (N,) for classes, else (N, K)
    remarks: tuple[str, ...] = ()
    y: Tensor | None = None  # conditions (N, C) for a conditional model, where the labels are known

    def __len__(self) -> int:
        return len(self.names)

    def batches(self) -> Iterator[tuple[Tensor, Tensor | None]]:
        """The networks' input (B, *space.shape) and conditions (B, C) or None, at most 256 at a time."""
        for start in range(0, len(self), _BATCH):
            rows = slice(start, start + _BATCH)
            yield self.encode(self.raw[rows]), None if self.y is None else self.y[rows]

    @property
    def x(self) -> Tensor:
        """All samples as the networks receive them: (N, *space.shape)."""
        return self.encode(self.raw)

    def subset(self, count: int) -> "Inputs":
        """At most `count` of the samples, evenly spaced, in order."""
        at_least(1, "", count=count)
        if count >= len(self):
            return self
        rows = torch.linspace(0, len(self) - 1, count).round().long()
        y = None if self.y is None else self.y[rows.to(self.y.device)]
        labels = None if self.labels is None else (self.labels[0], self.labels[1][rows])
        names = tuple(self.names[i] for i in rows.tolist())
        return replace(self, names=names, raw=self.raw[rows.to(self.raw.device)], y=y, labels=labels)

    def labeled_part(self) -> "Inputs":
        """The samples whose labels are known, and how many were left out; all where none has labels."""
        if self.labels is None or bool((labeled := is_labeled(self.labels[1])).all()):
            return self
        rows = labeled.nonzero()[:, 0]
        names, labels = tuple(self.names[i] for i in rows.tolist()), (self.labels[0], self.labels[1][rows])
        remarks = (*self.remarks, f"Without a label, and left out: {len(self) - len(rows):,}.")
        y = None if self.y is None else self.y[rows.to(self.y.device)]
        return replace(self, names=names, raw=self.raw[rows.to(self.raw.device)], y=y, labels=labels, remarks=remarks)


def read_inputs(
    model: "Model", source: Source, labels: LabelQuery | None = None, required: bool = True, all_samples: bool = False
) -> Inputs:
    """Samples for this model, read with the fit, resizer, layout and binarization of its recipe.

    A source is a folder, an image, an .npy or .npz file, a data set by name, or a tensor; default: the held-out part of
    the run's data. A conditional model receives the samples' own labels, or `labels`: one for all samples or one each;
    for a tensor they take turns, as in `sample`. Without `all_samples`, those whose labels are unknown are left out
    where others have some. Raises Refusal for samples of another shape and, if conditions are
    `required`, for a conditional model without them.
    """
    encode: Callable[[Tensor], Tensor] = model.space.encode
    if isinstance(source, Tensor):
        samples, encode = _named(model, source), Tensor.float
        if labels is not None:
            rows = model.conditions_of(labels)
            labels = rows[torch.arange(len(source)) % len(rows)]
    else:
        samples = source if isinstance(source, UserSamples) else _read(model, source)
    own = None if samples.labels is None or samples.y is None else (samples.labels, samples.y)
    inputs = Inputs(samples.names, samples.raw, lambda raw: encode(raw).to(model.device), own, samples.remarks)
    if model.conditions is None:
        if labels is not None:
            raise Refusal(UNCONDITIONAL)
        return inputs
    if labels is None and not all_samples:
        inputs = inputs.labeled_part()
    y = true_conditions(model, inputs, labels)
    if y is None and required:
        raise Refusal(
            "This model is conditional, and these samples have no labels: give labeled ones (a folder for each class, "
            "or an array `labels`), or one label for all (--label; in Python, labels=...)."
        )
    return replace(inputs, y=None if y is None else y.to(model.device))


def true_conditions(model: "Model", inputs: Inputs, labels: LabelQuery | None = None) -> Tensor | None:
    """The labels of samples as the model's conditions (N, C): those of the query, or their own; None if unknown."""
    if model.labels is None:
        return None
    if labels is not None:
        rows = encode_labels(labels, model.labels)
        if len(rows) not in (1, len(inputs)):
            raise Refusal(f"There are {len(rows)} labels for {len(inputs)} samples: give one for all, or one each.")
        return rows.expand(len(inputs), -1)
    return None if inputs.labels is None else translate_labels(inputs.labels[1], inputs.labels[0], model.labels)


def translate_labels(y: Tensor, source: Labels, target: Labels) -> Tensor:
    """Stored labels, (N,) or (N, C), as conditions (N, C) of other labels. Classes correspond by name.

    Raises Refusal for a class that the target lacks.
    """
    if source.kind != target.kind or (target.kind != "class" and source.size != target.size):
        raise Refusal(f"The labels are {source}, and this model knows {target}.")
    if target.kind != "class":
        return target.encode(y)
    used = [source.names[i] for i in y.unique().tolist() if i >= 0]
    if unknown := [name for name in used if name not in target.names]:
        kinds = KINDS["class"][len(unknown) != 1]
        raise Refusal(f"The labels have the {kinds} {', '.join(unknown)}, and this model knows {target}.")
    places = torch.tensor([target.names.index(name) if name in target.names else 0 for name in source.names])
    return target.encode(torch.where(y < 0, -1, places[y.long()]))


def is_binary(model: "Model") -> bool:
    """Whether the model was trained on binarized pixels."""
    return read_recipe(model.folder).get("binarize") is True


def _read(model: "Model", source: Spec | Path | SampleSource | None) -> UserSamples:
    place = source if isinstance(source, SampleSource) else SampleSource(source)
    root = None if place.data_root is None else Path(place.data_root)
    path = place.path or read_data_spec(model.folder)
    return read_samples(path, model.space, place.part, root, data_spec(model.folder), is_binary(model))


def _named(model: "Model", x: Tensor) -> UserSamples:
    if tuple(x.shape[1:]) != tuple(model.space.shape) or not len(x) or not x.is_floating_point():
        shape = ", ".join(map(str, model.space.shape))
        raise Refusal(f"Samples have the shape {tuple(x.shape)} of {x.dtype}: floats (N, {shape}) are needed.")
    return UserSamples(model.space, tuple(map(str, range(len(x)))), x)
