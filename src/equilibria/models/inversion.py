"""Latents of a user's samples, found by gradient descent."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..core.errors import Refusal, at_least, nearest
from ..core.seeding import generator
from .conditions import LabelQuery
from .critic_outputs import condition_kwargs
from .encoding import Reconstructions, codes_of, latents_of_codes
from .inputs import Source, read_inputs
from .latents import dimensions_of

if TYPE_CHECKING:
    from .model import Model

DISTANCES = ("squared", "features")
_STARTS = -6  # place of the initial latents


def invert(
    model: "Model",
    source: Source = None,
    *,
    count: int = 16,
    starts: int = 8,
    steps: int = 300,
    lr: float = 0.1,
    distance: str = "squared",
    seed: int = 0,
    labels: LabelQuery | None = None,
) -> Reconstructions:
    """Find latents of samples by gradient descent; no encoder is needed.

    Each search starts from draws of the prior, and from the code if there is an encoder; the closest result counts.
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
    at_least(1, "", starts=starts, steps=steps)
    if not lr > 0:
        raise Refusal(f"lr is {lr:g}: a number above 0 is needed.")
    if distance not in DISTANCES:
        raise Refusal(f"No distance is called {distance!r}.{nearest(distance, DISTANCES)}")
    inputs = read_inputs(model, source, labels).subset(count)
    x, y = inputs.x, inputs.y
    draws = [model.prior.draw(len(x), generator(seed, _STARTS, i)).to(x.device) for i in range(starts)]
    initial = torch.stack(draws)
    if "encoder" in model.networks:
        initial[0] = model.noise_of(latents_of_codes(model, codes_of(model, inputs).mean), y)
    values = _compared(model, distance)
    results, distances = zip(*(descend(model, x, y, z, steps, lr, values) for z in initial), strict=True)
    best = torch.stack(distances).argmin(dim=0)
    noise = torch.stack(results)[best, torch.arange(len(x), device=x.device)]
    z, reconstructed = model.latents_of(noise, y), model.generate(noise, y)
    return Reconstructions(model.space, inputs.names, x, reconstructed, z, y, "found", inputs.remarks)


def descend(
    model: "Model",
    x: Tensor,
    y: Tensor | None,
    start: Tensor,
    steps: int,
    lr: float,
    values: Callable[[Tensor, Tensor | None], Tensor],
) -> tuple[Tensor, Tensor]:
    """The draws of the prior that Adam reaches from a start (N, Z), and the distances of their samples from x: (N,)."""
    network, target = model.networks["generator"], values(x, y).detach()
    free = (~dimensions_of(model.prior, "categorical")).to(start)
    bound = dimensions_of(model.prior, "uniform").to(start.device)  # within [-1, 1]
    z = start.clone().requires_grad_()
    adam = torch.optim.Adam([z], lr=lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)

    def distances() -> Tensor:
        return (values(network(model.latents_of(z, y), y).float(), y) - target).square().flatten(1).mean(dim=1)

    for _ in range(steps):
        (z.grad,) = torch.autograd.grad(distances().sum(), z)
        z.grad.mul_(free)
        adam.step()
        schedule.step()
        with torch.no_grad():
            z.copy_(torch.where(bound, z.clamp(-1, 1), z))
    with torch.no_grad():
        return z.detach(), distances()


def _compared(model: "Model", distance: str) -> Callable[[Tensor, Tensor | None], Tensor]:
    """What is compared of samples and their conditions: the samples, or the critic's features of them."""
    if distance == "squared":
        return lambda x, y: x
    if "critic" not in model.networks or model.critic_input.packed > 1 or model.critic_input.views != "samples":
        raise Refusal("This model has no critic of single samples: use the distance 'squared'.")
    critic: Any = model.networks["critic"]
    return lambda x, y: critic.features(x, **condition_kwargs(y))
