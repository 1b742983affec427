"""What an evaluation measures: real samples, the feature network, the metrics, and what is left out."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from ..core.errors import Refusal
from ..core.specs import Spec
from ..core.text import duration
from ..data import Data
from ..data.dataset import digest
from ..evaluation.features import AUTO, Features, choose, published
from ..evaluation.features.classifier import classified_data, stored_classifier
from ..evaluation.features.classifier_training import training_seconds
from ..evaluation.metrics import base
from ..evaluation.metrics.base import FOR_SHARES, Measurements, Metric, Provenance, SampleSets, Sizes
from ..recipes.options import read_budget
from . import metric_specs
from .metric_specs import LIKELIHOOD_METRICS, MetricRequest, MetricSpec
from .results import MetricValue
from .sample_sets import SILENCE, RealSamples, SampleSet, Say

_LEAST, _PART = 60.0, 0.25  # seconds by default, or this part of the training's
_SHARE, _ENOUGH = 0.7, 1000  # of the time; samples of each kind
_ROWS, _TIMED = 256, 16  # samples in a self-test, and in a measurement of time
_OTHER = (
    "{name} is {metric} on the features of one published network, Inception v3 of 2015, whose weights are not part of "
    "this package. What follows is {metric} on other features ({features}), which is not {name} and cannot be compared "
    "with published values. For {name} of images: --features inception, with its weights as EQUILIBRIA_INCEPTION=FILE "
    "or downloaded (95 MB)."
)
_CLASS_ACCURACY = "asked_share"  # the stored name


@dataclass(frozen=True)
class EvaluationOptions:
    """What is asked of an evaluation."""

    metrics: Sequence[MetricSpec]  # none: those that suit the data
    features: str
    count: int  # 0: as many as there are
    seed: int
    root: Path | None
    say: Say
    budget: str | None = None

    def limit(self, seconds: float) -> float:
        """The most seconds for an evaluation after so many seconds of training. Raises Refusal for no time."""
        if self.budget == "none":
            return math.inf
        if self.budget is not None:
            if (time := read_budget(self.budget).seconds) is None:
                raise Refusal(f"budget is {self.budget!r}: a time such as 5m, or none, is needed.")
            return time
        default = not self.metrics and not self.count and self.features == AUTO
        return max(_LEAST, _PART * seconds) if default else math.inf


@dataclass(frozen=True)
class EvaluationPlan:
    """Real samples, the feature network and the metrics of samples."""

    data: Data  # that metrics and features are built for
    samples: RealSamples
    origin: Provenance  # of all values, but for the metric, its features and the samples
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
        record = replace(self.origin, metric=metric, real=real, generated=generated, split=self.samples.split)
        if network is None:
            return record
        return replace(record, features=network.name, digest=network.digest, resizing=network.resizing)

    def features(self, request: MetricRequest) -> Features | None:
        """The feature network of a metric; None if it compares samples as they are."""
        return self.network if request.metric.input == "features" else None

    def sets(self, request: MetricRequest, samples: SampleSet) -> SampleSets:
        """What a metric compares; training samples only for those that need them, and for a user's."""
        training = bool(request.metric.training) or ":" in request.spec["name"]
        return self.samples.compare(samples, self.features(request), self.say, training)

    def measure(self, request: MetricRequest, samples: SampleSet) -> Measurements:
        """The values of a metric of these samples, with a message if that took long."""
        sets, start = self.sets(request, samples), time.monotonic()
        figures = request.metric.measure(sets)
        if (seconds := time.monotonic() - start) > SILENCE:
            self.say(f"  {request.spec['name']} of {samples.name}: {seconds:.0f} s")
        return figures

    def floors(self) -> dict[str, Measurements]:
        """Each metric of real samples against real ones, once it has passed its self-test."""
        floors = {}
        for request in self.requests:
            metric_specs.self_test(request, self.sets(request, self.samples.floor))
            floors[request.name] = metric_specs.check_floor(request, self.measure(request, self.samples.floor))
        return floors

    def cautions(self) -> list[str]:
        """How to read the values, where not as usual, and how to have more."""
        sets = [(each, self.sets(each, self.samples.floor)) for each in self.requests]
        notes = [caution for each, compared in sets if (caution := each.metric.caution(compared))]
        first, count = self.optional[:1], len(self.samples.floor.x)
        if count < FOR_SHARES:
            notes.insert(0, f"{count} samples of each kind say little: only values far from the floor mean something.")
        notes += [f"`--metrics {name}` measures {name} nevertheless." for name in first]
        return [*filter(None, [self.samples.remark]), *notes]

    def values(self, samples: SampleSet, step: int | None, floors: Mapping[str, Measurements]) -> list[MetricValue]:
        """The metrics of samples, and how often the classifier recognizes their conditions."""
        count, values = len(samples.x), list[MetricValue]()
        for request in self.requests:
            network = self.features(request) or request.classifier
            provenance = self.provenance(request.name, network, len(self.samples.real.x), count)
            for metric, figure in self.measure(request, samples).items():
                better, floor = request.metric.better.get(metric, "lower"), floors[request.name].get(metric)
                between = request.metric.ranges.get(metric, base.UNBOUNDED)
                values.append(MetricValue(metric, *figure, better, step, floor, provenance, *between))
        accuracy = metric_specs.class_accuracy(self.network, self.data, samples.batch)
        if accuracy is not None:
            floor = metric_specs.class_accuracy(self.network, self.data, self.samples.floor.batch)
            provenance = self.provenance(_CLASS_ACCURACY, self.network, 0, count)
            values.append(MetricValue(_CLASS_ACCURACY, *accuracy, "higher", step, floor, provenance, *base.PORTION))
        return values


