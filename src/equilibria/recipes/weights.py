"""What `auto` stands for in the weight of a penalty, once the samples are known."""

from collections.abc import Mapping

from .parts import Spec

_CHOSEN: Mapping[str, tuple[float, float]] = {  # for points, for images
    "gradient_penalty": (0.1, 10.0),  # both the authors': of their experiments with toy data, and of all others
}


def weighed(spec: Spec, shape: tuple[int, ...]) -> Spec:
    """The penalty with the weight that `auto` means: lighter for points than for images; other penalties unchanged.

    Under a weight for images the critic stays too flat to tell the neighbouring modes of points apart.
    """
    if spec.get("weight") != "auto" or spec["name"] not in _CHOSEN:
        return spec
    points, images = _CHOSEN[spec["name"]]
    return spec | {"weight": points if len(shape) == 1 else images}
