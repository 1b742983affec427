"""What weights and layers make of gradients."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from ...records.history import History
from ...terms.penalties import LIPSCHITZ
from . import advice
from .base import CERTAIN, LIKELY, Finding, diagnosed

_APART = 1e3  # between the gradients of two layers


def pinned(history: History) -> Finding | None:
    """Most weights of the critic stand at the bound that clips them."""
    share = history.series("clipped", "share")
    first = share.since(lambda at: at > 0.5)
    if first is None:
        return None
    bound = history.series("clipped", "bound").median
    return diagnosed(
        "pinned",
        (f"Most of the critic's weights stand at the bound that clips them, {bound:g}: it is simpler than it looks."),
        CERTAIN,
        (share.evidence("share of the weights at either bound", ".0%"),),
        (f"Bound the slope instead of the weights: {advice.say('clip', 'none')} {advice.say('penalty', LIPSCHITZ)}."),
        first,
    )


def depth(history: History) -> Finding | None:
    """Gradients explode or vanish on their way through the critic's layers."""
    for role in ("critic", "generator", "encoder"):
        found = [(step, _ratio(seen.get(role))) for step, seen in history.results("gradients")]
        late = [(step, ratio) for step, ratio in found[-max(3, len(found) // 3) :] if ratio is not None]
        if len(found) < 4 or len(late) < 3:
            continue
        typical = median(ratio for _, ratio in late)
        if 1 / _APART < typical < _APART:
            continue
        return _deep(history, role, typical, late)
    return None


def _deep(history: History, role: str, typical: float, late: Sequence[tuple[int, float]]) -> Finding:
    how = "vanish" if typical < 1 else "explode"
    step, last = late[-1]
    clip = advice.game(history).get("clip") if role == "critic" else None
    change = (
        f"Bound the slope, not the weights: {advice.say('clip', 'none')} {advice.say('penalty', LIPSCHITZ)}."
        if clip is not None
        else f"Normalize each layer: {advice.say(f'{role}.norm', 'layer')}; or take fewer of them, "
        f"{advice.say(f'{role}.depth', 3)}."
    )
    return diagnosed(
        "depth",
        (
            f"Gradients {how} through the depth of the {role}: its first layers learn "
            f"{'hardly anything' if typical < 1 else 'by leaps'}."
        ),
        LIKELY,
        (
            f"gradient of the first layer's weights over the last one's: {last:.1e} at round {step:,}, median "
            f"{typical:.1e} since round {late[0][0]:,}",
        ),
        change,
        late[0][0],
    )


def nonfinite(history: History) -> Finding | None:
    """A term or a weight is no longer a number."""
    stop = next((event for event in reversed(history.of("stop")) if event["reason"] == "nonfinite"), None)
    if stop is None:
        return None
    key, lr = advice.rate(history, "critic" if "critic" in str(stop["text"]) else "generator")
    return diagnosed(
        "nonfinite",
        f"The numbers ran away: {str(stop['text']).split('. ')[0]}.",
        CERTAIN,
        (f"the run stopped at round {stop['step']:,}", *_last_gradients(history)),
        (
            f"Take smaller steps, {advice.say(key, (lr or 1e-4) / 10)}, and lower slopes, {advice.flatten(history)}."
            if advice.divergence(history)
            else f"Take smaller steps: {advice.say(key, (lr or 1e-4) / 10)}."
        ),
        int(stop["step"]),
    )


def _last_gradients(history: History) -> list[str]:
    found = {role: history.full_series("gradients", "norm", role) for role in ("critic", "generator", "encoder")}
    return [
        f"gradient of the {role}: {s.values[-1]:.3g} at round {s.steps[-1]:,}" for role, s in found.items() if len(s)
    ]


def _ratio(layers: Any) -> float | None:
    """The gradient of the first layer over that of the last but one: the last has a shape of its own."""
    if not isinstance(layers, Mapping):
        return None
    norms = [float(v) for v in layers.values() if isinstance(v, int | float)]
    return norms[0] / norms[-1] if len(norms) > 2 and min(norms) > 0 else None
