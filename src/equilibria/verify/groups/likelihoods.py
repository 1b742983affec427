"""What a likelihood is: probabilities that sum to one, sample by sample, finite wherever a network may go."""

from functools import partial

import torch
from torch import nn

from ...terms.likelihoods import LIKELIHOODS
from ..claims import Answer, Claim, below
from ..scenes.critics import noise

_KINGMA = "Kingma and Welling 2014"


def claims() -> list[Claim]:
    """For each entry."""
    scales = (0.001, 0.1, 10.0)
    return [
        *(
            below(f"{name}: sums to one over all that a sample may be, however sharp", source, how, 1e-6, name)
            for name, source, how in (
                ("bernoulli", _KINGMA, lambda: max(abs(total_bernoulli(logit) - 1) for logit in (-30.0, 0.3, 9.0))),
                ("gaussian", _KINGMA, lambda: max(abs(total_gaussian(scale) - 1) for scale in scales)),
                ("discretized_logistic", "Kingma et al. 2016", lambda: max(abs(total_levels(s) - 1) for s in scales)),
            )
        ),
        *(
            below(f"{name}: of several values it is the product", "definition", partial(_product, name), 1e-9, name)
            for name in LIKELIHOODS
        ),
        *(
            Claim(
                f"{name}: finite, and so are its gradients, however far off and however sharp",
                "definition",
                "finite",
                partial(_finite, name),
                (name,),
            )
            for name in LIKELIHOODS
        ),
    ]


def total_bernoulli(logit: float) -> float:
    """The probabilities of black and white, for a mean with this logit, added up."""
    decoded = torch.full((2, 1, 1, 1), logit / 2, dtype=torch.float64)
    x = torch.tensor([-1.0, 1.0], dtype=torch.float64).view(2, 1, 1, 1)
    return float(LIKELIHOODS["bernoulli"]((1, 1, 1))(decoded, x).exp().sum())


def total_gaussian(noise: float) -> float:
    """The density around 0.3, integrated."""
    likelihood = LIKELIHOODS["gaussian"](nn.Identity(), noise=noise).double()
    x = 0.3 + noise * torch.linspace(-12, 12, 4001, dtype=torch.float64)
    with torch.no_grad():
        return float(torch.trapezoid(likelihood(torch.full((4001, 1), 0.3).double(), x.unsqueeze(1)).exp(), x))


def total_levels(scale: float, decoded: float = 0.31) -> float:
    """The probabilities of the 256 levels around a sample, added up."""
    likelihood = LIKELIHOODS["discretized_logistic"]((1, 1, 1), nn.Identity(), scale=scale).double()
    x = torch.linspace(-1, 1, 256, dtype=torch.float64).view(256, 1, 1, 1)
    with torch.no_grad():
        return float(likelihood(torch.full_like(x, decoded), x).exp().sum())


def made(name: str, shape: tuple[int, ...] = (2, 3, 3)) -> nn.Module:
    """A likelihood of samples of this shape, in double precision, without an outlet."""
    given = {"gaussian": (nn.Identity(),), "bernoulli": (shape,), "discretized_logistic": (shape, nn.Identity())}
    return LIKELIHOODS[name](*given[name]).double()


def _product(name: str) -> float:
    decoded, levels = noise(4, 1, (1, 3, 3)), (noise(4, 2, (1, 3, 3)).sigmoid() * 255).round() / 127.5 - 1
    likelihood = made(name, (1, 3, 3))
    with torch.no_grad():
        whole = likelihood(decoded, levels)
        parts = [
            likelihood(decoded[..., i : i + 1, j : j + 1], levels[..., i : i + 1, j : j + 1])
            for i in range(3)
            for j in range(3)
        ]
    return float((whole - torch.stack(parts).sum(dim=0)).abs().max())


def _finite(name: str) -> Answer:
    likelihood = made(name, (1, 1, 5)).float()
    x = torch.tensor([-1.0, -0.99, 0.0, 0.99, 1.0]).expand(4, 1, 1, 5)
    told = []
    for sharp in (-12.0, 0.0, 12.0):
        for parameter in likelihood.parameters():
            parameter.data.fill_(sharp)
        decoded = torch.tensor([-40.0, -1.0, 1.0, 40.0]).view(4, 1, 1, 1).repeat(1, 1, 1, 5).requires_grad_()
        found = likelihood(decoded, x)
        slopes = torch.autograd.grad(found.sum(), [decoded, *likelihood.parameters()])
        told.append(all(bool(t.isfinite().all()) for t in (found, *slopes)))
    return Answer("finite" if all(told) else "not finite", all(told))
