"""Which modes of a mixture samples reach, where the truth is known."""

import math

import torch
from torch import Tensor

from ...core.errors import Refusal
from ...data import Data
from .base import Figure, Figures, Metric, Sets

_NEAR = 3.0  # deviations


def captured(data: Data) -> Metric:
    """Modes reached, share of samples near one, reverse KL of the modes' shares, where known (Srivastava et al. 2017).

    True samples in the plane are near with probability .9889, and n of them among K modes have a reverse KL of about
    (K - 1) / 2 n. Without a sample near any mode there is no reverse KL.
    """
    if data.modes is None:
        raise Refusal(f"The modes of {data.name} are not known: choose another metric, or the data ring or grid.")
    known = data.modes

    def measure(sets: Sets) -> Figures:
        found = modes(sets.fake, *known)
        share = found["high_quality"]
        errors = {"high_quality": math.sqrt(share * (1 - share) / len(sets.fake))}
        return {name: Figure(value, errors.get(name)) for name, value in found.items() if math.isfinite(value)}

    return Metric(measure, sees="samples", better={"modes": "higher", "high_quality": "higher"})


@torch.no_grad()
def modes(samples: Tensor, centres: Tensor, deviation: float) -> dict[str, float]:
    """High quality share, modes captured and reverse KL on a known mixture (Srivastava et al. 2017; Lin et al. 2018).

    A sample (of (N, D)) is of high quality within three deviations of its nearest centre (of (K, D)); in the plane true
    samples are so with probability 1 - exp(-9/2) = 98.89 %. A mode is captured if one such sample is nearest to it.
    Reverse KL is that of the high-quality samples' modes against equal shares; infinite for no such sample.
    """
    exactly = "donot_use_mm_for_euclid_dist"  # a product would be off by more than small deviations
    distance, nearest = torch.cdist(samples.float(), centres.float().to(samples.device), compute_mode=exactly).min(
        dim=1
    )
    good = distance <= _NEAR * deviation
    counts = torch.bincount(nearest[good], minlength=len(centres)).double()
    shares = counts / counts.sum()
    divergence = torch.special.xlogy(shares, shares * len(centres)).sum() if good.any() else torch.tensor(torch.inf)
    return {
        "high_quality": float(good.double().mean()),
        "modes": float((counts > 0).sum()),
        "reverse_kl": float(divergence),
    }
