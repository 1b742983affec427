"""A small network that learns to tell two sets apart."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from ...core.randomness import generator
from .dense import dense

Logits = Callable[[Tensor], Tensor]  # (B, F) -> (B,), high for real

_BATCH, _LR, _DECAY = 64, 1e-3, 1e-4
MOVES = 2000  # batches, at most
_BETWEEN, _PATIENCE = 50, 8  # batches between looks at the samples held back; looks without progress


def halves(x: Tensor, seed: int, share: float = 0.5) -> tuple[Tensor, Tensor]:
    """A set (N, ...) in two at random, the first holding this share of it, and neither empty."""
    order = torch.randperm(len(x), generator=generator(seed, len(x))).to(x.device)
    first = min(max(round(share * len(x)), 1), len(x) - 1)
    return x[order[:first]], x[order[first:]]


def taught(real: Tensor, fake: Tensor, seed: int, moves: int = MOVES) -> Logits:
    """A small network that tells rows (N, F) from rows (M, F), as it did best on a fifth held back.

    Begins with equal odds for every sample and stops when the fifth no longer gets better, so that what cannot be told
    apart gets equal odds. Own generators, Adam, so many batches at most.
    """
    (real, real_check), (fake, fake_check) = halves(real.float(), seed, 0.8), halves(fake.float(), seed + 1, 0.8)
    network = dense(torch.cat([real, fake]), seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=_LR, weight_decay=_DECAY, fused=True)
    place, best, kept, waited = generator(seed, -1), float("inf"), dict[str, Tensor](), 0
    for move in range(moves + 1):
        if move % _BETWEEN == 0:
            with torch.no_grad():
                loss = float(_loss(network(real_check), network(fake_check)))
            waited = 0 if loss < best else waited + 1
            if loss < best:
                best, kept = loss, {name: value.clone() for name, value in network.state_dict().items()}
            if waited == _PATIENCE:
                break
        _move(network, optimizer, _drawn(real, place), _drawn(fake, place))
    network.load_state_dict(kept)
    return torch.no_grad()(lambda x: network(x.float()))


@torch.enable_grad()
def _move(network: nn.Module, optimizer: torch.optim.Optimizer, real: Tensor, fake: Tensor) -> None:
    optimizer.zero_grad()
    _loss(network(real), network(fake)).backward()
    optimizer.step()


def _loss(real: Tensor, fake: Tensor) -> Tensor:
    """Of logits (B,) and (B,), with equal odds before anything is seen: in nats."""
    return (softplus(-real).mean() + softplus(fake).mean()) / 2


def _drawn(x: Tensor, place: torch.Generator) -> Tensor:
    return x[torch.randint(len(x), (_BATCH,), generator=place).to(x.device)]
