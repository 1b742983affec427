"""The latents of given samples, found by search."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..core.errors import Refusal, nearest
from ..core.seeding import generator
from .conditions import Asked
from .encoding import Pairs, codes, drawable
from .inputs import Source, show
from .sampler import Sampler

DISTANCES = ("squared", "features")
_STARTS = -6  # place of the latents that a search starts from


@dataclass(frozen=True)
class Search:
    """How latents are looked for."""

    starts: int = 8  # of each sample
    steps: int = 300  # from each start
    lr: float = 0.1  # of Adam; falls to 0
    distance: str = "squared"  # of samples; or of what the critic's head sees of them: "features"
    seed: int = 0  # of the starts

    def check(self) -> None:
        """Refuse what cannot be done."""
        for name in ("starts", "steps"):
            if getattr(self, name) < 1:
                raise Refusal(f"{name} is {getattr(self, name)}: at least 1 is needed.")
        if not self.lr > 0:
            raise Refusal(f"lr is {self.lr:g}: a number above 0 is needed.")
        if self.distance not in DISTANCES:
            raise Refusal(f"No distance is called {self.distance!r}.{nearest(self.distance, DISTANCES)}")


def invert(
    model: Sampler,
    source: Source = None,
    *,
    count: int = 16,
    starts: int = 8,
    steps: int = 300,
    lr: float = 0.1,
    distance: str = "squared",
    seed: int = 0,
    labels: Asked | None = None,
) -> Pairs:
    """Find latents of samples by gradient descent; no encoder is needed.

    Each search starts from draws of the prior, and from the code where there is an encoder; the best end is kept.
    Uniform latents stay within their range (after Lipton and Tripathi 2017), categories stay as drawn.

    Args:
        source: A folder, an image, an array, a data set or a tensor (N, *space.shape); default: held-out data.
        count: Number of samples, evenly spaced over the source.
        starts: Starting points per sample; the closest result is kept.
        steps: Adam steps per start.
        lr: Adam's initial learning rate; it decays to 0.
        distance: What to minimize: squared (differences of samples) or features (differences of critic features).
        seed: Seed of the starting points.
        labels: For conditional models: class or attributes of samples that have no labels of their own.

    Example:
        >>> model = eq.load("runs/pairs")
        >>> model.invert(count=2, starts=1, steps=10).latents.shape
        torch.Size([2, 64])
    """
    wish = Search(starts, steps, lr, distance, seed)
    wish.check()
    shown = show(model, source, labels).few(count)
    x, y = shown.x, shown.y
    draws = [model.prior.draw(len(x), generator(wish.seed, _STARTS, i)).to(x.device) for i in range(wish.starts)]
    begun = torch.stack(draws)
    if "encoder" in model.networks:
        begun[0] = model.noise(drawable(model, codes(model, shown).mean), y)
    measure = _measure(model, wish.distance)
    ends, far = zip(*(descend(model, x, y, z, wish, measure) for z in begun), strict=True)
    best = torch.stack(far).argmin(dim=0)
    noise = torch.stack(ends)[best, torch.arange(len(x), device=x.device)]
    again = model.made(noise, y)
    return Pairs(model.space, shown.names, x, again, model.latent(noise, y), y, "found", shown.remarks)


def descend(
    model: Sampler,
    x: Tensor,
    y: Tensor | None,
    start: Tensor,
    search: Search,
    measure: Callable[[Tensor, Tensor | None], Tensor],
) -> tuple[Tensor, Tensor]:
    """Where Adam comes to from draws of the prior (N, Z), and how far the samples there are from x: (N, Z), (N,)."""
    network, aim = model.networks["generator"], measure(x, y).detach()
    free, bound = _free(model, start)
    z = start.clone().requires_grad_()
    adam = torch.optim.Adam([z], lr=search.lr)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(adam, search.steps)

    def far() -> Tensor:
        return (measure(network(model.latent(z, y), y).float(), y) - aim).square().flatten(1).mean(dim=1)

    for _ in range(search.steps):
        (z.grad,) = torch.autograd.grad(far().sum(), z)
        z.grad.mul_(free)
        adam.step()
        slower.step()
        with torch.no_grad():
            z.copy_(torch.where(bound, z.clamp(-1, 1), z))
    with torch.no_grad():
        return z.detach(), far()


def _free(model: Sampler, like: Tensor) -> tuple[Tensor, Tensor]:
    """Which numbers of a latent move, as factors, and which stay within [-1, 1]: (Z,) each."""
    free, bound = torch.ones(model.prior.size), torch.zeros(model.prior.size, dtype=torch.bool)
    for part in model.prior.parts:
        free[part.place] = float(part.kind != "categorical")
        bound[part.place] = part.kind == "uniform"
    return free.to(like), bound.to(like.device)


def _measure(model: Sampler, distance: str) -> Callable[[Tensor, Tensor | None], Tensor]:
    """What is compared of samples and their conditions: the samples, or what the critic's head sees of them."""
    if distance == "squared":
        return lambda x, y: x
    if "critic" not in model.networks or model.packed > 1 or model.sees != "samples":
        raise Refusal("This model has no critic that sees single samples: search by the distance 'squared'.")
    critic: Any = model.networks["critic"]
    return lambda x, y: critic.features(x, **({} if y is None else {"y": y}))
