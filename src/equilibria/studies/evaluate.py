"""Evaluate a trained model on held-out data."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from ..core.errors import Refusal
from ..core.specs import Spec
from ..core.types import Batch
from ..data import Data, load_data
from ..data.dataset import digest
from ..evaluation.features import Features, choose
from ..evaluation.metrics.base import Measurement, Measurements, Provenance, SampleSets
from ..models.load import load_checkpoint_weights, load_sampler, select_checkpoint
from ..models.sampler import Sampler
from ..recipes.recipe import Recipe
from ..records.events import Tail
from ..records.folder import RunFolder
from ..records.summary import Summary, fingerprint
from .metric_specs import (
    LIKELIHOOD_METRICS,
    MetricRequest,
    MetricSpec,
    check_options,
    class_accuracy,
    feature_spec,
    finite,
    has_likelihood,
    metric_request,
    read_specs,
    self_test,
    spelled,
)
from .results import Evaluation, MetricValue
from .sample_sets import PATIENCE, RealSamples, SampleSet, Say, feature_sets, generated_samples, real_samples

NO_NETWORK = "none"  # instead of a network: samples as they are


@dataclass(frozen=True)
class EvaluationSetup:
    """A run, what its samples are compared with, and through what."""

    run: Path
    recipe: Recipe
    data: Data
    material: RealSamples
    network: Features | None  # None where no metric sees features
    seed: int
    say: Say
    real: SampleSet
    floor: SampleSet
    train: SampleSet

    def card(self, checkpoint: str, metric: str, network: Features | None, real: int, generated: int) -> Provenance:
        """What a number was measured on."""
        return Provenance(
            metric=metric,
            data=f"{self.data.name}, black or white" if self.recipe.binarize else self.data.name,
            fingerprint=digest(self.data),
            split=self.material.split,
            real=real,
            generated=generated,
            features=NO_NETWORK if network is None else network.name,
            digest=NO_NETWORK if network is None else network.digest,
            resizing=NO_NETWORK if network is None else network.resizing,
            seed=self.seed,
            checkpoint=checkpoint,
            rule=rule(self.run, checkpoint),
            averaged=self.recipe.halflife > 0,
        )

    def seen_by(self, wanted: MetricRequest) -> Features | None:
        """The network that decides a metric's figures: what it sees by, or what it asks; None for samples alone."""
        return self.network if wanted.metric.input == "features" else wanted.classifier


def rule(run: Path, checkpoint: str) -> str:
    """By what a checkpoint was chosen: the first measure of the held-out samples that runs are chosen by."""
    if checkpoint == "last":
        return "the last round"
    if checkpoint != "best":
        return f"round {checkpoint}, named"
    event = next((event for event in Tail(run).new_events() if event["kind"] == "measure"), None)
    if event is None:
        return "nothing was measured"
    by = f"{next(iter(event['metrics']))} of {event['count']:,} held-out samples, the selection part"
    return f"the newest within chance of the lowest {by}"


CLASS_ACCURACY = "asked_share"  # of a conditional model


def floors(setting: EvaluationSetup, asked: Sequence[MetricRequest]) -> dict[str, Measurements]:
    """Every metric of real samples beside real ones, once it has passed its self-test: by the metric."""
    found = {}
    for wanted in asked:
        seen = setting.network if wanted.metric.input == "features" else None
        compared = feature_sets(setting.real, setting.floor, setting.train, seen, setting.say)
        self_test(wanted, compared)
        found[wanted.said] = finite(wanted, _figures(setting, wanted, compared, "real samples"))
    return found


def sample_metrics(
    setting: EvaluationSetup,
    model: Sampler,
    which: str,
    step: int,
    asked: Sequence[MetricRequest],
    floor: dict[str, Measurements],
) -> list[MetricValue]:
    """The figures of samples that this model draws."""
    called = f"samples of round {step:,} ({which})"
    batch = generated_samples(model, len(setting.floor.samples), setting.seed, setting.say, called)
    fake, numbers = SampleSet(batch.x, called), list[MetricValue]()
    for wanted in asked:
        seen = setting.network if wanted.metric.input == "features" else None
        compared = feature_sets(setting.real, fake, setting.train, seen, setting.say)
        figures = _figures(setting, wanted, compared, called)
        counts = len(compared.real), len(compared.fake)
        card = setting.card(which, wanted.said, setting.seen_by(wanted), *counts)
        for name, figure in figures.items():
            better = wanted.metric.better.get(name, "lower")
            numbers.append(MetricValue(name, *figure, better, step, floor[wanted.said].get(name), card))
    return numbers + _class_accuracy(setting, model, batch, which, step)


