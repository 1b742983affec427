"""What the rest of a recipe must know of its terms, by name."""

from collections.abc import Mapping

import torch

from ..terms.likelihoods import BINARY, REAL
from ..terms.penalties import PENALTIES, uses_gradient
from .parts import Spec, make


def bounds_slopes(penalties: Mapping[str, Spec], shape: tuple[int, ...]) -> bool:
    """Whether a penalty reads the critic's gradient, which a critic that mixes samples does not have one by one.

    `shape` is that of what the critic is shown.
    """
    with torch.random.fork_rng(devices=[]):  # a user's own penalty may draw its first weights
        return any(uses_gradient(make(PENALTIES, spec, f"penalties.{key}"), shape) for key, spec in penalties.items())


def weighed(spec: Spec, shape: tuple[int, ...]) -> Spec:
    """The penalty with the weight that `auto` means: lighter for points than for images; other penalties unchanged.

    Under a weight for images the critic stays too flat to tell the neighbouring modes of points apart.
    """
    if spec.get("weight") != "auto":
        return spec
    penalty = make(PENALTIES, {key: value for key, value in spec.items() if key != "weight"}, "penalty")
    if (weights := getattr(penalty, "auto_weight", None)) is None:
        return spec
    points, images = weights
    return spec | {"weight": points if len(shape) == 1 else images}


def chosen(likelihood: Spec | None, binary: bool) -> Spec | None:
    """The likelihood that `auto` means: of black or white pixels, or normal noise whose deviation is learned."""
    if likelihood is None or likelihood["name"] != "auto":
        return likelihood
    kept = {} if binary else {key: value for key, value in likelihood.items() if key in ("noise", "learned")}
    return kept | {"name": BINARY if binary else REAL}
