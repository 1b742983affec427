"""Ways from one latent to another."""

import torch
from torch import Tensor

from ..core.errors import Refusal, nearest
from ..core.priors import Prior
from ..recipes.asking import Asked
from ..recipes.model import Model
from .latents import Given, asked, latents
from .rows import Rows

WAYS = ("auto", "linear", "spherical")


def interpolate(
    model: Model,
    start: Given = (0, 2, 4, 6, 8),
    end: Given = (1, 3, 5, 7, 9),
    *,
    steps: int = 9,
    way: str = "auto",
    seed: int = 0,
    labels: Asked | None = None,
    labels_to: Asked | None = None,
) -> Rows:
    """Interpolate between latents: a row of samples for each pair of a start and an end; see `latents.latents`.

    Spherical interpolation (Shoemake 1985) suits normal latents, whose norm matters (White 2016).

    Args:
        start: Sample numbers, as 5 or 0,2 or 0..9; or an .npz of encode or invert; or images, if there is an encoder.
        end: The same, as many as in start, or one.
        steps: Samples in a row, both ends included.
        way: linear, spherical, or auto (spherical for normal latents, linear for all others).
        seed: Seed of the numbered samples, as in `sample`.
        labels: For conditional models: classes (3 or 0..4), one a row in turn, or attributes; default: the ends' own.
        labels_to: The label at the end of each row.
    """
    if steps < 2:
        raise Refusal(f"steps is {steps}: at least 2 are needed, the start and the end.")
    first, last = latents(model, start, seed, labels), latents(model, end, seed, labels)
    count = max(len(first), len(last))
    first, last = first.repeated(count), last.repeated(count)
    noise = between(first.noise, last.noise, steps, model.prior, way)
    names = [f"{a} to {b}" for a, b in zip(first.names, last.names, strict=True)]
    if first.y is None or last.y is None:
        if labels_to is not None:
            model.asked(labels_to)  # says that there are no labels
        return Rows.made(model, names, list(noise))
    y = linear(first.y, last.y if labels_to is None else asked(model, labels_to, count), _times(steps))
    return Rows.made(model, names, list(noise), list(y))


def between(start: Tensor, end: Tensor, steps: int, prior: Prior, way: str = "auto") -> Tensor:
    """From draws of a prior, (N, Z), to others, in so many steps, both ends included: (N, steps, Z)."""
    if way not in WAYS:
        raise Refusal(f"No way of interpolation is called {way!r}.{nearest(way, WAYS)}")
    times = _times(steps)
    if way != "auto":
        return (linear if way == "linear" else spherical)(start, end, times)
    path = linear(start, end, times)
    normal = torch.zeros(prior.size, dtype=torch.bool)
    for part in prior.parts:
        normal[part.place] = part.kind == "normal"
    if normal.any():
        path[..., normal] = spherical(start[:, normal], end[:, normal], times)
    return path


def linear(start: Tensor, end: Tensor, times: Tensor) -> Tensor:
    """Straight, at constant speed: (N, Z) twice and (S,) to (N, S, Z)."""
    share = times.to(start)[:, None]
    return torch.lerp(start[:, None], end[:, None], share)


def spherical(start: Tensor, end: Tensor, times: Tensor) -> Tensor:
    """Along the great circle, at constant speed in angle, while the length changes linearly (after Shoemake 1985).

    (N, Z) twice and (S,) to (N, S, Z). Directions that are opposite turn through one that is orthogonal to both;
    latents without a direction, and latents of one number, go straight.
    """
    share = times.double().to(start.device)[:, None]
    a, b = start.double()[:, None], end.double()[:, None]
    lengths = a.norm(dim=-1, keepdim=True), b.norm(dim=-1, keepdim=True)
    unit_a, unit_b = (vector / length.clamp(min=1e-30) for vector, length in zip((a, b), lengths, strict=True))
    along = (unit_a * unit_b).sum(dim=-1, keepdim=True)
    across = unit_b - along * unit_a
    angle = torch.atan2(across.norm(dim=-1, keepdim=True), along)
    turn = _unit_orthogonal(across, unit_a)
    direction = (share * angle).cos() * unit_a + (share * angle).sin() * turn
    path = torch.lerp(*lengths, share) * direction
    straight = (lengths[0] == 0) | (lengths[1] == 0) if start.shape[1] > 1 else torch.ones_like(angle, dtype=torch.bool)
    path = torch.where(straight, torch.lerp(a, b, share), path).to(start.dtype)
    path[:, times == 0], path[:, times == 1] = start[:, None], end[:, None]
    return path


def _unit_orthogonal(across: Tensor, unit: Tensor) -> Tensor:
    """The direction of `across`, (N, 1, Z); where it has none, one orthogonal to `unit`."""
    axis = torch.zeros_like(unit).scatter_(-1, unit.abs().argmin(dim=-1, keepdim=True), 1.0)
    other = axis - (axis * unit).sum(dim=-1, keepdim=True) * unit
    chosen = torch.where(across.norm(dim=-1, keepdim=True) > 1e-9, across, other)
    return chosen / chosen.norm(dim=-1, keepdim=True).clamp(min=1e-30)


def _times(steps: int) -> Tensor:
    return torch.linspace(0, 1, steps)
