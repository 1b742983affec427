"""The numbers of one checkpoint."""

import time
from collections.abc import Sequence

from ...core.errors import Refusal
from ...core.types import Batch
from ...evaluation.metrics.base import Figure, Figures, Sets
from ...recipes.model import Model
from ...recipes.parts import Spec
from ..numbers import Number
from .inferring import infers
from .labels import asked_share
from .material import PATIENCE, Seen, drawn, sets
from .setting import Setting
from .trust import finite, self_test
from .wishes import INFERRED, Wanted, checked, said

ASKED = "asked_share"  # of a conditional model


def floors(setting: Setting, asked: Sequence[Wanted]) -> dict[str, Figures]:
    """Every metric of real samples beside real ones, once it has passed its self-test: by the metric."""
    found = {}
    for wanted in asked:
        seen = setting.network if wanted.metric.sees == "features" else None
        compared = sets(setting.real, setting.floor, setting.train, seen, setting.say)
        self_test(wanted, compared)
        found[wanted.said] = finite(wanted, _figures(setting, wanted, compared, "real samples"))
    return found


def measured(
    setting: Setting, model: Model, which: str, step: int, asked: Sequence[Wanted], floor: dict[str, Figures]
) -> list[Number]:
    """The figures of samples that this model draws."""
    called = f"samples of round {step:,} ({which})"
    batch = drawn(model, len(setting.floor.samples), setting.seed, setting.say, called)
    fake, numbers = Seen(batch.x, called), list[Number]()
    for wanted in asked:
        seen = setting.network if wanted.metric.sees == "features" else None
        compared = sets(setting.real, fake, setting.train, seen, setting.say)
        figures = _figures(setting, wanted, compared, called)
        counts = len(compared.real), len(compared.fake)
        card = setting.card(which, wanted.said, setting.seen_by(wanted), *counts)
        for name, figure in figures.items():
            better = wanted.metric.better.get(name, "lower")
            numbers.append(Number(name, *figure, better, step, floor[wanted.said].get(name), card))
    return numbers + _obeyed(setting, model, batch, which, step)


def likely(setting: Setting, model: Model, which: str, step: int, specs: Sequence[Spec], named: bool) -> list[Number]:
    """How likely held-out data are to the model, where it can say. Raises Refusal where it was asked and cannot."""
    if specs and not infers(model):
        if named:
            raise Refusal(
                "nll is measured of models with a likelihood and an encoder, such as vae, and this run has none: leave "
                "it out of --metrics."
            )
        return []
    numbers = []
    for spec in specs:
        builder = INFERRED[spec["name"]]
        setting.say(f"  asking how likely held-out samples are to round {step:,} ({which})")
        told = setting.material.real if model.conditions is not None else Batch(setting.material.real.x)
        options = checked(spec, builder)
        figure = builder(model, told, **options)
        count = min(len(told.x), options.get("count", len(told.x)))
        card = setting.card(which, said(spec, builder), None, count, 0)
        numbers.append(Number(spec["name"], *figure, "lower", step, None, card))
    return numbers


def _figures(setting: Setting, wanted: Wanted, compared: Sets, called: str) -> Figures:
    """What a metric answers, with a word where that took long."""
    start = time.monotonic()
    figures = wanted.metric.measure(compared)
    if (seconds := time.monotonic() - start) > PATIENCE:
        setting.say(f"  {wanted.spec['name']} of {called}: measured in {seconds:.0f} s")
    return figures


def _obeyed(setting: Setting, model: Model, batch: Batch, which: str, step: int) -> list[Number]:
    """Whether a conditional model makes what it is asked for; beside it, what the classifier makes of real samples."""
    found = asked_share(setting.network, setting.data, batch)
    if model.conditions is None or found is None:
        return []
    floor: Figure | None = asked_share(setting.network, setting.data, setting.material.floor)
    card = setting.card(which, ASKED, setting.network, 0, len(batch.x))
    return [Number(ASKED, *found, "higher", step, floor, card)]
