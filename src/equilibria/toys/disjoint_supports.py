"""Critics trained between supports that do not meet: two points, and two parallel lines.

Parallel lines are example 1 of Arjovsky et al. (2017): data (0, Z), model (theta, Z), Z uniform on [0, 1].
"""

from typing import NamedTuple

import torch
from torch import Tensor

from ..terms.divergences import DIVERGENCES
from ..terms.gradients import input_gradient
from ..terms.penalties import Duel, Penalty
from .critics import TanhCritic, fit_adam, fit_lbfgs


class AtPoints(NamedTuple):
    """A critic between the fake point 0 and the real point at a distance, and what it learned."""

    critic: TanhCritic
    norm: float  # of the gradient, mean between the points
    gap: float  # the real score minus the fake one
    share: float  # the penalty over the gap


def critic_between_points(penalty: Penalty, distance: float, moves: int = 500) -> AtPoints:
    """A critic trained with the Wasserstein loss and this penalty."""
    critic, divergence = TanhCritic(1, 64), DIVERGENCES["wasserstein"]()
    real, fake = torch.full((32, 1), distance, dtype=torch.float64), torch.zeros(32, 1, dtype=torch.float64)

    def terms() -> tuple[Tensor, Tensor]:
        duel = Duel(critic, (real,), (fake,))
        cost = penalty(duel).mean()
        return divergence.critic(*duel.scores).mean(), cost

    fit_adam(critic.parameters(), lambda: torch.stack(terms()).sum(), moves)
    loss, cost = (term.detach() for term in terms())
    points = torch.linspace(0, distance, 33, dtype=torch.float64)[:, None]
    norm = input_gradient(critic, (points,)).abs().mean()
    return AtPoints(critic, float(norm.detach()), -float(loss), -float(cost / loss))


def parallel_lines(theta: float, count: int = 64) -> tuple[Tensor, Tensor]:
    """Equally spaced points of both lines: (count, 2) each."""
    z = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    return torch.stack([0 * z, z], dim=1), torch.stack([0 * z + theta, z], dim=1)


def critic_between_lines(name: str, theta: float, moves: int | None = None) -> TanhCritic:
    """A critic trained with a divergence of the catalogue."""
    critic, divergence, (real, fake) = TanhCritic(2), DIVERGENCES[name](), parallel_lines(theta)
    fit, steps = (fit_adam, 150) if name == "kl" else (fit_lbfgs, 60)  # L-BFGS needs a loss with a minimum
    fit(critic.parameters(), lambda: divergence.critic(critic(real), critic(fake)).mean(), moves or steps)
    return critic


def wgan_gp_critic_between_lines(theta: float, penalty: Penalty, moves: int = 250) -> TanhCritic:
    """A critic trained with the Wasserstein loss and a penalty."""
    critic, divergence, (real, fake) = TanhCritic(2), DIVERGENCES["wasserstein"](), parallel_lines(theta)

    def loss() -> Tensor:
        duel = Duel(critic, (real,), (fake,))
        return (penalty(duel) + divergence.critic(*duel.scores)).mean()

    fit_adam(critic.parameters(), loss, moves)
    return critic
