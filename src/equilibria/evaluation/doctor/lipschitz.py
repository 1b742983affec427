"""How steep a critic is, and whether its estimate may be believed."""

from collections.abc import Mapping
from typing import Any

from ...records.history import History, Series
from . import advice
from .base import CERTAIN, LIKELY, Finding, diagnosed

_LAGS = 0.3  # of its greatest size is what the estimate gains in a few more moves of the critic


def slope(history: History) -> Finding | None:
    """The critic's slope is far from the one that its penalty asks for."""
    stated = {key: advice.penalty_traits(history, key) for key in advice.slope_penalties(history)}
    key = next((key for key, penalty in stated.items() if penalty.get("target_norm")), "")
    if not key:
        return None
    spec, wanted, one_sided = history.recipe["penalties"][key], stated[key]["target_norm"], stated[key]["one_sided"]
    mean = history.series("slopes", "mean")
    steep = mean.since(lambda found: found > _steep(spec) * wanted)
    flat = mean.since(lambda found: found < 0.4 * wanted)
    first = steep if steep is not None else None if one_sided else flat
    if first is None:
        return None
    key_lr, lr = advice.rate(history, "critic")
    change = (
        advice.weigh(history, key, 10.0)
        if steep is not None
        else f"{advice.say('n_critic', max(5, 2 * advice.turns(history)))}"
        + (f" or {advice.say(key_lr, 10 * lr)}" if lr else "")
    )
    return diagnosed(
        "slope",
        f"The critic's slope between data and samples is far from {wanted:g}, so its estimate is not a distance.",
        CERTAIN,
        (mean.evidence("mean norm of the critic's gradient between data and samples"),),
        f"{'Make the penalty heavier' if steep is not None else 'Let the critic learn more'}: {change}.",
        first,
    )


def _steep(spec: Mapping[str, Any]) -> float:
    """From where a slope is too steep: the lighter the penalty, the steeper the best critic (about 1 + 1 / weight)."""
    weight = spec.get("weight", 10.0)
    return min(8.0, max(2.0, 1 + 0.5 / weight)) if isinstance(weight, int | float) and weight > 0 else 2.0


def coupled(history: History) -> Finding | None:
    """A penalty on slopes is paid by a critic whose scores depend on the rest of the batch."""
    critic = advice.network(history, "critic")
    mixing = (
        "batch norm" if critic.get("norm") == "batch" else "batch statistics" if critic.get("minibatch_std") else ""
    )
    penalties = advice.slope_penalties(history)
    if not mixing or not penalties:
        return None
    return diagnosed(
        "coupled",
        f"The critic has {mixing}, so the slope that its penalty bounds is not the slope of a score in its own sample.",
        CERTAIN,
        (f"networks.critic.norm is {critic.get('norm')!r}, and the critic pays {', '.join(penalties)}, from round 0",),
        f"Take a norm that treats samples one by one: {advice.say('critic.norm', 'layer')}.",
        0,
    )


def unconverged(history: History) -> Finding | None:
    """The Wasserstein estimate still grows when the critic moves alone, so it is no distance yet."""
    gain, most = _gains(history)
    first = gain.since(lambda more: more > _LAGS * most)
    if first is None or not advice.divergence_traits(history).get("lipschitz"):
        return None
    before, moves = history.series("burst", "before"), history.series("burst", "moves")
    key, lr = advice.rate(history, "critic")
    more = advice.say("n_critic", max(5, 2 * advice.turns(history)))
    return diagnosed(
        "unconverged",
        "The critic lags behind: its estimate still grows when it moves alone, so it is not the distance yet.",
        LIKELY,
        (
            gain.evidence(f"what {moves.median:.0f} more moves of the critic add to the estimate"),
            f"{before.evidence('the estimate before them')}; its greatest size so far {most:.3g}",
        ),
        f"Let the critic move more: {more}" + (f", or faster, {advice.say(key, 4 * lr)}." if lr else "."),
        first,
    )


def _gains(history: History) -> tuple[Series, float]:
    """What a burst of the critic's moves adds to the estimate, and the greatest size that it has had before one."""
    seen = list(history.results("burst"))
    pairs = [(step, burst.get("before"), burst.get("after")) for step, burst in seen]
    known = [(step, a, b) for step, a, b in pairs if a is not None and b is not None]
    most = max((abs(before) for _, before, _ in known), default=0.0)
    return Series.of((step, after - before) for step, before, after in known).after(history.rounds // 10), most
