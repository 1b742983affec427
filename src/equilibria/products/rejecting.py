"""Samples that a run's own critic lets pass, as files."""

from dataclasses import dataclass
from pathlib import Path

from ..core.errors import Refusal
from ..recipes.asking import Asked
from ..recipes.stored import placed
from .forms import Wish
from .ratios import divergence_of, log_ratio
from .rejection import Sieve
from .sampling import ALONE, OF_EACH, WRITERS
from .versions import opened
from .whole import free, whole


@dataclass(frozen=True)
class Strictness:
    """How much the critic is listened to."""

    percentile: float | None = 80.0  # of the burn-in's logits, taken for gamma: higher is stricter; None: gamma is 0
    burn_in: int = 10_000  # draws that the greatest ratio is found with, of each label that is asked for


def reject(
    run: str | Path,
    count: int | None = None,
    seed: int = 0,
    out: str | Path = "sheet.png",
    labels: Asked | None = None,
    force: bool = False,
    strictness: Strictness = Strictness(),
) -> list[str]:
    """Draw as `sample` does, and keep what passes discriminator rejection sampling (Azadi et al. 2019).

    Returns what there is to say: what was assumed, and how much was kept. Raises Refusal for a run whose critic does
    not tell how likely a sample is.
    """
    if count is not None and count < 1:
        raise Refusal(f"count is {count}: at least 1 is needed.")
    path, model, spec = free(out, WRITERS, force), opened(run), divergence_of(placed(run))
    ratio, meaning = log_ratio(spec)
    sieve = Sieve(model, ratio, strictness.percentile, strictness.burn_in)
    asked = None if labels is None else model.asked(labels)
    several = asked is not None and len(asked) > 1
    wish = Wish(model, count or (OF_EACH if several else ALONE), seed, asked, source=sieve.draws)
    with whole(path) as part:
        WRITERS[path.suffix.lower()](wish, part)
    return [f"{wish.total:,} samples are in {path} (seed {seed}).", *told(sieve, meaning, several)]


def told(sieve: Sieve, meaning: str, several: bool = False) -> list[str]:
    """What was assumed, and what came of it, a sentence each."""
    bound = "their own greatest ratios" if several else f"the greatest ratio met, {_spelled(sieve.greatest)}"
    what = " of a sample and its latent together" if sieve.model.sees == "pairs" else ""
    said = [
        f"Kept {sieve.kept:,} of {sieve.drawn:,} draws ({100 * sieve.rate:.3g} %), measured against {bound}.",
        f"Assumed: the critic is the best there is against this generator, so that its score is {meaning}{what}. "
        f"Penalties, augmentations and an unfinished training make it less than that, and a maximum over "
        f"{sieve.burn_in:,} draws may be too low.",
    ]
    if sieve.percentile is not None:
        said.append(
            f"Gamma is the {sieve.percentile:g}th percentile of the logits (Azadi et al. 2019), so what is kept lies "
            f"between model and data; with --percentile none rejection is exact."
        )
    return said


def _spelled(logarithm: float) -> str:
    return f"exp({logarithm:.3g})"