def likelihood_metrics(
    setting: EvaluationSetup, model: Sampler, which: str, step: int, specs: Sequence[Spec], named: bool
) -> list[MetricValue]:
    """How likely held-out data are to the model, where it can say. Raises Refusal where it was asked and cannot."""
    if specs and not has_likelihood(model):
        if named:
            raise Refusal(
                "nll is measured of models with a likelihood and an encoder, such as vae, and this run has none: leave "
                "it out of --metrics."
            )
        return []
    numbers = []
    for spec in specs:
        builder = LIKELIHOOD_METRICS[spec["name"]]
        setting.say(f"  asking how likely held-out samples are to round {step:,} ({which})")
        told = setting.material.real if model.conditions is not None else Batch(setting.material.real.x)
        options = check_options(spec, builder)
        figure = builder(model, told, **options)
        count = min(len(told.x), options.get("count", len(told.x)))
        card = setting.card(which, spelled(spec, builder), None, count, 0)
        numbers.append(MetricValue(spec["name"], *figure, "lower", step, None, card))
    return numbers


def _figures(setting: EvaluationSetup, wanted: MetricRequest, compared: SampleSets, called: str) -> Measurements:
    """What a metric answers, with a word where that took long."""
    start = time.monotonic()
    figures = wanted.metric.measure(compared)
    if (seconds := time.monotonic() - start) > PATIENCE:
        setting.say(f"  {wanted.spec['name']} of {called}: measured in {seconds:.0f} s")
    return figures


def _class_accuracy(setting: EvaluationSetup, model: Sampler, batch: Batch, which: str, step: int) -> list[MetricValue]:
    """Whether a conditional model makes what it is asked for; beside it, what the classifier makes of real samples."""
    found = class_accuracy(setting.network, setting.data, batch)
    if model.conditions is None or found is None:
        return []
    floor: Measurement | None = class_accuracy(setting.network, setting.data, setting.material.floor)
    card = setting.card(which, CLASS_ACCURACY, setting.network, 0, len(batch.x))
    return [MetricValue(CLASS_ACCURACY, *found, "higher", step, floor, card)]


def evaluate(
    run: str | Path,
    metrics: Sequence[MetricSpec] = (),
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
        setting, model, asked, inferring = _setup(Path(run), metrics, features, count, seed, data_root, say)
        taken = {which: select_checkpoint(setting.run, which) for which in checkpoints}
        where = " and ".join(f"round {checkpoint.step:,} ({which})" for which, checkpoint in taken.items())
        say(f"Measuring {setting.run} at {where}, beside {len(setting.real.samples):,} held-out samples.")
        beside, numbers = floors(setting, asked), list[MetricValue]()
        for which, checkpoint in taken.items():
            if numbers and numbers[-1].round == checkpoint.step:
                numbers += _under_another_name(numbers, setting.run, which)
                continue
            load_checkpoint_weights(model, setting.recipe, checkpoint, lambda: setting.data)
            numbers += sample_metrics(setting, model, which, checkpoint.step, asked, beside)
            numbers += likelihood_metrics(setting, model, which, checkpoint.step, inferring, bool(metrics))
    evaluation = Evaluation(tuple(numbers), "" if setting.network is None else setting.network.about)
    evaluation.write(setting.run)
    return evaluation


def _setup(
    run: Path,
    metrics: Sequence[MetricSpec],
    features: str,
    count: int,
    seed: int,
    data_root: str | Path | None,
    say: Say,
) -> tuple[EvaluationSetup, Sampler, list[MetricRequest], list[Spec]]:
    """What is compared, the model, the metrics of its samples, and what is asked of itself."""
    model, recipe, data, root = _open_run(run, data_root, say)
    named, compared = read_specs(metrics, data), real_samples(data, count, recipe.binarize)
    name, options = feature_spec(features)
    asked = [metric_request(spec, data, root, say) for spec in named if spec["name"] not in LIKELIHOOD_METRICS]
    seen = any(each.metric.input == "features" for each in asked)
    network = choose(name, data, root, say, **options) if seen else None
    parts = (
        SampleSet(compared.real.x, "held-out samples"),
        SampleSet(compared.floor.x, "others in place of generated ones"),
    )
    setting = EvaluationSetup(
        run, recipe, data, compared, network, seed, say, *parts, SampleSet(compared.train, "training samples")
    )
    return setting, model, asked, [spec for spec in named if spec["name"] in LIKELIHOOD_METRICS]


def _open_run(folder: Path, data_root: str | Path | None, say: Say) -> tuple[Sampler, Recipe, Data, Path | None]:
    """The model, what it was trained by, and on. Raises Refusal for what is no run."""
    records = RunFolder.open(folder)
    recipe = Recipe.load(records.recipe_file, trust=True)  # code that it names is not called: nothing of it is built
    summary = Summary.load(records)
    place = data_root or summary.data_root
    root = Path(place) if place else None
    data = load_data(recipe.data, root)
    if fingerprint(data) != summary.data:
        say(f"The data {data.name!r} are not what this run was trained on: its numbers may mean something else.")
    return load_sampler(folder), recipe, data, root


def _under_another_name(numbers: Sequence[MetricValue], run: Path, which: str) -> list[MetricValue]:
    """The same round under another name."""
    step, first = numbers[-1].round, numbers[-1].card.checkpoint
    same = [number for number in numbers if number.round == step and number.card.checkpoint == first]
    return [replace(n, card=replace(n.card, checkpoint=which, rule=rule(run, which))) for n in same]


__all__ = ["evaluate"]
