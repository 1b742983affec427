"""Unrolled GANs: the generator's loss against the critic after some optimizer steps (Metz et al. 2017)."""

import copy
from collections.abc import Callable
from dataclasses import replace
from itertools import count

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ..core.catalogue import Catalogue
from ..core.errors import above_zero, at_least
from ..core.types import Terms
from ..terms.gradients import Weights, leaves, weight_gradient
from ..terms.penalties import Penalty
from .contest import Contest
from .game import Loss
from .play import Play

InnerStep = Callable[[Weights, Weights], Weights]  # weights and their gradients, to the next weights


def descent(lr: float) -> InnerStep:
    """Gradient descent, as in the paper's equations (Metz et al. 2017, eq. 7)."""
    return lambda weights, gradients: {name: weight - lr * gradients[name] for name, weight in weights.items()}


def adam(lr: float, beta1: float = 0.5, beta2: float = 0.999, eps: float = 1e-8) -> InnerStep:
    """Adam from zero moments, differentiated through (after Metz et al. 2017, whose experiments unroll Adam)."""
    first, second, steps = dict[str, Tensor](), dict[str, Tensor](), count(1)

    def step(weights: Weights, gradients: Weights) -> Weights:
        t, result = next(steps), Weights()
        for name, weight in weights.items():
            zero, gradient = torch.zeros_like(weight), gradients[name]
            first[name] = torch.lerp(gradient, first.get(name, zero), beta1)
            second[name] = torch.lerp(gradient.square(), second.get(name, zero), beta2)
            scale = (second[name] / (1 - beta2**t) + eps**2).sqrt()  # eps inside the root: smooth at zero
            result[name] = weight - lr * first[name] / (1 - beta1**t) / scale
        return result

    return step


INNER_OPTIMIZERS = Catalogue("optimizer of unrolled steps", descent=descent, adam=adam)


class Reweighted(nn.Module):
    """A critic with other weights than its own."""

    def __init__(self, critic: nn.Module, weights: Weights):
        super().__init__()
        self.critic, self.weights = critic, weights

    def forward(self, *views: Tensor, **condition: Tensor) -> Tensor:
        """Views, each (B, ...), and (B, C)? -> (B,)."""
        return functional_call(self.critic, self.weights, views, condition)


def unrolled(contest: Contest, steps: int, lr: float, by: str = "descent") -> Loss:
    """The generator's loss against the critic after `steps` more steps of its own (Metz et al. 2017).

    Gradients flow through these steps. Raises Refusal for a negative number of steps or a rate that is not positive.
    """
    at_least(0, "The game", unroll=steps)
    above_zero("The game", unroll_lr=lr)
    optimizer = INNER_OPTIMIZERS[by]

    def generator_terms(play: Play) -> Terms:
        play.fake  # noqa: B018 - computed once, for all steps
        critic = play.networks[contest.critic]
        parameters = dict(critic.named_parameters())
        weights = dict(zip(parameters, leaves(tuple(parameters.values())), strict=True))
        penalties = {k: _on_copies(p) if isinstance(p, nn.Module) else p for k, p in contest.penalties.items()}
        stateless, step = replace(contest, penalties=penalties), optimizer(lr)
        for _ in range(steps):
            weights = step(weights, _gradients(stateless, play, critic, weights))
        return contest.generator_terms(_with_critic(play, contest.critic, Reweighted(critic, weights)))

    return generator_terms if steps else contest.generator_terms


def _gradients(contest: Contest, play: Play, critic: nn.Module, weights: Weights) -> Weights:
    """The gradient of the critic's loss at these weights."""

    def loss(weights: Weights) -> Tensor:
        duel = contest.duel(_with_critic(play, contest.critic, Reweighted(critic, weights)))
        return torch.stack(list(contest.terms(duel).values())).sum()

    return weight_gradient(loss, weights)


def _on_copies(penalty: nn.Module) -> Penalty:
    """The penalty with copies of its buffers: unrolled steps do not change its state."""
    buffers = {name: buffer.clone() for name, buffer in penalty.named_buffers()}
    return lambda duel: functional_call(penalty, buffers, (duel,))


def _with_critic(play: Play, name: str, critic: nn.Module) -> Play:
    """The same play with another critic."""
    other = copy.copy(play)
    other.networks = {**play.networks, name: critic}
    return other
