"""Weights by their content."""

import hashlib
from collections.abc import Mapping

from torch import Tensor


def digest(weights: Mapping[str, Tensor]) -> str:
    """A hash of names and values: the same weights, the same hash."""
    found = hashlib.blake2b(digest_size=8)
    for name in sorted(weights):
        found.update(f"{name} {tuple(weights[name].shape)}".encode())
        found.update(weights[name].detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()
