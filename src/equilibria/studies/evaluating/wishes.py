"""Which metrics are meant, and what they are made of."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.catalogue import options
from ...core.errors import Refusal, nearest
from ...core.imports import imported
from ...data import Data
from ...evaluation.features import FEATURES, Features
from ...evaluation.features.classifier import classifier
from ...evaluation.metrics import METRICS, usual
from ...evaluation.metrics.base import Metric
from ...evaluation.metrics.stacked import is_stacked
from ...recipes.parts import Spec, check, make
from ...recipes.reading import guessed
from .inferring import inferred

INFERRED = {"nll": inferred}  # what is asked of the model itself, not of its samples
Named = str | Mapping[str, Any]  # frechet, kernel(degree=2), {"name": "kernel", "degree": 2}


@dataclass(frozen=True)
class Wanted:
    """A metric, and what its cards say."""

    spec: Spec
    said: str  # with all its options
    metric: Metric
    classifier: Features | None = None  # that it asks by itself


def specs(metrics: Sequence[Named], data: Data) -> list[Spec]:
    """Each metric's name and options; what is usual for the data where none are named. Raises Refusal for others."""
    found = [_spec(metric) for metric in metrics] or [{"name": name} for name in (*usual(data), *INFERRED)]
    for spec in found:
        if spec["name"] not in METRICS and spec["name"] not in INFERRED and ":" not in spec["name"]:
            known = [*METRICS, *INFERRED]
            raise Refusal(f"No metric is called {spec['name']!r}.{nearest(spec['name'], known)}")
    return found


def parted(text: str) -> list[str]:
    """The metrics in a text, between commas that no parenthesis holds: "frechet, kernel(degree=2, size=100)"."""
    return [part.strip() for part in re.split(r",(?![^()]*\))", text) if part.strip()]


def wanted(spec: Spec, data: Data, root: Path | None, say: Callable[[str], None]) -> Wanted:
    """The metric that a spec names. Raises Refusal where the data do not allow it."""
    builder = imported(spec["name"], METRICS.kind) if ":" in spec["name"] else METRICS[spec["name"]]
    asks = "classifier" in inspect.signature(builder).parameters and (":" in spec["name"] or is_stacked(data))
    told = classifier(data, root, say) if asks else None
    metric = make(METRICS, spec, spec["name"], data=data, classifier=told)
    if not isinstance(metric, Metric):
        raise Refusal(f"{spec['name']} answers {type(metric).__name__}: a Metric is expected, of evaluation.metrics.")
    return Wanted(spec, said(spec, builder), metric, told)


def said(spec: Spec, builder: Callable[..., Any]) -> str:
    """A metric with all its options, as it can be named again: kernel(degree=3, size=1000)."""
    chosen = {name: spec.get(name, parameter.default) for name, parameter in options(builder).items()}
    inner = ", ".join(f"{name}={value}" for name, value in chosen.items())
    return f"{spec['name']}({inner})" if inner else spec["name"]


def checked(spec: Spec, builder: Callable[..., Any]) -> dict[str, Any]:
    """The options of a spec as the builder wants them. Raises Refusal for others."""
    given = {name: value for name, value in spec.items() if name != "name"}
    return {name: check(builder, name, value, f"{spec['name']}.{name}") for name, value in given.items()}


def chosen_features(text: str) -> tuple[str, dict[str, Any]]:
    """The name of a feature network and its options: inception(weights=FILE)."""
    spec = _spec(text)
    name = spec["name"]
    builder = imported(name, FEATURES.kind) if ":" in name else FEATURES[name] if name != "auto" else _no_options
    return name, checked(spec, builder)


def _no_options() -> None:
    """Auto has none."""


def _spec(metric: Named) -> Spec:
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
