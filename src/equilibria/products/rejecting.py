"""Samples that a run's own critic lets pass, as files."""

from pathlib import Path

from ..core.errors import Refusal
from ..core.files import free, whole
from ..recipes.asking import Asked
from ..recipes.stored import load, placed
from .forms import Wish
from .ratios import ratio_of
from .rejection import Sieve
from .sampling import ALONE, OF_EACH, WRITERS


def reject(
    run: str | Path,
    count: int | None = None,
    seed: int = 0,
    out: str | Path = "sheet.png",
    labels: Asked | None = None,
    force: bool = False,
    percentile: float | None = 80.0,
    burn_in: int = 10_000,
) -> list[str]:
    """Discriminator rejection sampling (Azadi et al. 2019).

    Returns sentences: what is assumed, and how many draws were kept. Raises Refusal for a run whose critic does not
    estimate a density ratio.

    Args:
        run: The run folder.
        count: Number of samples to keep (64), or per label if there are several (8).
        seed: Seed of the draws; the first 64 of 1,000 samples are the 64.
        out: sheet.png: a sample grid; folder/: one image each, by class; file.npz: arrays `samples` and `labels`.
        labels: For conditional models: classes, 7 or 3,5 or 0..9, or attributes, smiling,young=0.5.
        force: Overwrite existing output.
        percentile: Percentile of the burn-in logits used as gamma; higher keeps fewer; none: exact rejection.
        burn_in: Burn-in samples used to estimate the maximum ratio and gamma, per label.
    """
    if count is not None and count < 1:
        raise Refusal(f"count is {count}: at least 1 is needed.")
    path, model, (ratio, meaning) = free(out, WRITERS, force), load(run), ratio_of(placed(run))
    sieve = Sieve(model, ratio, percentile, burn_in)
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
