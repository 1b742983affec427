"""A frozen feature network and its provenance."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Features:
    """A network that is held still, with what a card says of it."""

    name: str  # as cards carry it
    network: Callable[[Tensor], Tensor]  # (B, *sample), as the space encodes them -> (B, F), float32
    digest: str  # a hash of its weights
    resizing: str = "none"  # what is done to samples before
    about: str = ""  # a sentence for people: accuracy on held-out samples, what it is good for
    classify: Callable[[Tensor], Tensor] | None = None  # (B, *sample) -> logits (B, C), where it tells classes


def digest(weights: Mapping[str, Tensor]) -> str:
    """A hash of names and values: the same weights, the same hash."""
    found = hashlib.blake2b(digest_size=8)
    for name in sorted(weights):
        found.update(f"{name} {tuple(weights[name].shape)}".encode())
        found.update(weights[name].detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()
