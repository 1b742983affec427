"""A linear generator, a linear encoder, and the critic that knows how their pairs are distributed."""

import torch
from torch import Tensor, nn

from ...core.posteriors import Point
from ...core.priors import PRIORS
from ...core.types import Batch
from ...games import GAMES
from ...games.game import Game
from ...games.play import Play
from ...terms.divergences import DIVERGENCES
from .critics import noise

_COUNT, _BLUR = 64, 0.3  # samples, and the deviation of the noise behind which the critic sees pairs
TRUTH = torch.tensor([[1.2, 0.3], [-0.4, 0.8]], dtype=torch.float64)  # data are this times standard normals


class Linear(nn.Module):
    """A generator, A z."""

    def __init__(self, weight: Tensor):
        super().__init__()
        self.weight = nn.Parameter(weight.clone())

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, 2) -> (B, 2)."""
        return z @ self.weight.T


class Inverse(Linear):
    """An encoder, C x."""

    def forward(self, x: Tensor, y: Tensor | None = None) -> Point:  # type: ignore[override]
        """(B, 2) -> over (B, 2)."""
        return Point(x @ self.weight.T)


class Knowing(nn.Module):
    """A critic of pairs whose score is their log likelihood ratio, seen through a little noise."""

    def __init__(self) -> None:
        super().__init__()
        self.curve = nn.Parameter(torch.zeros(4, 4, dtype=torch.float64))
        self.level = nn.Parameter(torch.zeros((), dtype=torch.float64))

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """(B, 2), (B, 2) -> (B,)."""
        pair = torch.cat([x, z], dim=1)
        return self.level + (pair @ self.curve * pair).sum(dim=1)

    def learn(self, play: Play) -> None:
        """Score normal pairs by log p(real) - log p(fake), each with its own covariance."""
        real, fake = _spread(play.x, play.code).detach(), _spread(play.fake, play.z).detach()
        self.curve.data = (torch.linalg.inv(fake) - torch.linalg.inv(real)) / 2
        self.level.data = (torch.logdet(fake) - torch.logdet(real)) / 2


def pair_game(generator: Tensor, encoder: Tensor, answer: str) -> Game:
    """A generator and an encoder with these weights (2, 2), who answer by "exchange" or "minus"."""
    divergence = DIVERGENCES["non_saturating" if answer == "exchange" else "minimax"]()
    return GAMES["bigan"](
        Linear(generator), Inverse(encoder), Knowing(), PRIORS["normal"](2), divergence, {}, answer=answer
    )


def pull(game: Game) -> Tensor:
    """The pair's gradient before the best critic: (8,)."""
    play = _play(game)
    game.networks["critic"].learn(play)  # type: ignore[operator]
    pair = game.players[-1]
    loss = torch.stack(list(pair.loss(play).values())).sum()
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, game.parameters(pair))])


def played_out(game: Game, rounds: int = 300, lr: float = 0.03) -> Tensor:
    """What the encoder makes of what the generator makes of latents, in the end: a matrix (2, 2)."""
    pair = game.parameters(game.players[-1])
    optimizer = torch.optim.Adam(pair, lr=lr, betas=(0.5, 0.9))
    for step in range(rounds):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / rounds)
        gradient = pull(game)
        for weight, part in zip(pair, gradient.split(4), strict=True):
            weight.grad = part.view_as(weight)
        optimizer.step()
    with torch.no_grad():
        backwards, forwards = (dict(game.networks[role].named_parameters()) for role in ("encoder", "generator"))
        return backwards["weight"] @ forwards["weight"]


def _play(game: Game) -> Play:
    """Data and latents whose covariances are exactly those that they are drawn with."""
    play = Play(game.networks, Batch(_whitened(1) @ TRUTH.T), game.prior)
    play.z = _whitened(2)
    return play


def _whitened(seed: int) -> Tensor:
    drawn = noise(_COUNT, seed, (2,))
    drawn = drawn - drawn.mean(dim=0)
    return torch.linalg.solve_triangular(torch.linalg.cholesky(drawn.T @ drawn / len(drawn)), drawn.T, upper=False).T


def _spread(x: Tensor, z: Tensor) -> Tensor:
    pair = torch.cat([x, z], dim=1)
    return pair.T @ pair / len(pair) + _BLUR**2 * torch.eye(4, dtype=torch.float64)
