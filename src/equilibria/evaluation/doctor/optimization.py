"""How steps are taken: too unlike, against the gradient, or averaged too slowly."""

import math

from ...records.history import History
from ...training.optimizers import PLAIN
from . import advice
from .base import CERTAIN, LIKELY, POSSIBLE, Finding, diagnosed

_ASTRAY = 0.1  # cosine of a step with minus the gradient: plain descent has 1, usual momenta half of that
_BEHIND = 0.7  # of the spread of samples
_UNLIKE = 20.0  # times as fast: beyond what any source plays with


def imbalance(history: History) -> Finding | None:
    """One side learns so much faster than the other that the other stands still."""
    (key, critic), (other, generator) = (advice.rate(history, role) for role in ("critic", "generator"))
    if not advice.divergence(history) or not critic or not generator or key == other:
        return None
    adaptive = {advice.optimizer_traits(history, role).get("adaptive") for role in ("critic", "generator")}
    if len(adaptive) > 1:
        return None  # rates of unlike optimizers say nothing of each other
    ratio = critic / generator
    if 1 / _UNLIKE < ratio < _UNLIKE:
        return None
    fast, slow = ("critic", "generator") if ratio > 1 else ("generator", "critic")
    moves = history.series("weights", slow)
    stood = len(moves) > 1 and abs(moves.values[-1] / moves.values[0] - 1) < 0.05
    return diagnosed(
        "imbalance",
        f"The {fast} learns {max(ratio, 1 / ratio):,.0f} times as fast as the {slow}, which hardly gets to answer.",
        CERTAIN if stood else LIKELY,
        (
            f"learning rates from round 0: critic {critic:g}, generator {generator:g}",
            *([f"{moves.evidence(f'norm of the weights of the {slow}')}"] if moves else []),
        ),
        f"Give both the same rate, for example the one between: {advice.say('lr', math.sqrt(critic * generator))}.",
        0,
    )


def momentum(history: History) -> Finding | None:
    """The optimizer's step goes against the gradient of the moment."""
    against = {role: history.series("steps", role) for role in ("critic", "generator", "pair") if _heavy(history, role)}
    found = [(s.since(lambda cosine: cosine < _ASTRAY), role) for role, s in against.items()]
    shown = [(first, role) for first, role in found if first is not None]
    if not shown:
        return None
    first, role = min(shown)
    mover = _mover(role)
    key, option = advice.optimizer(history, mover)[0], advice.optimizer_traits(history, mover).get("option")
    forget = advice.say(f"optimizers.{key}.{option}", 0) if option else advice.say(f"optimizers.{key}", PLAIN)
    return diagnosed(
        "momentum",
        f"The {role}'s steps go against its gradient: the optimizer follows what was, not what is.",
        LIKELY if against[role].late.median < 0 else POSSIBLE,
        (against[role].evidence("cosine of the step with minus the gradient", "+.2f"),),
        f"Forget sooner: {forget}.",
        first,
    )


def _heavy(history: History, role: str) -> bool:
    """Whether who moves a network remembers earlier gradients: else its steps cannot lag behind them."""
    return bool(advice.optimizer_traits(history, _mover(role)).get("momentum"))


def _mover(role: str) -> str:
    """Whose optimizer it is; a pair's is its generator's."""
    return "generator" if role == "pair" else role


def slow_average(history: History) -> Finding | None:
    """The averaged weights, from which samples are drawn, lag behind the generator that plays."""
    gap = history.series("average", "output")
    first, spread = gap.since(lambda distance: distance > _BEHIND), history.series("diversity", "ratio")
    if first is None or spread.late.median < 0.1:  # of samples that are all alike nothing can be said
        return None
    halflife = float(history.recipe.get("halflife", 1000.0))
    now = min(halflife, 0.05 * max(history.step, 1))
    weights = history.series("average", "gap")
    return diagnosed(
        "slow_average",
        "Samples are drawn from averaged weights that lag far behind the generator that plays.",
        LIKELY if gap.late.median > 0.8 else POSSIBLE,
        (
            gap.evidence("distance of the two generators' samples for the same latents, in the spread of samples"),
            weights.evidence("relative distance of their weights"),
            f"half-life of the average at round {history.step:,}: {now:,.0f} rounds",
        ),
        (
            f"Average over fewer rounds: {advice.say('halflife', max(1.0, round(now / 10)))}; "
            f"or slow the generator down: {_slower(history)}."
        ),
        first,
    )


def _slower(history: History) -> str:
    key, lr = advice.rate(history, "generator")
    return advice.say(key, (lr or 1e-4) / 4)
