"""A frozen feature network and its provenance."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Features:
    """A frozen network, with its part of a value's provenance."""

    name: str  # as in the provenance
    network: Callable[[Tensor], Tensor]  # (B, *sample), as the space encodes them -> (B, F), float32
    digest: str  # a hash of its weights
    resizing: str = "none"  # of samples, before the network
    about: str = ""  # a sentence for people: accuracy on held-out samples, what it is good for
    classify: Callable[[Tensor], Tensor] | None = None  # (B, *sample) -> logits (B, C), if it predicts classes


def digest(weights: Mapping[str, Tensor]) -> str:
    """A hash of names and values: the same weights, the same hash."""
    state = hashlib.blake2b(digest_size=8)
    for name in sorted(weights):
        state.update(f"{name} {tuple(weights[name].shape)}".encode())
        state.update(weights[name].detach().cpu().contiguous().numpy().tobytes())
    return state.hexdigest()