def origin(data: Data, seed: int, averaged: bool = False, binarize: bool = False) -> Provenance:
    """What all values of an evaluation were measured on, but for the metric, its features and the samples."""
    name = f"{data.name}, black or white" if binarize else data.name
    network = {"features": "none", "digest": "none", "resizing": "none"}
    later: Any = {"metric": "", "split": "", "real": 0, "generated": 0, "checkpoint": "", "rule": ""} | network
    return Provenance(data=name, fingerprint=digest(data), seed=seed, averaged=averaged, **later)


def plan_evaluation(
    options: EvaluationOptions, samples: RealSamples, data: Data, record: Provenance, limit: float
) -> EvaluationPlan:
    """The metrics by name, or those that suit the data and the number of samples; the others are left out.

    A classifier that would take more than half of `limit` seconds to train is replaced or done without. Raises Refusal
    for unknown metrics, and for those that cannot be measured.
    """
    requests, left_out, optional = list[MetricRequest](), dict[str, str](), list[str]()
    for spec in metric_specs.read_specs(options.metrics, data):
        if spec["name"] in LIKELIHOOD_METRICS:
            continue
        reason, missing = _late(spec, data, options.root, limit), ""
        if not reason:
            request = metric_specs.metric_request(spec, data, options.root, options.say)
            missing, reason = _missing(request.metric, samples), _few(request.metric, len(samples.floor.x))
            if missing and options.metrics:
                raise Refusal(f"{spec['name']} cannot be measured, since {missing}: leave it out of --metrics.")
            if not missing and (options.metrics or not reason):
                requests.append(request)
                continue
        left_out[spec["name"]] = missing or reason
        optional += [] if missing else [spec["name"]]
    names = metric_specs.inception_names(options.metrics)
    features = published(data) if names and options.features == AUTO else options.features
    (name, settings), network = metric_specs.feature_spec(features), None
    if any(request.metric.input == "features" for request in requests):
        network = choose(name, data, options.root, options.say, limit / 2, **settings)
    if network is not None and network.name != "inception":
        for name, own in names.items():
            options.say(_OTHER.format(name=name, metric=own, features=network.name))
    return EvaluationPlan(data, samples, record, network, requests, options.say, left_out, optional)


def _late(spec: Spec, data: Data, root: Path | None, limit: float) -> str:
    """Why the classifier that a metric itself needs is not there in time."""
    if limit == math.inf or not metric_specs.needs_classifier(spec, data) or stored_classifier(data, root) is not None:
        return ""
    seconds = training_seconds(classified_data(data, root))
    return "" if seconds <= limit / 2 else f"its classifier takes about {duration(seconds)} to train, once"


