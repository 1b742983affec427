"""A user's samples, as the model's own data was prepared."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..core.errors import Refusal
from ..data.dataset import Labels
from ..data.read_samples import UserSamples, read_samples
from ..data.resolve import Spec
from ..recipes.recipe import Recipe
from ..records.events import read_lines
from ..records.folder import EVENTS, RECIPE
from .conditions import Asked
from .critic_outputs import conditions
from .load import config_of
from .sampler import Sampler


def config(place: Path | None) -> dict[str, Any]:
    """The contents of config.json. Raises Refusal for a model that was not loaded from a folder."""
    if place is None:
        raise Refusal("This model was put together by hand: of one that eq.load returns it is known how to rebuild it.")
    return config_of(place)


def beside(place: Path | None, name: str) -> Path | None:
    """A file in the model's folder, or, where that is a run's, in the run's."""
    places = [] if place is None else [place, place.parent] if place.name == "model" else [place]
    return next((path / name for path in places if (path / name).is_file()), None)


def recipe(place: Path | None, trust: bool = False) -> Recipe | None:
    """What the model was trained by, where that is known. Raises Refusal for a recipe that cannot be read.

    `trust` lets it name code of the user's own, which the caller must not run.
    """
    path = beside(place, RECIPE)
    return None if path is None else Recipe.load(path, trust)


def parts(place: Path | None) -> dict[str, Any]:
    """What the run recorded of parts of the user's own, by their place in the recipe; nothing where it did not."""
    path = beside(place, EVENTS)
    start = next((line for line in read_lines(path) if line.get("kind") == "start"), {}) if path else {}
    found = start.get("parts")
    return found if isinstance(found, dict) else {}


def recipe_name(place: Path | None) -> str:
    """What the recipe calls itself; nothing where it is not known."""
    return str(recipe_of(place).get("name", ""))


def data(place: Path | None) -> dict[str, Any]:
    """What the model was trained on, {"name": ..., **options}. Raises Refusal where that is not known."""
    known = recipe_of(place, "data")
    if not known:
        raise Refusal(
            "It is not known what this model was trained on: say which samples, by a path or a data set's name."
        )
    return known


def recipe_of(place: Path | None, part: str | None = None) -> dict[str, Any]:
    """The recipe as it is stored, or a part of it; nothing where it is not known."""
    path = beside(place, RECIPE)
    try:
        stored = json.loads(path.read_text(encoding="utf-8")) if path else {}
    except (OSError, UnicodeDecodeError, json.JSONDecodeError):
        stored = {}
    found = stored.get(part) if part and isinstance(stored, dict) else stored
    return found if isinstance(found, dict) else {}


def measured(place: Path | None) -> dict[str, Any]:
    """The last figures of the run: {"step": ..., "metrics": {...}, "count": ...}; nothing where none are known."""
    path = beside(place, EVENTS) or beside(place, "metrics.json")
    known = [line for line in read_lines(path) if isinstance(line.get("metrics"), dict)] if path else []
    return {key: known[-1][key] for key in ("step", "metrics", "split", "count")} if known else {}


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


def show(model: Sampler, source: Source, labels: Asked | None = None) -> Shown:
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


def read_inputs(model: Sampler, source: Spec | Path | Place | None = None) -> UserSamples:
    """A user's samples, read as the model's training data were; without a source, those that were held out.

    The one way in for every verb: fit, resizer, layout and black or white pixels are those of the model's recipe.
    """
    place, made = source if isinstance(source, Place) else Place(source), model.place
    data_options = recipe_of(made, "data")
    root = None if place.data_root is None else Path(place.data_root)
    return read_samples(place.path or data(made), model.space, place.part, root, data_options, is_binary(model))


def is_binary(model: Sampler) -> bool:
    """Whether the model was trained on pixels drawn black or white."""
    return recipe_of(model.place).get("binarize") is True


def _of_tensor(model: Sampler, x: Tensor, labels: Asked | None) -> Shown:
    if tuple(x.shape[1:]) != tuple(model.space.shape) or not len(x) or not x.is_floating_point():
        wanted = ", ".join(map(str, model.space.shape))
        raise Refusal(f"Samples of shape {tuple(x.shape)} were given: floats (N, {wanted}) as networks see are needed.")
    if labels is None and model.conditions is not None:
        raise Refusal("This model is told labels: give those of these samples (labels=...).")
    y = None if labels is None else model.asked(labels).to(model.device)
    if y is not None:
        y = y[torch.arange(len(x)) % len(y)]
    return Shown(tuple(map(str, range(len(x)))), x, lambda raw: raw.float().to(model.device), y)
