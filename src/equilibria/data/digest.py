"""What tells whether data are still the same."""

import hashlib

import torch

from .records import Data

_SEEN = 4096  # samples


def digest(data: Data) -> str:
    """A hash of some of the training samples, always the same ones."""
    chosen = torch.linspace(0, len(data.x) - 1, min(len(data.x), _SEEN)).long()
    return hashlib.blake2b(data.x[chosen].contiguous().cpu().numpy().tobytes(), digest_size=16).hexdigest()
