"""Which samples are held out, when nobody has said."""

import hashlib

import numpy as np
import torch
from torch import Tensor

from ..core.errors import Refusal

_TENTH = 256 // 10


def held_out(x: Tensor) -> Tensor:
    """About 10 % of the samples, chosen by a hash of their content, so that copies stay on one side: (N,) bool.

    x is (N, ...). The choice does not depend on the order or on the other samples, unless they are so few that one
    part would be empty: then the smallest hash is held out.
    """
    rows = x.flatten(1).contiguous().numpy()
    chosen = torch.tensor([_hash(row, 1) < _TENTH for row in rows], dtype=torch.bool)
    if chosen.any() and not chosen.all():
        return chosen
    order = [_hash(row, 8) for row in rows]
    least = min(order)
    chosen = torch.tensor([place == least for place in order], dtype=torch.bool)
    if chosen.all():
        raise Refusal(f"{len(rows)} samples, none different from the others: there is nothing to hold out.")
    return chosen


def _hash(row: np.ndarray, size: int) -> int:
    return int.from_bytes(hashlib.blake2b(row.tobytes(), digest_size=size).digest(), "big")
