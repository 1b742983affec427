"""What needs no training: random convolutions, and samples as they are."""

from torch import Tensor, no_grad

from ...core.errors import Refusal
from ...data.records import Data
from .base import Features
from .convolutions import began, resizing
from .hashing import digest


def random(data: Data, *, seed: int = 0) -> Features:
    """Convolutions that were never trained: for sanity only, and where there is nothing better.

    `seed` is what draws their weights.
    """
    if len(data.space.shape) != 3:
        raise Refusal(f"The data {data.name!r} are no pictures: compare their samples as they are, --features pixels.")
    network = began(data.space.shape, 1, seed).eval().requires_grad_(False)

    @no_grad()
    def look(x: Tensor) -> Tensor:
        return network.features(x.float())

    about = "convolutions that were never trained: good for sanity, not for telling good models from better ones"
    return Features("random convolutions", look, digest(network.state_dict()), resizing(data.space.shape), about)


def pixels(data: Data) -> Features:
    """Samples as they are: points by their coordinates, pictures by their pixels."""
    return Features("pixels", lambda x: x.flatten(1).float(), "none", "none", "samples as they are")
