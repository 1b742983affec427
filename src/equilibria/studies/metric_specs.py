"""Metrics by name and options, the self-test that each must pass, and metrics of the model itself."""

import inspect
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..core.catalogue import options
from ..core.errors import Failure, Refusal, nearest
from ..core.specs import Spec, builder_of, check, make, parse_json
from ..core.types import Batch
from ..data import Data
from ..evaluation.features import AUTO, FEATURES, Features
from ..evaluation.features.classifier import classifier
from ..evaluation.metrics import METRICS, ON_INCEPTION, default_metrics
from ..evaluation.metrics.base import Measurement, Measurements, Metric, SampleSets, proportion
from ..evaluation.metrics.likelihood import importance_sampled
from ..evaluation.metrics.modes import is_stacked
from ..models.model import Model

_ROWS = 256  # samples in a self-test or in a forward pass of the classifier
_FAR = 2.0  # standard deviations
_LEAST = 20  # samples for a likelihood
_SIGNS = {"lower": 1.0, "higher": -1.0, "neither": 0.0}
_FAILS = (
    "The metric {metric} fails its self-test: {what}. None of its numbers is printed; leave it out with --metrics, or "
    "take more samples with --count."
)
MetricSpec = str | Mapping[str, Any]  # "frechet", "kernel(degree=2)", {"name": "kernel", "degree": 2}


@dataclass(frozen=True)
class MetricRequest:
    """A metric that is to be computed."""

    spec: Spec
    name: str  # with all its options, for the provenance
    metric: Metric
    classifier: Features | None = None  # that the metric itself uses


def nll(model: Model, batch: Batch, *, k: int = 500, count: int = 1000) -> Measurement:
    """Negative log-likelihood of held-out data, nats, by importance sampling; lower is better (Burda et al. 2016).

    `k` is the number of importance samples: an upper bound on average, tighter with more. `count` is the number of
    held-out samples.
    """
    if k < 1 or count < 2:
        raise Refusal("The metric 'nll' needs k of at least 1, and a count of at least 2.")
    some = Batch(batch.x[:count], None if batch.y is None else batch.y[:count])
    nats = importance_sampled(model.networks, model.prior, some, k).double()
    return Measurement(float(nats.mean()), float(nats.std()) / math.sqrt(len(nats)))


LIKELIHOOD_METRICS = {"nll": nll}  # computed by the model itself, not from its samples


def inception_names(metrics: Sequence[MetricSpec]) -> dict[str, str]:
    """The metrics among these that are named as on the features of Inception, FID: each with the name of its own."""
    names = [_spec(metric)["name"] for metric in metrics]
    return {name.upper(): ON_INCEPTION[name] for name in names if name in ON_INCEPTION}


def fit_likelihood(spec: Spec, count: int, seconds: float, limit: float) -> tuple[Spec, float]:
    """The spec with as many held-out samples, of `count`, as take at most `limit`, and their seconds.

    `seconds` is the time of one importance sample.
    """
    builder = LIKELIHOOD_METRICS[spec["name"]]
    values = {name: parameter.default for name, parameter in options(builder).items()} | check_options(spec, builder)
    size = min(values["count"], count)
    most = max(int(limit / (values["k"] * seconds)), _LEAST) if limit < math.inf else size
    if most < size:
        spec, size = spec | {"count": most}, most
    return spec, size * values["k"] * seconds


def read_specs(metrics: Sequence[MetricSpec], data: Data) -> list[Spec]:
    """Each metric's name and options; without metrics those that suit the data. Raises Refusal for unknown ones."""
    specs = [_spec(metric) for metric in metrics or (*default_metrics(data), *LIKELIHOOD_METRICS)]
    specs = [spec | {"name": ON_INCEPTION.get(spec["name"], spec["name"])} for spec in specs]
    names = [*METRICS, *LIKELIHOOD_METRICS]
    for name in (spec["name"] for spec in specs):
        if name not in names and ":" not in name:
            raise Refusal(f"No metric is called {name!r}.{nearest(name, names)}")
    return specs


def split_metrics(text: str) -> list[str]:
    """The metrics in a text, split at commas outside parentheses: "frechet, kernel(degree=2, size=100)"."""
    return [part.strip() for part in re.split(r",(?![^()]*\))", text) if part.strip()]


def metric_request(spec: Spec, data: Data, root: Path | None, say: Callable[[str], None]) -> MetricRequest:
    """The metric of a spec. Raises Refusal if it does not apply to the data."""
    builder = builder_of(METRICS, spec["name"])
    network = classifier(data, root, say) if needs_classifier(spec, data) else None
    metric = make(METRICS, spec, spec["name"], data=data, classifier=network)
    if not isinstance(metric, Metric):
        raise Refusal(f"{spec['name']} returns {type(metric).__name__}: it must return an evaluation.metrics Metric.")
    return MetricRequest(spec, full_name(spec, builder), metric, network)


