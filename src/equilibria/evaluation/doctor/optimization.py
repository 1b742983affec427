"""Findings on optimization: unequal learning rates, momentum, a slow average."""

import math

from ...records.history import History
from ...training.optimizers import PLAIN
from . import advice
from .base import CERTAIN, LIKELY, POSSIBLE, WARNING, Observation, observation, symptom

_ASTRAY = 0.1  # cosine of a step with the negative gradient: 1 for plain descent, half of that for usual momentum
_BEHIND = 0.7  # relative to the spread of samples
_UNLIKE = 20.0  # ratio of learning rates: beyond all that the papers use
_OWNERS = {"critic": "critic", "generator": "generator", "pair": "generator"}  # the networks with a player's optimizer


@symptom(
    WARNING,
    "Training with two time scales converges where the critic is the faster one and the generator still follows "
    "(Heusel et al. 2017). With rates far apart, one network trains against an opponent that hardly changes, and "
    "overfits to it (Goodfellow et al. 2014, sections 3 and 6).",
)
def imbalance(history: History) -> Observation | None:
    """One network learns so much faster that the other hardly changes."""
    (key, critic), (other, generator) = (advice.learning_rate(history, role) for role in ("critic", "generator"))
    if not advice.divergence(history) or not critic or not generator or key == other:
        return None
    adaptive = {advice.optimizer_traits(history, role).get("adaptive") for role in ("critic", "generator")}
    ratio = critic / generator
    if len(adaptive) > 1 or 1 / _UNLIKE < ratio < _UNLIKE:  # rates of unlike optimizers cannot be compared
        return None
    fast, slow = ("critic", "generator") if ratio > 1 else ("generator", "critic")
    norms = history.series("weights", slow)
    is_still = len(norms) > 1 and abs(norms.values[-1] / norms.values[0] - 1) < 0.05
    return observation(
        f"The {fast} learns {max(ratio, 1 / ratio):,.0f} times as fast as the {slow}, which cannot keep up.",
        CERTAIN if is_still else LIKELY,
        0,
        f"Use one learning rate for both, such as {advice.option('lr', math.sqrt(critic * generator))}.",
        f"learning rates since round 0: critic {critic:g}, generator {generator:g}",
        *([norms.evidence(f"norm of the weights of the {slow}")] if norms else []),
    )


@symptom(
    WARNING,
    "The loss of one player changes with the steps of the other, and momentum sums gradients of losses that no longer "
    "exist: where runs broke down, the cosine of step and gradient had turned negative (Arjovsky et al. 2017, section "
    "4). In games even negative momentum can be better than none (Gidel et al. 2019).",
)
def momentum(history: History) -> Observation | None:
    """The optimizer's steps go against the current gradient."""
    traits = {role: advice.optimizer_traits(history, owner) for role, owner in _OWNERS.items()}
    cosines = {role: history.series("steps", role) for role in _OWNERS if traits[role].get("momentum")}
    starts = [(s.since(lambda cosine: cosine < _ASTRAY), role) for role, s in cosines.items()]
    if (start := min(((first, role) for first, role in starts if first is not None), default=None)) is None:
        return None
    first, role = start
    key, name = advice.optimizer(history, _OWNERS[role])[0], traits[role].get("option")
    less = advice.option(f"optimizers.{key}.{name}", 0) if name else advice.option(f"optimizers.{key}", PLAIN)
    return observation(
        f"The {role}'s steps go against its gradient: momentum follows gradients of the past.",
        LIKELY if cosines[role].late.median < 0 else POSSIBLE,
        first,
        f"Turn off momentum: {less}.",
        cosines[role].evidence("cosine of the step with the negative gradient", "+.2f"),
    )


@symptom(
    WARNING,
    "An average of weights smooths a generator that circles around its goal (Yazici et al. 2019). It lags behind one "
    "that still moves, and the average of good weights that are far apart need not be good.",
)
def slow_average(history: History) -> Observation | None:
    """The averaged generator, from which samples are drawn, lags behind the trained one."""
    gap = history.series("average", "output")
    first, spread = gap.since(lambda distance: distance > _BEHIND), history.series("diversity", "ratio")
    if first is None or spread.late.median < 0.1:  # samples that are all alike show nothing
        return None
    halflife = min(float(history.recipe.get("halflife", 1000.0)), 0.05 * max(history.step, 1))
    name, lr = advice.learning_rate(history, "generator")
    return observation(
        "The averaged generator, from which samples are drawn, lags far behind the trained one.",
        LIKELY if gap.late.median > 0.8 else POSSIBLE,
        first,
        f"Average over fewer rounds, {advice.option('halflife', max(1.0, round(halflife / 10)))}, or lower the "
        f"learning rate of the generator, {advice.option(name, (lr or 1e-4) / 4)}.",
        gap.evidence("distance of their samples for the same latents, relative to the spread of samples"),
        history.series("average", "gap").evidence("relative distance of their weights"),
        f"half-life of the average at round {history.step:,}: {halflife:,.0f} rounds",
    )