def _missing(metric: Metric, samples: RealSamples) -> str:
    """Which samples a metric lacks."""
    lacks = bool(metric.training and samples.lacks)
    return f"the training samples are needed {metric.training}, and {samples.lacks}" if lacks else ""


def _few(metric: Metric, count: int) -> str:
    """Why a metric of so few samples means nothing."""
    if count >= metric.fewest:
        return ""
    return f"{metric.fewest:,} samples of each kind are needed, and there are {count:,}: {metric.reason}"


class Work(NamedTuple):
    """What is measured, and how fast."""

    sets: int  # of generated samples
    drawing: float  # seconds for a sample
    extra: float = 0.0  # seconds for what is not measured on samples


def affordable(
    plan: EvaluationPlan, limit: float, work: Work, fewer: Callable[[int], RealSamples] | None, forced: bool
) -> EvaluationPlan:
    """The plan with fewer samples, then fewer metrics unless they are `forced`, to take at most `limit` seconds.

    `fewer` makes real samples of a smaller count. Says what is expected.
    """
    count, most = len(plan.samples.floor.x), duration(limit) if limit < math.inf else "any time"
    costs, least = _costs(plan, work), max([_ENOUGH, *(each.metric.fewest for each in plan.requests)])
    while fewer and sum(costs(count, plan.requests).values()) > _SHARE * limit and count > least:
        count = max(count // 2, least)
    if fewer and count < len(plan.samples.floor.x):
        plan.say(f"{count:,} samples instead of {len(plan.samples.floor.x):,}, to take at most {most} (--budget).")
        plan = replace(plan, samples=fewer(count))
    while sum((expected := costs(count, plan.requests)).values()) > limit and len(plan.requests) > 1 and not forced:
        dear = max(plan.requests[1:], key=lambda each: expected.get(each.spec["name"], 0.0))
        name = str(dear.spec["name"])
        reason = f"it takes about {duration(expected.get(name, 0.0))}, and all together may take {most}"
        rest = [each for each in plan.requests if each is not dear]
        plan = replace(plan, requests=rest, left_out={**plan.left_out, name: reason}, optional=[*plan.optional, name])
    plan.say(_expectation(expected, limit))
    return plan


def _costs(plan: EvaluationPlan, work: Work) -> Callable[[int, Sequence[MetricRequest]], dict[str, float]]:
    """Seconds for metrics of so many samples, by name, and for what they are measured on."""
    speed, largest, x, width = base.slowness(), len(plan.samples.train.x), plan.samples.real.x[:_TIMED], 0
    rate, network = 0.0, plan.network
    if network is not None:
        width = network.network(x).flatten(1).shape[1]
        rate = base.seconds_of(lambda: network.network(x)) / len(x)

    def costs(count: int, requests: Sequence[MetricRequest]) -> dict[str, float]:
        training = min(largest, 2 * count) if count < len(plan.samples.floor.x) else largest
        learns = any(each.metric.training and each.metric.input == "features" for each in requests)
        rows = (2 + work.sets) * count + training * learns
        seconds = {"samples": work.drawing * work.sets * count, "features": rate * rows, "likelihood": work.extra}
        seconds = {name: value for name, value in seconds.items() if value}
        for each in requests:
            features = width if each.metric.input == "features" else x[0].numel()
            whole, small = (each.metric.cost(Sizes(n, training, features)) for n in (count, min(count, _ROWS)))
            seconds[each.spec["name"]] = speed * (whole * (1 + work.sets) + 2 * small)
        return seconds

    return costs


def _expectation(expected: Mapping[str, float], limit: float) -> str:
    """What takes how long, in words."""
    parts = [f"{name} {duration(seconds)}" for name, seconds in expected.items() if seconds >= 1]
    parts += [f"{name} unknown" for name in expected if ":" in name]  # of the user
    if short := [name for name, seconds in expected.items() if seconds < 1 and ":" not in name]:
        parts.append(f"{', '.join(short)} less than 1 s{' each' * (len(short) > 1)}")
    most = "" if limit == math.inf else f" of at most {duration(limit)}"
    total = sum(expected.values())
    whole = f"about {duration(total)}" if total >= 1 else "less than 1 s"
    return f"Expected time: {'; '.join(parts)}; in all {whole}{most}."