def needs_classifier(spec: Spec, data: Data) -> bool:
    """Whether a metric itself classifies samples."""
    parameters = inspect.signature(builder_of(METRICS, spec["name"])).parameters
    return "classifier" in parameters and (":" in spec["name"] or is_stacked(data))


def full_name(spec: Spec, builder: Callable[..., Any]) -> str:
    """A metric with all its options, as it can be typed: kernel(degree=3, size=1000)."""
    values = {name: spec.get(name, parameter.default) for name, parameter in options(builder).items()}
    inner = ", ".join(f"{name}={value}" for name, value in values.items())
    return f"{spec['name']}({inner})" if inner else spec["name"]


def check_options(spec: Spec, builder: Callable[..., Any]) -> dict[str, Any]:
    """The options of a spec in the types of its builder. Raises Refusal for others."""
    return {key: check(builder, key, value, f"{spec['name']}.{key}") for key, value in spec.items() if key != "name"}


def feature_spec(text: str) -> tuple[str, dict[str, Any]]:
    """The name of a feature network and its options: inception(weights=FILE)."""
    spec = _spec(text)
    if (name := spec["name"]) == AUTO and len(spec) > 1:
        raise Refusal(f"{text!r} has options, and {AUTO} has none: name a network, as in inception(weights=FILE).")
    return name, {} if name == AUTO else check_options(spec, builder_of(FEATURES, name))


def _spec(metric: MetricSpec) -> Spec:
    """Name and options of a metric, from NAME or NAME(OPTION=VALUE, ...)."""
    if isinstance(metric, Mapping):
        return dict(metric)
    match = re.fullmatch(r"\s*([\w.:-]+)\s*(?:\((.*)\))?\s*", metric)
    if not match:
        raise Refusal(f"{metric!r} is not a name: write frechet, or kernel(degree=2, size=100) with options.")
    name, pairs = match[1], [part.partition("=") for part in (match[2] or "").split(",") if part.strip()]
    if wrong := [key.strip() for key, equals, _ in pairs if not equals]:
        raise Refusal(f"{metric!r} does not say which option is {wrong[0]!r}: write for example kernel(degree=2).")
    values = {key.strip(): parse_json(value.strip()) for key, _, value in pairs}
    return {"name": name if ":" in name else name.lower().replace("-", "_")} | values


def self_test(request: MetricRequest, sets: SampleSets) -> None:
    """Check that identical sets score better than one repeated distant sample, and differ from copies of the training.

    `sets` holds real samples only. Raises Failure for a metric that fails, so that none of its numbers is printed.
    """
    real, train = sets.real[:_ROWS], sets.train[: 4 * _ROWS]
    away = real.flatten(1).std(dim=0).mul(_FAR).reshape(real.shape[1:])
    repeated = (real[:1] + away).repeat_interleave(len(real), dim=0)
    same = _measure(request, SampleSets(real, real.clone(), train))
    lone = _measure(request, SampleSets(real, repeated, train))
    signs = {name: _SIGNS[request.metric.better.get(name, "lower")] for name in same if name in lone}
    gaps = {name: sign * (lone[name].value - same[name].value) for name, sign in signs.items() if sign}
    apart = same != lone or same != _measure(request, SampleSets(real, train[: len(real)].clone(), train))
    for name, gap in gaps.items():
        if not gap >= 0 or not apart:
            values = f"{same[name].value:.4g} for identical sets and {lone[name].value:.4g} for one repeated sample"
            raise Failure(_FAILS.format(metric=request.name, what=f"{name} is {values}"))


def check_floor(request: MetricRequest, figures: Measurements) -> Measurements:
    """The values of real samples against real ones. Raises Failure if one is not finite."""
    for name, figure in figures.items():
        if not math.isfinite(figure.value):
            what = f"{name} of real samples against real ones is {figure.value}"
            raise Failure(_FAILS.format(metric=request.name, what=what))
    return figures


def _measure(request: MetricRequest, sets: SampleSets) -> Measurements:
    with torch.random.fork_rng(devices=[]):
        return request.metric.measure(sets)


def class_accuracy(network: Features | None, data: Data, batch: Batch) -> Measurement | None:
    """The share of samples (N, *shape) that a classifier assigns to the class of their condition, (N, C).

    None for unconditional samples, and for a network that does not tell the classes of the data.
    """
    if network is None or network.classify is None or batch.y is None:
        return None
    if data.labels is None or data.labels.kind != "class":
        return None
    labeled = batch.y.any(dim=1)
    logits = torch.cat([network.classify(part) for part in batch.x[labeled].split(_ROWS)])
    if logits.shape[1] != data.labels.size:
        return None
    return proportion(float((logits.argmax(dim=1) == batch.y[labeled].argmax(dim=1)).double().mean()), len(logits))
