"""Unrolled GANs: the generator faces the critic after some optimizer steps (Metz et al. 2017)."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ..core.catalogue import Catalogue
from ..core.errors import Refusal
from ..core.types import Terms
from ..terms.gradients import Weights, leaves, weight_gradient
from ..terms.penalties import Duel, Penalty
from .contest import Contest
from .play import Play

InnerStep = Callable[[Weights, Weights], Weights]  # weights and the slopes at them, to the next weights


def descent(lr: float) -> InnerStep:
    """Straight down the gradient, as in the paper's equations (Metz et al. 2017, eq. 7)."""
    return lambda weights, slopes: {name: weight - lr * slopes[name] for name, weight in weights.items()}


def adam(lr: float, beta1: float = 0.5, beta2: float = 0.999, eps: float = 1e-8) -> InnerStep:
    """Adam from fresh moments, differentiated through (after Metz et al. 2017, whose experiments unroll Adam)."""
    first, second, steps = dict[str, Tensor](), dict[str, Tensor](), count(1)

    def answer(weights: Weights, slopes: Weights) -> Weights:
        t, moved = next(steps), Weights()
        for name, weight in weights.items():
            zero, slope = torch.zeros_like(weight), slopes[name]
            first[name] = torch.lerp(slope, first.get(name, zero), beta1)
            second[name] = torch.lerp(slope.square(), second.get(name, zero), beta2)
            scale = (second[name] / (1 - beta2**t) + eps**2).sqrt()  # smooth at zero, where eps beside the root is not
            moved[name] = weight - lr * first[name] / (1 - beta1**t) / scale
        return moved

    return answer


INNER_OPTIMIZERS = Catalogue("answer of a critic", descent=descent, adam=adam)


class Reweighted(nn.Module):
    """A critic with other weights than its own."""

    def __init__(self, critic: nn.Module, weights: Weights):
        super().__init__()
        self.critic, self.weights = critic, weights

    def forward(self, *views: Tensor, **condition: Tensor) -> Tensor:
        """Views, each (B, ...), and (B, C)? -> (B,)."""
        return functional_call(self.critic, self.weights, views, condition)


def unrolled(contest: Contest, steps: int, lr: float, by: str = "descent") -> Callable[[Play], Terms]:
    """What the generator loses to the critic as it will be after so many `steps` of its own (Metz et al. 2017).

    The steps are differentiated through: the generator sees how the critic would react to what it does.
    """
    if steps < 0 or lr <= 0:
        raise Refusal(f"unroll is {steps} and unroll_lr {lr}: 0 or more steps of positive length are needed.")
    INNER_OPTIMIZERS[by]

    def towards(play: Play) -> Terms:
        play.fake  # noqa: B018 - made once, and seen by every step
        critic = play.networks[contest.critic]
        named = dict(critic.named_parameters())
        weights = dict(zip(named, leaves(tuple(named.values())), strict=True))
        foreseen = replace(contest, penalties=_forgetful(contest.penalties))
        step = INNER_OPTIMIZERS[by](lr)
        for _ in range(steps):
            weights = step(weights, _slopes(foreseen, play, critic, weights))
        return contest.generator_terms(_against(play, contest.critic, Reweighted(critic, weights)))

    return towards if steps else contest.generator_terms


def _slopes(contest: Contest, play: Play, critic: nn.Module, weights: Weights) -> Weights:
    """The gradient of what the critic has to minimize, at these weights."""

    def loss(weights: Weights) -> Tensor:
        duel = contest.duel(_against(play, contest.critic, Reweighted(critic, weights)))
        return torch.stack(list(contest.terms(duel).values())).sum()

    return weight_gradient(loss, weights)


def _forgetful(penalties: Mapping[str, Penalty]) -> Mapping[str, Penalty]:
    """The same, where what remembers does so in copies: no move of the critic has taken place."""
    return {name: _apart(price) if isinstance(price, nn.Module) else price for name, price in penalties.items()}


def _apart(penalty: nn.Module) -> Penalty:
    memory = {name: buffer.clone() for name, buffer in penalty.named_buffers()}

    def price(duel: Duel) -> Tensor:
        return functional_call(penalty, memory, (duel,))

    return price


def _against(play: Play, name: str, critic: nn.Module) -> Play:
    """The same play before another critic."""
    other = copy.copy(play)
    other.networks = {**play.networks, name: critic}
    return other
