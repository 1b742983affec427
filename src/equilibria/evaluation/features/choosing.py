"""Which network samples are compared by, from what a user names."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...core.errors import Refusal
from ...core.imports import imported
from ...data.records import Data
from . import FEATURES, Features
from .classifier import Say, kept_of

AUTO = "auto"


def choose(name: str, data: Data, root: Path | None = None, say: Say | None = None, **options: Any) -> Features:
    """The feature network of this name, a user's own `module:function`, or "auto": what suits the data.

    Auto takes points as they are; pictures by a classifier of their own classes, which is trained if it is not kept
    yet, or, where they have none, by random convolutions. Raises Refusal for what there is not.
    """
    told = say or (lambda _: None)
    if name == AUTO:
        name = suitable(data)
        if name == "classifier" and kept_of(data, root) is None:
            told(f"No classifier of {data.name!r} is kept yet: it is trained now, once (`equilibria features train`).")
        if name == "random":
            told(
                f"The pictures of {data.name!r} have no classes to train a classifier on, so they are compared through "
                "convolutions that were never trained: --features inception is better where its weights are at hand."
            )
    builder: Callable[..., Any] = imported(name, FEATURES.kind) if ":" in name else FEATURES[name]
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
