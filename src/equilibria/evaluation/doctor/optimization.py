"""Findings on optimization: gradients and weights, unequal learning rates, momentum, a slow average."""

import math
from collections.abc import Mapping
from statistics import median
from typing import Any

from ...records.history import History, Series
from ...terms.penalties import LIPSCHITZ
from ...training.optimizers import PLAIN
from . import advice
from .base import CERTAIN, CRITICAL, LIKELY, POSSIBLE, WARNING, Observation, observation, symptom

_ROLES = ("critic", "generator", "encoder")
_APART = 1e3  # ratio of the gradients of two layers
_ASTRAY = 0.1  # cosine of a step with the negative gradient: 1 for plain descent, half of that for usual momentum
_BEHIND = 0.7  # relative to the spread of samples
_RECENT, _OUTSIDE, _HUGE = 3, 10.0, 1e4  # reports; times the maximum of the divergence; a loss
_UNLIKE = 20.0  # ratio of learning rates: beyond all that the papers use
_OWNERS = {"critic": "critic", "generator": "generator", "pair": "generator"}  # the networks with a player's optimizer


@symptom(
    CRITICAL,
    "A critic with unbounded gradients can raise its scores without limit, and losses without a lower bound allow it "
    "(Mescheder et al. 2018). Where the loss is steep, one step can then move the weights arbitrarily far (Pascanu et "
    "al. 2013).",
)
def nonfinite(history: History) -> Observation | None:
    """Training diverged: a term or a weight is no longer finite."""
    stop = next((event for event in reversed(history.of("stop")) if event["reason"] == "nonfinite"), None)
    if stop is None:
        return None
    norms = {role: history.full_series("gradients", "norm", role) for role in _ROLES}
    role = "critic" if "critic" in str(stop["text"]) else "generator"
    lower = advice.lower_rate(history, role)
    return observation(
        f"Training diverged: {str(stop['text']).split('. ')[0]}.",
        CERTAIN,
        int(stop["step"]),
        f"Lower the learning rate and the critic's gradient norm: {lower} {advice.bounded_gradients(history)}."
        if advice.divergence(history)
        else f"Lower the learning rate: {lower}.",
        f"the run stopped at round {stop['step']:,}",
        *(f"gradient norm of the {r}: {s.values[-1]:.3g} at round {s.steps[-1]:,}" for r, s in norms.items() if s),
    )


@symptom(
    CRITICAL,
    "An estimate far outside of what its divergence can be, or a loss of many thousands, is no measure of anything: "
    "scores grow without limit (Mescheder et al. 2018). Steps that are too large, or a critic whose gradient norm "
    "nothing bounds, cause it (Gulrajani et al. 2017, section 3).",
)
def instability(history: History) -> Observation | None:
    """Losses, or the critic's estimate, are far outside of what they can be."""
    maximum = advice.divergence_traits(history).get("supremum") or math.inf
    losses = Series.of((r["step"], _largest(r["terms"], history)) for r in history.of("report")[-_RECENT:])
    sizes = [abs(event.get("estimate") or 0.0) for event in history.of("report")[-_RECENT:]]
    if not advice.divergence(history) or (not losses.median > _HUGE and not median(sizes or [0]) > _OUTSIDE * maximum):
        return None
    return observation(
        "Training is unstable: the critic's estimate or a loss is far outside of what it can be.",
        CERTAIN,
        losses.steps[0],
        f"Lower the critic's gradient norm: {advice.bounded_gradients(history)}."
        if advice.inert_penalties(history) and not advice.fast_roles(history)
        else f"Lower the learning rate: {advice.lower_rate(history, 'critic')}.",
        losses.evidence("largest term of a loss"),
        f"size of the critic's estimate: {sizes[-1]:.3g} at round {losses.steps[-1]:,}"
        + (f", of at most {maximum:.3g}" if maximum < math.inf else ""),
    )


def _largest(terms: Mapping[str, Mapping[str, Any]], history: History) -> float:
    """The largest size among the divergence and the penalties of all players."""
    names = {"divergence", *(history.recipe.get("penalties") or {})}
    return max((abs(v or 0.0) for each in terms.values() for name, v in each.items() if name in names), default=0.0)


