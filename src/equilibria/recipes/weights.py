"""What the rest of a recipe must know of its terms, by name."""

from collections.abc import Mapping

from .parts import Spec

_CHOSEN: Mapping[str, tuple[float, float]] = {  # for points, for images
    "gradient_penalty": (0.1, 10.0),  # both the authors': of their experiments with toy data, and of all others
}

_ON_SCORES = ("lecam",)  # all others read slopes


def bounds_slopes(penalties: Mapping[str, Spec]) -> bool:
    """Whether a penalty reads slopes, which a critic that mixes samples does not have one by one."""
    return any(spec["name"] not in _ON_SCORES for spec in penalties.values())


def weighed(spec: Spec, shape: tuple[int, ...]) -> Spec:
    """The penalty with the weight that `auto` means: lighter for points than for images; other penalties unchanged.

    Under a weight for images the critic stays too flat to tell the neighbouring modes of points apart.
    """
    if spec.get("weight") != "auto" or spec["name"] not in _CHOSEN:
        return spec
    points, images = _CHOSEN[spec["name"]]
    return spec | {"weight": points if len(shape) == 1 else images}


def chosen(likelihood: Spec | None, binary: bool) -> Spec | None:
    """The likelihood that `auto` means: of black or white pixels, or normal noise whose deviation is learned."""
    if likelihood is None or likelihood["name"] != "auto":
        return likelihood
    kept = {} if binary else {key: value for key, value in likelihood.items() if key in ("noise", "learned")}
    return kept | {"name": "bernoulli" if binary else "gaussian"}
