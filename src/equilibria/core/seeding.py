"""Random generators seeded by a place in the run, independent of all draws before it."""

import hashlib
import struct

import torch

from .errors import Refusal


def key(*place: int) -> int:
    """The seed of a place: (run seed, draw, process), (data seed, epoch), ... Raises Refusal for more than 64 bits."""
    try:
        packed = struct.pack(f"{len(place)}q", *place)
    except struct.error:
        raise Refusal(f"A seed is {max(place, key=abs)}: it must be between -2^63 and 2^63 - 1.") from None
    digest = hashlib.blake2b(packed, digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def generator(*place: int) -> torch.Generator:
    """A new CPU generator for this place."""
    return torch.Generator().manual_seed(key(*place))


def reseed(*place: int) -> None:
    """Seed the default generators, of the CPU and the current CUDA device, for this place."""
    torch.default_generator.manual_seed(key(*place))  # 1 us; torch.manual_seed takes over 100
    if torch.cuda.is_initialized():  # else it has no generator yet, and nothing is drawn there
        torch.cuda.default_generators[torch.cuda.current_device()].manual_seed(key(*place))
