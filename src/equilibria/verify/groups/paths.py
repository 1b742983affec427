"""The path of the Dirac-GAN under every divergence and every update rule, beside the formulas of the rules."""

import math
from functools import partial
from itertools import accumulate, repeat

import torch
from torch import Tensor

from ...terms.divergences import DIVERGENCES, Divergence
from ...training.rules import RULES
from ..claims import Claim, below
from ..scenes.scalar import RATE, START, played
from .orders import GAMMA, rule

_ROUNDS = 20


def claims() -> list[Claim]:
    """One for each divergence, over all rules that have a formula here; about both."""
    known = [name for name in RULES if name in _STEPS]
    words = f"the Dirac-GAN's path over {_ROUNDS} rounds is the formula's ({', '.join(known)})"
    return [
        below(f"{name}: {words}", "Mescheder et al. 2018", partial(_apart, name, known), 1e-9, name, *known)
        for name in DIVERGENCES
    ]


def _apart(name: str, rules: list[str]) -> float:
    """The distance between the ends of the loop's path and of the formula's, at most."""
    gaps = []
    for known in rules:
        divergence, start = DIVERGENCES[name](), torch.tensor(START, dtype=torch.float64)
        *_, end = accumulate(repeat(divergence, _ROUNDS), _STEPS[known], initial=start)
        gaps.append(math.dist(played(divergence, rule=rule(known), rounds=_ROUNDS), end.tolist()))
    return max(gaps)


def _field(divergence: Divergence, w: Tensor) -> Tensor:
    """Where both losses rise, each in its own player's number, at w = (theta, psi): (2,)."""
    w = w if w.requires_grad else w.clone().requires_grad_()
    theta, psi = w[0], w[1]
    real, fake = (psi * 0).view(1), (psi * theta).view(1)
    (up,) = torch.autograd.grad(divergence.generator(real, fake).sum(), theta, create_graph=True)
    (down,) = torch.autograd.grad(divergence.critic(real, fake).sum(), psi, create_graph=True)
    return torch.stack([up, down])


def _simultaneous(w: Tensor, divergence: Divergence) -> Tensor:
    return (w - RATE * _field(divergence, w)).detach()


def _alternating(w: Tensor, divergence: Divergence) -> Tensor:
    w = w - RATE * _field(divergence, w).detach() * torch.tensor([0.0, 1.0])
    return w - RATE * _field(divergence, w).detach() * torch.tensor([1.0, 0.0])


def _extragradient(w: Tensor, divergence: Divergence) -> Tensor:
    return (w - RATE * _field(divergence, _simultaneous(w, divergence))).detach()


def _consensus(w: Tensor, divergence: Divergence) -> Tensor:
    here = w.clone().requires_grad_()
    v = _field(divergence, here)
    (slope,) = torch.autograd.grad(v.square().sum() / 2, here)
    return (w - RATE * (v + GAMMA * slope)).detach()


_STEPS = {
    "alternating": _alternating,
    "simultaneous": _simultaneous,
    "extragradient": _extragradient,
    "consensus": _consensus,
}
