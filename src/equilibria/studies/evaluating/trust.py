"""Whether a metric can be trusted here: it is asked what is known before it is asked what is not."""

import math

import torch

from ...core.errors import Failure
from ...evaluation.metrics.base import Figures, Sets
from .wishes import Wanted

_ROWS = 256
_FAR = 2.0  # deviations
_SIGNS = {"lower": 1.0, "higher": -1.0, "neither": 0.0}
_FAILS = (
    "The metric {metric} fails its self-test: {what}. None of its numbers is printed; leave it out with --metrics, or "
    "take more samples with --count."
)


def self_test(wanted: Wanted, sets: Sets) -> None:
    """Identical sets must come off better than one sample over and over, far off, and not like copies of the training.

    `sets` are of real samples only. Raises Failure for a metric that fails, so that none of its numbers is printed.
    """
    real, train = sets.real[:_ROWS], sets.train[: 4 * _ROWS]
    away = real.flatten(1).std(dim=0).mul(_FAR).reshape(real.shape[1:])
    same = _asked(wanted, Sets(real, real.clone(), train))
    lone = _asked(wanted, Sets(real, (real[:1] + away).repeat_interleave(len(real), dim=0), train))
    signs = {name: _SIGNS[wanted.metric.better.get(name, "lower")] for name in same if name in lone}
    gaps = {name: sign * (lone[name].value - same[name].value) for name, sign in signs.items() if sign}
    apart = same != lone or same != _asked(wanted, Sets(real, train[: len(real)].clone(), train))
    for name, gap in gaps.items():
        if not gap >= 0 or not apart:
            values = f"{same[name].value:.4g} for identical sets and {lone[name].value:.4g} for a lone sample far off"
            raise Failure(_FAILS.format(metric=wanted.said, what=f"{name} is {values}"))


def finite(wanted: Wanted, figures: Figures) -> Figures:
    """The figures of real samples beside real ones. Raises Failure where one is no number."""
    for name, figure in figures.items():
        if not math.isfinite(figure.value):
            what = f"{name} of real samples beside real ones is {figure.value}"
            raise Failure(_FAILS.format(metric=wanted.said, what=what))
    return figures


def _asked(wanted: Wanted, sets: Sets) -> Figures:
    with torch.random.fork_rng(devices=[]):
        return wanted.metric.measure(sets)