@symptom(
    WARNING,
    "With weight clipping, the critic maximizes its gradient norm with weights at either bound, and becomes a far "
    "simpler function than its layers allow (Gulrajani et al. 2017, section 3 and figure 1). Clipping is a clearly "
    "terrible way to enforce a Lipschitz constraint, say its authors (Arjovsky et al. 2017, section 3).",
)
def pinned(history: History) -> Observation | None:
    """Most weights of the critic are at the bound of weight clipping."""
    share = history.series("clipped", "share")
    if (first := share.since(lambda value: value > 0.5)) is None:
        return None
    bound = history.series("clipped", "bound").median
    return observation(
        f"Most of the critic's weights are at the clipping bound, {bound:g}, which limits what it can learn.",
        CERTAIN,
        first,
        _unclipped(history),
        share.evidence("share of the weights at either bound", ".0%"),
    )


@symptom(
    WARNING,
    "Each layer multiplies the gradient, which grows or shrinks exponentially with depth; with weight clipping, only "
    "a finely tuned bound avoids both (Gulrajani et al. 2017, figure 1b). Normalization layers, or initial weights of "
    "the right size, preserve it (Glorot and Bengio 2010).",
)
def depth(history: History) -> Observation | None:
    """Gradients explode or vanish on their way through the layers of a network."""
    for role in _ROLES:
        ratios = [(step, _ratio(norms.get(role))) for step, norms in history.results("gradients")]
        late = [(step, ratio) for step, ratio in ratios[-max(3, len(ratios) // 3) :] if ratio is not None]
        if len(ratios) < 4 or len(late) < 3:
            continue
        typical, (step, last) = median(ratio for _, ratio in late), late[-1]
        if 1 / _APART < typical < _APART:
            continue
        how, effect = ("vanish", "hardly learn") if typical < 1 else ("explode", "learn in leaps")
        return observation(
            f"Gradients {how} through the layers of the {role}: its first layers {effect}.",
            LIKELY,
            late[0][0],
            _shallower(history, role),
            f"gradient norm of the first layer, relative to the last one: {last:.1e} at round {step:,}, median "
            f"{typical:.1e} since round {late[0][0]:,}",
        )
    return None


def _ratio(layers: Any) -> float | None:
    """The gradient norm of the first layer, relative to that of the last."""
    if not isinstance(layers, Mapping):
        return None
    norms = [float(v) for v in layers.values() if isinstance(v, int | float)]
    return norms[0] / norms[-1] if len(norms) > 2 and min(norms) > 0 else None


def _shallower(history: History, role: str) -> str:
    """The advice for gradients that change from layer to layer."""
    if role == "critic" and advice.game(history).get("clip") is not None:
        return _unclipped(history)
    options, parts = advice.network_options(history, role), []
    if "norm" in options and options["norm"] != "layer":
        parts.append(f"normalize each layer, {advice.option(f'{role}.norm', 'layer')}")
    if "depth" in options and options["depth"] != 3:
        parts.append(f"use fewer layers, {advice.option(f'{role}.depth', 3)}")
    name, lr = advice.learning_rate(history, role)
    text = ", or ".join(parts or [f"lower the learning rate, {advice.option(name, (lr or 1e-4) / 10)}"])
    return f"{text[0].upper()}{text[1:]}."


def _unclipped(history: History) -> str:
    clip = f"{advice.option('clip', 'none')} " if advice.game(history).get("clip") is not None else ""
    return f"Bound the gradient norm instead of the weights: {clip}{advice.option('penalty', LIPSCHITZ)}."


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
    is_still = len(norms) > 1 and norms.values[0] != 0 and abs(norms.values[-1] / norms.values[0] - 1) < 0.05
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
    names = [traits[each].get("option") for first, each in starts if first is not None]
    part = "optimizer" if len(names) > 1 and len(set(names)) == 1 else f"optimizers.{key}"
    less = advice.option(f"{part}.{name}", 0) if name else advice.option(part, PLAIN)
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
    share = float(history.recipe.get("halflife_share", 0.05))
    halflife = min(float(history.recipe.get("halflife", 1000.0)), share * max(history.step, 1))
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
