"""Evaluate a trained model on held-out data."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from ..core.errors import Refusal
from ..core.specs import Spec
from ..core.types import Batch
from ..data import Data
from ..data.dataset import digest
from ..evaluation.features import Features, choose
from ..evaluation.metrics.base import Measurements, Provenance
from ..models.load import load, load_checkpoint_weights, select_checkpoint
from ..models.model import Model
from ..recipes.build import training_data
from ..recipes.recipe import Recipe
from ..records.events import Tail
from ..records.folder import RunFolder
from ..records.summary import Summary, fingerprint
from ..runs.selection import has_likelihood
from . import metric_specs
from .metric_specs import LIKELIHOOD_METRICS, MetricRequest, MetricSpec
from .results import Evaluation, MetricValue
from .sample_sets import SILENCE, RealSamples, SampleSet, Say, generated_samples, real_samples

_CLASS_ACCURACY = "asked_share"  # the stored name


@dataclass(frozen=True)
class EvaluationSetup:
    """A run, the real samples that its own are compared with, the feature network and the metrics."""

    run: Path
    recipe: Recipe
    data: Data
    model: Model
    samples: RealSamples
    network: Features | None  # None if no metric uses features
    seed: int
    say: Say
    requests: Sequence[MetricRequest]  # metrics of samples
    likelihoods: Sequence[Spec]  # metrics of the model itself

    def provenance(self, metric: str, network: Features | None, real: int, generated: int) -> Provenance:
        """What a value was measured on, at any checkpoint."""
        return Provenance(
            metric=metric,
            data=f"{self.data.name}, black or white" if self.recipe.binarize else self.data.name,
            fingerprint=digest(self.data),
            split=self.samples.split,
            real=real,
            generated=generated,
            features="none" if network is None else network.name,
            digest="none" if network is None else network.digest,
            resizing="none" if network is None else network.resizing,
            seed=self.seed,
            checkpoint="",
            rule="",
            averaged=self.recipe.halflife > 0,
        )

    def features(self, request: MetricRequest) -> Features | None:
        """The feature network of a metric; None if it compares samples as they are."""
        return self.network if request.metric.input == "features" else None

    def measure(self, request: MetricRequest, samples: SampleSet) -> Measurements:
        """The values of a metric of these samples, with a message if that took long."""
        sets, start = self.samples.compare(samples, self.features(request), self.say), time.monotonic()
        figures = request.metric.measure(sets)
        if (seconds := time.monotonic() - start) > SILENCE:
            self.say(f"  {request.spec['name']} of {samples.name}: {seconds:.0f} s")
        return figures


def selection_rule(run: Path, checkpoint: str) -> str:
    """How a checkpoint was selected: by the first metric of the held-out selection part."""
    if checkpoint == "last":
        return "the last round"
    if checkpoint != "best":
        return f"round {checkpoint}, named"
    event = next((event for event in Tail(run).new_events() if event["kind"] == "measure"), None)
    if event is None:
        return "nothing was measured"
    by = f"{next(iter(event['metrics']))} of {event['count']:,} held-out samples, the selection part"
    return f"the newest within chance of the lowest {by}"


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

    Example:
        >>> evaluation = eq.evaluate("runs/digits", ["sliced_wasserstein"], count=32, say=str)
        >>> evaluation.of("sliced_wasserstein", "last").better
        'lower'
    """
    with torch.random.fork_rng(devices=[]):  # networks are initialized before their weights are read
        folder = RunFolder.open(run).path
        selected = {
            name: select_checkpoint(folder, name) for name in checkpoints
        }  # refused before a network is trained
        setup = _setup(folder, metrics, features, count, seed, data_root, say)
        rounds = {name: f"round {checkpoint.step:,} ({name})" for name, checkpoint in selected.items()}
        where = f"{' and '.join(rounds.values())} of {setup.run}"
        say(f"Evaluating {where} against {len(setup.samples.real.x):,} held-out samples.")
        floors = {request.name: _floor(setup, request) for request in setup.requests}
        values, measured = list[MetricValue](), dict[int, list[MetricValue]]()  # of checkpoints, and of their rounds
        for name, checkpoint in selected.items():
            if (step := checkpoint.step) not in measured:
                load_checkpoint_weights(setup.model, setup.recipe, checkpoint, lambda: setup.data)
                measured[step] = _sample_metrics(setup, rounds[name], step, floors)
                measured[step] += _likelihood_metrics(setup, rounds[name], step, required=bool(metrics))
            rule = selection_rule(setup.run, name)
            values += [replace(v, provenance=replace(v.provenance, checkpoint=name, rule=rule)) for v in measured[step]]
    evaluation = Evaluation(tuple(values), "" if setup.network is None else setup.network.about)
    evaluation.write(setup.run)
    return evaluation


