"""The probe of a run, beside raw pixels and what the run began with."""

from dataclasses import dataclass
from pathlib import Path

import torch

from ..core.errors import Refusal
from ..data import find
from ..recipes.stored import placed
from . import origin
from .beginnings import untrained
from .probing import Question, Report, probe
from .trained import load

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
    recipe = origin.recipe(place)
    if not setting.data and recipe is None:
        raise Refusal(f"There is no recipe.json in {run} that says what data it was trained on: say --data.")
    seed = 0 if recipe is None else recipe.seed
    root = Path(setting.data_root) if setting.data_root else None
    data = find(setting.data or recipe.data, root) if recipe is not None else find(setting.data, root)
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
