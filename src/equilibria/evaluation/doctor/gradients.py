"""Findings on gradients and weights: not finite, exploding, vanishing, clipped."""

from collections.abc import Mapping
from statistics import median
from typing import Any

from ...records.history import History
from ...terms.penalties import LIPSCHITZ
from . import advice
from .base import CERTAIN, CRITICAL, LIKELY, WARNING, Observation, observation, symptom

_APART = 1e3  # ratio of the gradients of two layers
_ROLES = ("critic", "generator", "encoder")


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
    name, lr = advice.learning_rate(history, "critic" if "critic" in str(stop["text"]) else "generator")
    norms = {role: history.full_series("gradients", "norm", role) for role in _ROLES}
    lower = f"Lower the learning rate, {advice.option(name, (lr or 1e-4) / 10)}"
    return observation(
        f"Training diverged: {str(stop['text']).split('. ')[0]}.",
        CERTAIN,
        int(stop["step"]),
        f"{lower}, and the critic's gradient norm, {advice.bounded_gradients(history)}."
        if advice.divergence(history)
        else f"{lower}.",
        f"the run stopped at round {stop['step']:,}",
        *(f"gradient norm of the {r}: {s.values[-1]:.3g} at round {s.steps[-1]:,}" for r, s in norms.items() if s),
    )


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
    if "norm" in options:
        parts.append(f"normalize each layer, {advice.option(f'{role}.norm', 'layer')}")
    if "depth" in options:
        parts.append(f"use fewer layers, {advice.option(f'{role}.depth', 3)}")
    name, lr = advice.learning_rate(history, role)
    text = ", or ".join(parts or [f"lower the learning rate, {advice.option(name, (lr or 1e-4) / 10)}"])
    return f"{text[0].upper()}{text[1:]}."


def _unclipped(history: History) -> str:
    clip = f"{advice.option('clip', 'none')} " if advice.game(history).get("clip") is not None else ""
    return f"Bound the gradient norm instead of the weights: {clip}{advice.option('penalty', LIPSCHITZ)}."