def _setup(
    run: Path, metrics: Sequence[MetricSpec], features: str, count: int, seed: int, root: str | Path | None, say: Say
) -> EvaluationSetup:
    """All that an evaluation needs. Raises Refusal for a folder without a run, and for unknown metrics."""
    records = RunFolder.open(run)
    recipe = Recipe.load(records.recipe_file, trust=True)  # it may name a user's code, but nothing of it is called
    summary = Summary.load(records)
    root = Path(place) if (place := root or summary.data_root) else None
    data = training_data(recipe, root, summary.data.get("label_scales", []))
    if fingerprint(data) != summary.data:
        say(f"The data {data.name!r} is not what this run was trained on: its numbers may not be comparable.")
    model, specs = load(run), metric_specs.read_specs(metrics, data)
    samples, (name, options) = real_samples(data, count, recipe.binarize), metric_specs.feature_spec(features)
    likelihoods = [spec for spec in specs if spec["name"] in LIKELIHOOD_METRICS]
    requests = [metric_specs.metric_request(spec, data, root, say) for spec in specs if spec not in likelihoods]
    needed = any(request.metric.input == "features" for request in requests)
    network = choose(name, data, root, say, **options) if needed else None
    return EvaluationSetup(run, recipe, data, model, samples, network, seed, say, requests, likelihoods)


def _floor(setup: EvaluationSetup, request: MetricRequest) -> Measurements:
    """A metric of real samples against real ones, once it has passed its self-test."""
    metric_specs.self_test(request, setup.samples.compare(setup.samples.floor, setup.features(request), setup.say))
    return metric_specs.check_floor(request, setup.measure(request, setup.samples.floor))


def _sample_metrics(
    setup: EvaluationSetup, where: str, step: int, floors: dict[str, Measurements]
) -> list[MetricValue]:
    """The metrics of samples that the model generates."""
    count, values = len(setup.samples.floor.x), list[MetricValue]()
    samples = generated_samples(setup.model, count, setup.seed, setup.say, f"samples of {where}")
    for request in setup.requests:
        network = setup.features(request) or request.classifier
        provenance = setup.provenance(request.name, network, len(setup.samples.real.x), count)
        for metric, figure in setup.measure(request, samples).items():
            better, floor = request.metric.better.get(metric, "lower"), floors[request.name].get(metric)
            values.append(MetricValue(metric, *figure, better, step, floor, provenance))
    accuracy = metric_specs.class_accuracy(setup.network, setup.data, samples.batch)
    if accuracy is not None:
        floor = metric_specs.class_accuracy(setup.network, setup.data, setup.samples.floor.batch)
        provenance = setup.provenance(_CLASS_ACCURACY, setup.network, 0, count)
        values.append(MetricValue(_CLASS_ACCURACY, *accuracy, "higher", step, floor, provenance))
    return values


def _likelihood_metrics(setup: EvaluationSetup, where: str, step: int, required: bool) -> list[MetricValue]:
    """How likely held-out data is under the model. Raises Refusal if it has no likelihood and one is required."""
    real = setup.samples.real.batch if setup.model.conditions is not None else Batch(setup.samples.real.x)
    if setup.likelihoods and not has_likelihood(setup.model, real):
        if required:
            raise Refusal(
                "nll needs a model with a likelihood and an encoder, such as vae, and this run has none: leave it out "
                "of --metrics."
            )
        return []
    values = []
    for spec in setup.likelihoods:
        builder = LIKELIHOOD_METRICS[spec["name"]]
        setup.say(f"  likelihood of held-out samples under {where}")
        options = metric_specs.check_options(spec, builder)
        figure = builder(setup.model, real, **options)
        count = min(len(real.x), options.get("count", len(real.x)))
        provenance = setup.provenance(metric_specs.full_name(spec, builder), None, count, 0)
        values.append(MetricValue(spec["name"], *figure, "lower", step, None, provenance))
    return values
