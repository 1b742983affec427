"""Metric requests, the self-test a metric must pass, and metrics of the model itself."""

import inspect
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..core.catalogue import options
from ..core.errors import Failure, Refusal, nearest
from ..core.posteriors import Gaussian
from ..core.specs import Spec, check, guessed, imported, make
from ..core.types import Batch
from ..data import Data
from ..evaluation.features import FEATURES, Features
from ..evaluation.features.classifier import classifier
from ..evaluation.metrics import METRICS, default_metrics
from ..evaluation.metrics.base import Measurement, Measurements, Metric, SampleSets
from ..evaluation.metrics.likelihood import importance_sampled
from ..evaluation.metrics.modes import is_stacked
from ..models.sampler import Sampler


def nll(model: Sampler, batch: Batch, *, k: int = 500, count: int = 1000) -> Measurement:
    """Negative log-likelihood of held-out data, nats, by importance sampling; lower is better (Burda et al. 2016).

    `k` is how many draws of the encoder weigh each sample: an upper bound on average, the tighter the more. `count` is
    how many samples are asked about.
    """
    if k < 1 or count < 2:
        raise Refusal("The metric 'nll' needs k of at least 1, and a count of at least 2.")
    some = Batch(batch.x[:count], None if batch.y is None else batch.y[:count])
    nats = importance_sampled(model.networks, model.prior, some, k).double()
    return Measurement(float(nats.mean()), float(nats.std()) / math.sqrt(len(nats)))


def has_likelihood(model: Sampler) -> bool:
    """Whether the model has a likelihood, and an encoder that is uncertain."""
    if not {"likelihood", "encoder"} <= set(model.networks):
        return False
    _, y = model.material(1, (0,))
    return isinstance(model.networks["encoder"](model.sample(1), y), Gaussian)


LIKELIHOOD_METRICS = {"nll": nll}  # what is asked of the model itself, not of its samples
MetricSpec = str | Mapping[str, Any]  # frechet, kernel(degree=2), {"name": "kernel", "degree": 2}


@dataclass(frozen=True)
class MetricRequest:
    """A metric, and what its cards say."""

    spec: Spec
    said: str  # with all its options
    metric: Metric
    classifier: Features | None = None  # that it asks by itself


def read_specs(metrics: Sequence[MetricSpec], data: Data) -> list[Spec]:
    """Each metric's name and options; what is usual for the data where none are named. Raises Refusal for others."""
    found = [_spec(metric) for metric in metrics] or [
        {"name": name} for name in (*default_metrics(data), *LIKELIHOOD_METRICS)
    ]
    for spec in found:
        if spec["name"] not in METRICS and spec["name"] not in LIKELIHOOD_METRICS and ":" not in spec["name"]:
            known = [*METRICS, *LIKELIHOOD_METRICS]
            raise Refusal(f"No metric is called {spec['name']!r}.{nearest(spec['name'], known)}")
    return found


def split_metrics(text: str) -> list[str]:
    """The metrics in a text, between commas that no parenthesis holds: "frechet, kernel(degree=2, size=100)"."""
    return [part.strip() for part in re.split(r",(?![^()]*\))", text) if part.strip()]


def metric_request(spec: Spec, data: Data, root: Path | None, say: Callable[[str], None]) -> MetricRequest:
    """The metric that a spec names. Raises Refusal where the data do not allow it."""
    builder = imported(spec["name"], METRICS.kind) if ":" in spec["name"] else METRICS[spec["name"]]
    asks = "classifier" in inspect.signature(builder).parameters and (":" in spec["name"] or is_stacked(data))
    told = classifier(data, root, say) if asks else None
    metric = make(METRICS, spec, spec["name"], data=data, classifier=told)
    if not isinstance(metric, Metric):
        raise Refusal(f"{spec['name']} answers {type(metric).__name__}: a Metric is expected, of evaluation.metrics.")
    return MetricRequest(spec, spelled(spec, builder), metric, told)


def spelled(spec: Spec, builder: Callable[..., Any]) -> str:
    """A metric with all its options, as it can be named again: kernel(degree=3, size=1000)."""
    chosen = {name: spec.get(name, parameter.default) for name, parameter in options(builder).items()}
    inner = ", ".join(f"{name}={value}" for name, value in chosen.items())
    return f"{spec['name']}({inner})" if inner else spec["name"]


