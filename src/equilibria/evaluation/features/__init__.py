"""Features that metrics compare samples by. The table is the registration."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor, no_grad

from ...core.catalogue import Catalogue
from ...core.errors import Refusal
from ...core.specs import import_function
from ...data.dataset import Data
from .base import Features, digest
from .classifier import Say, classifier, stored_classifier
from .classifier_training import resizing, untrained
from .inception import inception


def random(data: Data, *, seed: int = 0) -> Features:
    """Convolutions that were never trained: for sanity only, and where there is nothing better.

    `seed` is what draws their weights.
    """
    if len(data.space.shape) != 3:
        raise Refusal(f"The data {data.name!r} are no pictures: compare their samples as they are, --features pixels.")
    network = untrained(data.space.shape, 1, seed).eval().requires_grad_(False)

    @no_grad()
    def look(x: Tensor) -> Tensor:
        return network.features(x.float())

    about = "convolutions that were never trained: good for sanity, not for telling good models from better ones"
    return Features("random convolutions", look, digest(network.state_dict()), resizing(data.space.shape), about)


def pixels(data: Data) -> Features:
    """Samples as they are: points by their coordinates, pictures by their pixels."""
    return Features("pixels", lambda x: x.flatten(1).float(), "none", "none", "samples as they are")


__all__ = ["FEATURES", "Features"]

FEATURES = Catalogue("feature network", inception=inception, classifier=classifier, random=random, pixels=pixels)


AUTO = "auto"


def choose(name: str, data: Data, root: Path | None = None, say: Say | None = None, **options: Any) -> Features:
    """The feature network of this name, a user's own `module:function`, or "auto": what suits the data.

    Auto takes points as they are; pictures by a classifier of their own classes, which is trained if it is not kept
    yet, or, where they have none, by random convolutions. Raises Refusal for what there is not.
    """
    told = say or (lambda _: None)
    if name == AUTO:
        name = suitable(data)
        if name == "classifier" and stored_classifier(data, root) is None:
            told(f"No classifier of {data.name!r} is kept yet: it is trained now, once (`equilibria features train`).")
        if name == "random":
            told(
                f"The pictures of {data.name!r} have no classes to train a classifier on, so they are compared through "
                "convolutions that were never trained: --features inception is better where its weights are at hand."
            )
    builder: Callable[..., Any] = import_function(name, FEATURES.kind) if ":" in name else FEATURES[name]
    context = {"root": root, "say": say}
    taken = inspect.signature(builder).parameters
    found = builder(data, **{key: value for key, value in context.items() if key in taken}, **options)
    if not isinstance(found, Features):
        raise Refusal(
            f"{name} answers {type(found).__name__}: it must answer equilibria.evaluation.features.Features(name, "
            "network, digest), of a network from samples (B, ...) to (B, F)."
        )
    return found


def suitable(data: Data) -> str:
    """What "auto" means for these data."""
    if len(data.space.shape) != 3:
        return "pixels"
    classes = data.labels is not None and data.labels.kind == "class" and data.held_out_y is not None
    return "classifier" if classes or data.channels_of else "random"
