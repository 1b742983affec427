"""Where a slope is measured."""

from collections.abc import Callable

import torch

from ...core.catalogue import Catalogue
from ...core.types import Views

Sampler = Callable[[Views, Views], Views]


def between(real: Views, fake: Views) -> Views:
    """Uniformly on the segments that join real to fake, one coefficient a sample."""
    share = torch.rand(len(real[0]), dtype=real[0].dtype, device=real[0].device)
    return tuple(torch.lerp(r, f, share.view(-1, *[1] * (r.ndim - 1))) for r, f in zip(real, fake, strict=True))


def real(real: Views, fake: Views) -> Views:
    """On the data."""
    return real


def fake(real: Views, fake: Views) -> Views:
    """On the samples."""
    return fake


def around(spread: float) -> Sampler:
    """In a cloud around the data, `spread` times as wide as the batch: a deviation over all its numbers.

    The width is a constant of the data, to which no slope leads; a single sample has one too.
    """

    def near(real: Views, fake: Views) -> Views:
        with torch.no_grad():
            noise = [spread * r.std(correction=0) * torch.randn_like(r) for r in real]
        return tuple(r + n for r, n in zip(real, noise, strict=True))

    return near


SAMPLERS = Catalogue("sampler", between=between, real=real, fake=fake)
