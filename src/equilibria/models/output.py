"""From a run folder to a file: rejection sampling, probe, and every method of a model."""

import csv
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..core.errors import Refusal, nearest
from ..core.files import atomic_output, output_path
from ..data import load_data
from . import inputs
from .conditions import Asked
from .load import load_sampler, placed
from .model import load
from .probe import Question, Report, probe, untrained
from .rejection import Sieve, ratio_of
from .write import ALONE, OF_EACH, WRITERS, Wish

KINDS = {  # what each verb can be written as; attribute: a sheet of the same name lies beside its arrays
    "interpolate": (".png", ".npz"),
    "arithmetic": (".png", ".npz"),
    "traverse": (".png", ".npz"),
    "reconstruct": (".png", ".npz"),
    "invert": (".png", ".npz"),
    "encode": (".npz", ".csv"),
    "attribute": (".npz",),
}


def write(
    run: str | Path,
    verb: str,
    out: str | Path,
    checkpoint: str | int | None = None,
    force: bool = False,
    **wish: Any,
) -> Any:
    """Write a verb's result to a file: `write("runs/NAME", "interpolate", "rows.png", steps=9)`. Returns the result.

    The verb's options are those of the method of `Trained` with its name. Output is written completely or not at all.
    Raises Refusal rather than overwrite a file, unless `force`.

    Args:
        run: The run folder.
        verb: A name of `KINDS`.
        out: The file to write.
        checkpoint: best, last or a round; default: the model at the end of the run.
        force: Overwrite existing output.
        wish: The verb's options.
    """
    if verb not in KINDS:
        raise Refusal(f"No verb that is written is called {verb!r}.{nearest(verb, KINDS)}")
    path = output_path(out, KINDS[verb], force)
    paths = [path, output_path(path.with_suffix(".png"), (".png",), force)] if verb == "attribute" else [path]
    answer = getattr(load(run, checkpoint, getattr(wish.get("source"), "data_root", None)), verb)(**wish)
    with ExitStack() as stack:
        parts = [stack.enter_context(atomic_output(each)) for each in paths]
        for each, part in zip(paths, parts, strict=True):
            _save(answer, each.suffix.lower(), part)
    return answer


def _save(answer: Any, kind: str, part: Path) -> None:
    if kind == ".png":
        answer.picture().save(part, "PNG")
    elif kind == ".npz":
        with part.open("wb") as file:
            np.savez(file, **answer.arrays())
    else:
        with part.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(answer.table())


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
    path, model, (ratio, meaning) = output_path(out, WRITERS, force), load_sampler(run), ratio_of(placed(run))
    sieve = Sieve(model, ratio, percentile, burn_in)
    asked = None if labels is None else model.asked(labels)
    several = asked is not None and len(asked) > 1
    wish = Wish(model, count or (OF_EACH if several else ALONE), seed, asked, source=sieve.draws)
    with atomic_output(path) as part:
        WRITERS[path.suffix.lower()](wish, part)
    return [f"{wish.total:,} samples are in {path} (seed {seed}).", *rejection_summary(sieve, meaning, several)]


def rejection_summary(sieve: Sieve, meaning: str, several: bool = False) -> list[str]:
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


HEADS = ("features", "numbers", "linear", "1-nearest neighbour")


@dataclass(frozen=True)
class Setting:
    """On which data, checkpoint and device to probe.

    Args:
        data: A data set with classes, by name or path; default: the run's own.
        data_root: Folder with the original files of data sets; default: EQUILIBRIA_DATA.
        checkpoint: best, last or a round; default: the networks at the end of the run.
        device: cpu or cuda.
    """

    data: str = ""
    data_root: str | None = None
    checkpoint: str | int | None = None
    device: str = "cpu"


def probe_run(run: str | Path, question: Question, setting: Setting = Setting()) -> tuple[str, Report]:
    """The three rows, and what they were measured on and how, in words."""
    model, place = load(run, setting.checkpoint, setting.data_root), placed(run)
    recipe = inputs.recipe(place)
    if not setting.data and recipe is None:
        raise Refusal(f"There is no recipe.json in {run} that says what data it was trained on: say --data.")
    seed = 0 if recipe is None else recipe.seed
    root = Path(setting.data_root) if setting.data_root else None
    data = load_data(setting.data or recipe.data, root) if recipe is not None else load_data(setting.data, root)
    device, began = _device(setting.device), untrained(place, seed)
    for each in (model, began):
        each.networks.to(device)
    report = probe(model, began, data, question)
    return _told(report, data.name, seed), report


def table(report: Report) -> list[tuple[str, ...]]:
    """The rows to print, with standard errors, below their heads."""
    return [HEADS, *(row.cells(report.test) for row in report.rows)]


def _told(report: Report, name: str, seed: int) -> str:
    decays = ", ".join(f"{row.decay:g}" for row in report.rows)
    return (
        f"Share of {report.test:,} held-out samples of {name} that are right, with its standard error, after "
        f"{report.train:,} samples of the training part. Linear: squared hinge, one class against the rest, on "
        f"features standardized over the training part; weight decay chosen on a fifth of it ({decays}). Nearest "
        f"neighbour: Euclidean, features as they are. Untrained: the same network as a run with seed {seed} begins "
        f"with, its batch norms, if any, settled on the training part."
    )


def _device(name: str) -> torch.device:
    """A device that is there."""
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError):
        raise Refusal(f"The device {name!r} is not available here: use --device cpu.") from None
    return device
