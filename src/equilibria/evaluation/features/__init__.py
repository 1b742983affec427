"""Feature networks for metrics. The table is the registration."""

import inspect
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...core.catalogue import Catalogue
from ...core.errors import Refusal
from ...core.specs import import_function
from ...core.text import duration
from ...data.dataset import Data
from .base import Features, digest
from .classifier import classified_data, classifier, frozen, refuse_other_than_images, stored_classifier
from .classifier_training import Say, resizing, silent, training_seconds, untrained
from .inception import inception, stored_weights


def random(data: Data, *, seed: int = 0) -> Features:
    """Untrained convolutions: a sanity check, and the fallback for images without classes.

    `seed` is for their weights. Raises Refusal for data without images.
    """
    refuse_other_than_images(data)
    network = untrained(data.space.shape, 1, seed).eval().requires_grad_(False)
    about = "untrained convolutions: a sanity check that does not separate good models from better ones"
    resized = resizing(data.space.shape)
    return Features("random convolutions", frozen(network.features), digest(network.state_dict()), resized, about)


def pixels(data: Data) -> Features:
    """Samples as they are: points by their coordinates, images by their pixels."""
    return Features("pixels", lambda x: x.flatten(1).float(), "none", "none", "samples as they are")


__all__ = ["AUTO", "FEATURES", "Features", "choose", "published", "suitable"]

FEATURES = Catalogue("feature network", inception=inception, classifier=classifier, random=random, pixels=pixels)
AUTO = "auto"
_PER_CLASS = 20  # training samples that a classifier needs
_LATER = (
    "untrained convolutions, a sanity check only, because there is no classifier of {data} yet, and training it takes "
    "about {time}, once: --features classifier does it, and later evaluations use it"
)


def published(data: Data) -> str:
    """The network that published distances use, if its weights are here and the data is images; else "auto"."""
    return "inception" if len(data.space.shape) == 3 and stored_weights() is not None else AUTO


def choose(
    name: str, data: Data, root: Path | None = None, say: Say = silent, seconds: float = math.inf, **options: Any
) -> Features:
    """The feature network of this name, a user's own `module:function`, or "auto": what suits the data.

    Auto means points as they are, and images by a classifier of their own classes, which is trained if none is stored
    and it takes no more than some `seconds`; else by random convolutions. Raises Refusal for an unknown name.
    """
    if name == AUTO:
        name = suitable(data)
        if name == "classifier" and stored_classifier(data, root) is None:
            if (expected := training_seconds(classified_data(data, root))) > seconds:
                return replace(random(data), about=_LATER.format(data=data.name, time=duration(expected)))
            say(f"There is no classifier of {data.name!r} yet: training it now, once (`equilibria features train`).")
        if name == "random":
            say(
                f"The images of {data.name!r} have no classes, or too few of each, to train a classifier on, so their "
                "features are those of convolutions that were never trained: --features inception is better if its "
                "weights are available."
            )
    builder: Callable[..., Any] = import_function(name, FEATURES.kind) if ":" in name else FEATURES[name]
    parameters = inspect.signature(builder).parameters
    context = {key: value for key, value in (("root", root), ("say", say)) if key in parameters}
    features = builder(data, **context, **options)
    if not isinstance(features, Features):
        raise Refusal(
            f"{name} answers {type(features).__name__}: it must return equilibria.evaluation.features.Features(name, "
            "network, digest), with a network from samples (B, ...) to (B, F)."
        )
    return features


def suitable(data: Data) -> str:
    """The meaning of "auto" for this data."""
    if len(data.space.shape) != 3:
        return "pixels"
    classes = data.labels is not None and data.labels.kind == "class" and len(data.labeled_part().held_out) > 0
    enough = classes and data.labels is not None and len(data.x) >= _PER_CLASS * data.labels.size
    return "classifier" if enough or data.channels_of else "random"
