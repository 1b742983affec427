"""A Gaussian fitted to a mixture by five f-divergences: `python benchmarks/fgan_gaussians.py`, ten minutes on one core.

The experiment of Nowozin et al. (2016, section 3): p is a mixture of two Gaussians, the model N(mu, sigma^2), and the
critic has two hidden layers of 64 tanh units. First the exact optima by quadrature, then what training finds (the mean
of the last fifth of the rounds), then every fit judged by every divergence, exactly. Mind that the learned bound is a
lower one.
"""

import argparse
import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from equilibria.core.priors import PRIORS
from equilibria.data import Data, Stream
from equilibria.games import GAMES
from equilibria.networks import CRITICS
from equilibria.terms.divergences import DIVERGENCES
from equilibria.training.loop import run_rounds
from equilibria.training.optimizers import OPTIMIZERS
from equilibria.training.run import Average, Run

WEIGHTS, MEANS, VARIANCES = (0.33, 0.67), (-1.0, 2.0), (0.065, 2.0)
GRID = torch.linspace(-25, 27, 40_001, dtype=torch.float64)
BATCH, RATE, LAST = 1024, 0.01, 0.2
NAMES = ("kl", "reverse_kl", "jensen_shannon", "jeffreys", "pearson")


def main() -> None:
    """Print exact optima, learned fits, and both tables of every fit judged by every divergence."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20_000)
    parser.add_argument("--n-critic", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--names", nargs="+", default=NAMES, choices=NAMES)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    exact = {name: optimum(name) for name in asked.names}
    learned = {}
    print("| divergence | D* | mu* | sigma* | learned bound | mu | sigma |\n|---|---|---|---|---|---|---|")
    for name in asked.names:
        mu, sigma, bound = fitted(name, asked.rounds, asked.n_critic, asked.seed)
        learned[name] = (mu, sigma)
        best = exact[name]
        found = f"{bound:.4f} | {mu:.4f} | {sigma:.4f}"
        print(f"| {name} | {divergence(name, *best):.4f} | {best[0]:.4f} | {best[1]:.4f} | {found} |", flush=True)
    for title, fits in (("exact optima", exact), ("learned fits", learned)):
        print(f"\n| {title}: fitted by, judged by | {' | '.join(fits)} |\n|---|{'---|' * len(fits)}")
        for name, fit in fits.items():
            print(f"| {name} | {' | '.join(f'{divergence(judge, *fit):.4f}' for judge in fits)} |")


def log_mixture(x: Tensor) -> Tensor:
    """log p: the shape of x."""
    parts = [math.log(w) + log_normal(x, m, math.sqrt(v)) for w, m, v in zip(WEIGHTS, MEANS, VARIANCES, strict=True)]
    return torch.logsumexp(torch.stack(parts), dim=0)


def log_normal(x: Tensor, mu: Tensor | float, sigma: Tensor | float) -> Tensor:
    """log N(x; mu, sigma^2): the shape of x."""
    sigma = torch.as_tensor(sigma, dtype=x.dtype)
    return -(((x - mu) / sigma) ** 2) / 2 - sigma.log() - math.log(2 * math.pi) / 2


EXACT: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {  # integrands of log p, log q
    "kl": lambda p, q: p.exp() * (p - q),
    "reverse_kl": lambda p, q: q.exp() * (q - p),
    "jensen_shannon": lambda p, q: p.exp() * (p - middle(p, q)) + q.exp() * (q - middle(p, q)),
    "jeffreys": lambda p, q: (p.exp() - q.exp()) * (p - q),
    "pearson": lambda p, q: (2 * p - q).exp() - 2 * p.exp() + q.exp(),
}


def middle(p: Tensor, q: Tensor) -> Tensor:
    """log of (p + q) / 2."""
    return torch.logaddexp(p, q) - math.log(2)


def divergence(name: str, mu: Tensor | float, sigma: Tensor | float) -> Tensor:
    """The divergence of p from N(mu, sigma^2), by quadrature: ()."""
    return torch.trapezoid(EXACT[name](log_mixture(GRID), log_normal(GRID, mu, sigma)), GRID)


def optimum(name: str) -> tuple[float, float]:
    """The exact best mean and deviation."""
    place = torch.tensor([0.5, 0.6], dtype=torch.float64, requires_grad=True)  # mu, log sigma
    optimizer = torch.optim.LBFGS([place], max_iter=200, tolerance_grad=1e-12, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = divergence(name, place[0], place[1].exp())
        value.backward()
        return value

    optimizer.step(loss)
    mu, log_sigma = place.tolist()
    return mu, math.exp(log_sigma)


class Affine(nn.Module):
    """G(z) = mu + sigma z."""

    def __init__(self) -> None:
        super().__init__()
        self.mu, self.sigma = nn.Parameter(torch.zeros(())), nn.Parameter(torch.ones(()))

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, 1) -> (B, 1)."""
        return self.mu + self.sigma * z


class Line:
    """Samples are numbers."""

    shape = (1,)

    def encode(self, raw: Tensor) -> Tensor:
        """They are kept as networks see them: (B, 1)."""
        return raw


def fitted(name: str, rounds: int, n_critic: int, seed: int) -> tuple[float, float, float]:
    """Mean, deviation and bound that training finds: averages of the last fifth of the rounds."""
    torch.manual_seed(seed)
    x = mixture(200_000)
    prior, critic = PRIORS["normal"](1), CRITICS["dense"]((1,), 1, 0, width=64, depth=2, activation="tanh")
    game = GAMES["gan"](Affine(), critic, prior, DIVERGENCES[name](), {}, n_critic=n_critic)
    optimizers = {p.optimizer: OPTIMIZERS["sgd"](game.parameters(p), lr=RATE) for p in game.players}
    stream = Stream(Data("mixture", Line(), x, x[:BATCH]), BATCH, seed)  # type: ignore[arg-type]
    run = Run(game, stream, optimizers, Average(nn.ModuleDict({"generator": game.networks["generator"]})), seed=seed)
    run_rounds(run, round(rounds * (1 - LAST)))
    run.statistics.read()
    places: list[Tensor] = []
    run_rounds(run, rounds, [lambda run: places.append(place(run.game.networks["generator"]))])
    mu, sigma = torch.stack(places).mean(dim=0).tolist()
    estimate = game.players[0].estimate
    assert estimate is not None
    return mu, abs(sigma), estimate(run.statistics.read()["critic"]["divergence"])


def place(network: nn.Module) -> Tensor:
    """Mean and deviation as they are now: (2,)."""
    return torch.stack([p.detach() for p in network.parameters()])


def mixture(count: int) -> Tensor:
    """Draws from p: (count, 1)."""
    first = torch.rand(count, 1) < WEIGHTS[0]
    near, far = (m + math.sqrt(v) * torch.randn(count, 1) for m, v in zip(MEANS, VARIANCES, strict=True))
    return torch.where(first, near, far)


if __name__ == "__main__":
    main()
