"""What an evaluation measures: real samples, the feature network, the metrics, and what is left out."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..core.errors import Refusal
from ..data import Data
from ..data.dataset import digest
from ..evaluation.features import Features, choose
from ..evaluation.metrics.base import Measurement, Measurements, Metric, Provenance
from . import metric_specs
from .metric_specs import LIKELIHOOD_METRICS, MetricRequest, MetricSpec
from .results import MetricValue
from .sample_sets import SILENCE, RealSamples, SampleSet, Say

_CLASS_ACCURACY = "asked_share"  # the stored name


@dataclass(frozen=True)
class EvaluationPlan:
    """Real samples, the feature network and the metrics of samples."""

    data: Data  # that metrics and features are built for
    samples: RealSamples
    origin: Provenance  # of all values, but for the metric, its features and the counts
    network: Features | None  # None if no metric uses features
    requests: Sequence[MetricRequest]
    say: Say
    left_out: Mapping[str, str] = field(default_factory=dict)  # metrics, each with the reason
    optional: Sequence[str] = ()  # those of them that can be measured nevertheless

    @property
    def about(self) -> str:
        """The feature network, in words."""
        return "" if self.network is None else self.network.about

    def provenance(self, metric: str, network: Features | None, real: int, generated: int) -> Provenance:
        """What a value was measured on."""
        record = replace(self.origin, metric=metric, real=real, generated=generated)
        if network is None:
            return record
        return replace(record, features=network.name, digest=network.digest, resizing=network.resizing)

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

    def floors(self) -> dict[str, Measurements]:
        """Each metric of real samples against real ones, once it has passed its self-test."""
        floors = {}
        for request in self.requests:
            sets = self.samples.compare(self.samples.floor, self.features(request), self.say)
            metric_specs.self_test(request, sets)
            floors[request.name] = metric_specs.check_floor(request, self.measure(request, self.samples.floor))
        return floors

    def cautions(self) -> list[str]:
        """How to read the values, where not as usual."""
        real = self.samples.floor
        notes = [f"`--metrics {self.optional[0]}` measures {self.optional[0]} nevertheless."] if self.optional else []
        sets = [(each, self.samples.compare(real, self.features(each), self.say)) for each in self.requests]
        return [caution for each, compared in sets if (caution := each.metric.caution(compared))] + notes

    def values(self, samples: SampleSet, step: int | None, floors: Mapping[str, Measurements]) -> list[MetricValue]:
        """The metrics of samples, and how often the classifier recognizes their conditions."""
        count, values = len(samples.x), list[MetricValue]()
        for request in self.requests:
            network = self.features(request) or request.classifier
            provenance = self.provenance(request.name, network, len(self.samples.real.x), count)
            for metric, figure in self.measure(request, samples).items():
                better, floor = request.metric.better.get(metric, "lower"), floors[request.name].get(metric)
                values.append(MetricValue(metric, *figure, better, step, floor, provenance))
        accuracy: Measurement | None = metric_specs.class_accuracy(self.network, self.data, samples.batch)
        if accuracy is not None:
            floor = metric_specs.class_accuracy(self.network, self.data, self.samples.floor.batch)
            provenance = self.provenance(_CLASS_ACCURACY, self.network, 0, count)
            values.append(MetricValue(_CLASS_ACCURACY, *accuracy, "higher", step, floor, provenance))
        return values


def origin(data: Data, samples: RealSamples, seed: int, averaged: bool = False, binarize: bool = False) -> Provenance:
    """What all values of an evaluation were measured on, but for the metric, its features and the counts."""
    return Provenance(
        metric="",
        data=f"{data.name}, black or white" if binarize else data.name,
        fingerprint=digest(data),
        split=samples.split,
        real=0,
        generated=0,
        features="none",
        digest="none",
        resizing="none",
        seed=seed,
        checkpoint="",
        rule="",
        averaged=averaged,
    )


def plan_evaluation(
    metrics: Sequence[MetricSpec],
    features: str,
    samples: RealSamples,
    data: Data,
    origin: Provenance,
    root: Path | None,
    say: Say,
) -> EvaluationPlan:
    """The metrics by name, or those that suit the data and the number of samples; the others are left out.

    Raises Refusal for unknown metrics, and for those that cannot be measured.
    """
    specs, requests, left_out = metric_specs.read_specs(metrics, data), list[MetricRequest](), dict[str, str]()
    optional = list[str]()
    name, options = metric_specs.feature_spec(features)
    for spec in (spec for spec in specs if spec["name"] not in LIKELIHOOD_METRICS):
        request = metric_specs.metric_request(spec, data, root, say)
        missing, few = _missing(request.metric, samples), _few(request.metric, len(samples.floor.x))
        if missing and metrics:
            raise Refusal(f"{spec['name']} cannot be measured, since {missing}: leave it out of --metrics.")
        if missing or (few and not metrics):
            left_out[spec["name"]] = missing or few
            optional += [] if missing else [spec["name"]]
        else:
            requests.append(request)
    needed = any(request.metric.input == "features" for request in requests)
    network = choose(name, data, root, say, **options) if needed else None
    return EvaluationPlan(data, samples, origin, network, requests, say, left_out, optional)


def _missing(metric: Metric, samples: RealSamples) -> str:
    """Which samples a metric lacks."""
    if not metric.training or samples.has_training:
        return ""
    return f"the training samples are needed {metric.training}, and they are not known here"


def _few(metric: Metric, count: int) -> str:
    """Why a metric of so few samples means nothing."""
    if count >= metric.fewest:
        return ""
    return f"{metric.fewest:,} samples of each kind are needed, and there are {count:,}: {metric.reason}"
