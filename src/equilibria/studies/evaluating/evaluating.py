"""A run's model at its best and its last checkpoint, measured on held-out data that nothing was chosen by."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from ...data import Data, find
from ...evaluation.features.choosing import choose
from ...recipes.model import Model
from ...recipes.parts import Spec
from ...recipes.recipe import Recipe
from ...recipes.stored import load, load_checkpoint_weights, select_checkpoint
from ...records.folder import RunFolder
from ...records.summary import Summary, fingerprint
from ..numbers import Evaluation, Number
from .material import Say, Seen, material
from .measuring import floors, likely, measured
from .setting import Setting, rule
from .wishes import INFERRED, Named, Wanted, chosen_features, specs, wanted


def evaluate(
    run: str | Path,
    metrics: Sequence[Named] = (),
    features: str = "auto",
    count: int = 0,
    checkpoints: Sequence[str] = ("best", "last"),
    seed: int = 0,
    data_root: str | Path | None = None,
    say: Say = print,
) -> Evaluation:
    """Evaluate a run's averaged generator on the held-out data; the numbers are stored in RUN/metrics.json.

    Next to each value stands its floor: the same metric on training samples. A metric that fails its self-test is not
    printed. Raises Refusal for what cannot be measured, Failure for a metric that cannot be trusted.

    Args:
        run: The run folder.
        metrics: Names separated by commas, with options as in frechet,kernel(degree=2); default: what suits the data.
        features: classifier, inception, random, pixels or your module:function; auto: points as they are, else
            classifier.
        count: Number of samples to generate; 0: as many as there are held-out samples for reports, at most 10,000.
        checkpoints: Checkpoints to evaluate: best, last, or rounds that were kept.
        seed: Seed of the generated samples.
        data_root: Folder with the original files of data sets; default: the run's, or EQUILIBRIA_DATA.
        say: Prints progress.
    """
    with torch.random.fork_rng(devices=[]):  # networks are drawn before their weights are read
        setting, model, asked, inferring = _set(Path(run), metrics, features, count, seed, data_root, say)
        taken = {which: select_checkpoint(setting.run, which) for which in checkpoints}
        where = " and ".join(f"round {checkpoint.step:,} ({which})" for which, checkpoint in taken.items())
        say(f"Measuring {setting.run} at {where}, beside {len(setting.real.samples):,} held-out samples.")
        beside, numbers = floors(setting, asked), list[Number]()
        for which, checkpoint in taken.items():
            if numbers and numbers[-1].round == checkpoint.step:
                numbers += _again(numbers, setting.run, which)
                continue
            load_checkpoint_weights(model, setting.recipe, checkpoint, lambda: setting.data)
            numbers += measured(setting, model, which, checkpoint.step, asked, beside)
            numbers += likely(setting, model, which, checkpoint.step, inferring, bool(metrics))
    evaluation = Evaluation(tuple(numbers), "" if setting.network is None else setting.network.about)
    evaluation.write(setting.run)
    return evaluation


def _set(
    run: Path,
    metrics: Sequence[Named],
    features: str,
    count: int,
    seed: int,
    data_root: str | Path | None,
    say: Say,
) -> tuple[Setting, Model, list[Wanted], list[Spec]]:
    """What is compared, the model, the metrics of its samples, and what is asked of itself."""
    model, recipe, data, root = _opened(run, data_root, say)
    named, compared = specs(metrics, data), material(data, count, recipe.binarize)
    name, options = chosen_features(features)
    asked = [wanted(spec, data, root, say) for spec in named if spec["name"] not in INFERRED]
    seen = any(each.metric.sees == "features" for each in asked)
    network = choose(name, data, root, say, **options) if seen else None
    parts = Seen(compared.real.x, "held-out samples"), Seen(compared.floor.x, "others in place of generated ones")
    setting = Setting(run, recipe, data, compared, network, seed, say, *parts, Seen(compared.train, "training samples"))
    return setting, model, asked, [spec for spec in named if spec["name"] in INFERRED]


def _opened(folder: Path, data_root: str | Path | None, say: Say) -> tuple[Model, Recipe, Data, Path | None]:
    """The model, what it was trained by, and on. Raises Refusal for what is no run."""
    records = RunFolder.open(folder)
    recipe = Recipe.load(records.recipe_file, trust=True)  # code that it names is not called: nothing of it is built
    summary = Summary.load(records)
    place = data_root or summary.data_root
    root = Path(place) if place else None
    data = find(recipe.data, root)
    if fingerprint(data) != summary.data:
        say(f"The data {data.name!r} are not what this run was trained on: its numbers may mean something else.")
    return load(folder), recipe, data, root


def _again(numbers: Sequence[Number], run: Path, which: str) -> list[Number]:
    """The same round under another name."""
    step, first = numbers[-1].round, numbers[-1].card.checkpoint
    same = [number for number in numbers if number.round == step and number.card.checkpoint == first]
    return [replace(n, card=replace(n.card, checkpoint=which, rule=rule(run, which))) for n in same]