def check_options(spec: Spec, builder: Callable[..., Any]) -> dict[str, Any]:
    """The options of a spec as the builder wants them. Raises Refusal for others."""
    given = {name: value for name, value in spec.items() if name != "name"}
    return {name: check(builder, name, value, f"{spec['name']}.{name}") for name, value in given.items()}


def feature_spec(text: str) -> tuple[str, dict[str, Any]]:
    """The name of a feature network and its options: inception(weights=FILE)."""
    spec = _spec(text)
    name = spec["name"]
    builder = imported(name, FEATURES.kind) if ":" in name else FEATURES[name] if name != "auto" else _no_options
    return name, check_options(spec, builder)


def _no_options() -> None:
    """Auto has none."""


def _spec(metric: MetricSpec) -> Spec:
    """A part's description from its name, or from name(option=value, ...)."""
    if isinstance(metric, Mapping):
        return dict(metric)
    found = re.fullmatch(r"\s*([\w.:-]+)\s*(?:\((.*)\))?\s*", metric)
    if not found:
        raise Refusal(f"{metric!r} is no name: say for example frechet, or kernel(degree=2, size=100) with options.")
    name, pairs = found[1], [part.partition("=") for part in (found[2] or "").split(",") if part.strip()]
    if wrong := [key.strip() for key, equals, _ in pairs if not equals]:
        raise Refusal(f"{metric!r} does not say what {wrong[0]!r} is: say for example kernel(degree=2).")
    given = {key.strip(): guessed(value.strip()) for key, _, value in pairs}
    return {"name": name if ":" in name else name.replace("-", "_")} | given


_ROWS = 256
_FAR = 2.0  # deviations
_SIGNS = {"lower": 1.0, "higher": -1.0, "neither": 0.0}
_FAILS = (
    "The metric {metric} fails its self-test: {what}. None of its numbers is printed; leave it out with --metrics, or "
    "take more samples with --count."
)


def self_test(wanted: MetricRequest, sets: SampleSets) -> None:
    """Identical sets must come off better than one sample over and over, far off, and not like copies of the training.

    `sets` are of real samples only. Raises Failure for a metric that fails, so that none of its numbers is printed.
    """
    real, train = sets.real[:_ROWS], sets.train[: 4 * _ROWS]
    away = real.flatten(1).std(dim=0).mul(_FAR).reshape(real.shape[1:])
    same = _asked(wanted, SampleSets(real, real.clone(), train))
    lone = _asked(wanted, SampleSets(real, (real[:1] + away).repeat_interleave(len(real), dim=0), train))
    signs = {name: _SIGNS[wanted.metric.better.get(name, "lower")] for name in same if name in lone}
    gaps = {name: sign * (lone[name].value - same[name].value) for name, sign in signs.items() if sign}
    apart = same != lone or same != _asked(wanted, SampleSets(real, train[: len(real)].clone(), train))
    for name, gap in gaps.items():
        if not gap >= 0 or not apart:
            values = f"{same[name].value:.4g} for identical sets and {lone[name].value:.4g} for a lone sample far off"
            raise Failure(_FAILS.format(metric=wanted.said, what=f"{name} is {values}"))


def finite(wanted: MetricRequest, figures: Measurements) -> Measurements:
    """The figures of real samples beside real ones. Raises Failure where one is no number."""
    for name, figure in figures.items():
        if not math.isfinite(figure.value):
            what = f"{name} of real samples beside real ones is {figure.value}"
            raise Failure(_FAILS.format(metric=wanted.said, what=what))
    return figures


def _asked(wanted: MetricRequest, sets: SampleSets) -> Measurements:
    with torch.random.fork_rng(devices=[]):
        return wanted.metric.measure(sets)


_AT_ONCE = 256


def class_accuracy(network: Features | None, data: Data, batch: Batch) -> Measurement | None:
    """The share of samples (N, *shape) that the classifier takes for the class that was asked for, (N, C); else None.

    None where nothing was asked, or the network tells no classes, or others than the data have.
    """
    if network is None or network.classify is None or batch.y is None:
        return None
    if data.labels is None or data.labels.kind != "class":
        return None
    said = torch.cat([network.classify(part) for part in batch.x.split(_AT_ONCE)])
    return None if said.shape[1] != data.labels.size else _share(said.argmax(dim=1) == batch.y.argmax(dim=1))


def _share(right: Tensor) -> Measurement:
    share = float(right.double().mean())
    return Measurement(share, math.sqrt(share * (1 - share) / len(right)))
