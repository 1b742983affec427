"""Findings on the critic's gradient norm and on its estimate of the distance."""

from ...records.history import History, Series
from . import advice
from .base import CERTAIN, LIKELY, WARNING, Observation, observation, symptom

_LAGS = 0.3  # growth of the estimate in a few more critic steps, relative to its greatest size


@symptom(
    WARNING,
    "The penalty bounds the gradient of each score with respect to its own sample, but batch norm makes every score a "
    "function of the whole batch (Gulrajani et al. 2017, section 4). What is bounded then is not a Lipschitz constant, "
    "and the estimate is not a distance (Arjovsky et al. 2017).",
)
def coupled(history: History) -> Observation | None:
    """A gradient penalty on a critic whose scores depend on the rest of the batch."""
    critic, penalties = advice.network(history, "critic"), advice.gradient_penalties(history)
    has_batch_norm = critic.get("norm") == "batch"
    if not penalties or not (has_batch_norm or critic.get("minibatch_std")):
        return None
    layer, name, value = ("batch norm", "norm", "layer") if has_batch_norm else ("batch statistics", "minibatch_std", 0)
    return observation(
        f"The critic has {layer}, so its penalty does not bound the gradient of a score in its own sample.",
        CERTAIN,
        0,
        f"Score each sample independently of the others: {advice.option(f'critic.{name}', value)}.",
        f"networks.critic.{name} is {critic[name]!r}, with the penalty {', '.join(penalties)}, since round 0",
    )


@symptom(
    WARNING,
    "The critic's loss is the Wasserstein distance only where the critic is near its optimum, which is why it takes "
    "several steps per round (Arjovsky et al. 2017, algorithm 1). A generator whose critic lags behind follows the "
    "gradient of something else (Arjovsky et al. 2017, theorem 3).",
)
def unconverged(history: History) -> Observation | None:
    """The Wasserstein estimate still grows when the critic trains alone, so it is not a distance yet."""
    bursts = [(step, burst.get("before"), burst.get("after")) for step, burst in history.results("burst")]
    complete = [(step, before, after) for step, before, after in bursts if before is not None and after is not None]
    largest = max((abs(before) for _, before, _ in complete), default=0.0)
    growth = Series.of((step, after - before) for step, before, after in complete).after(history.rounds // 10)
    first = growth.since(lambda value: value > _LAGS * largest)
    if first is None or not advice.divergence_traits(history).get("lipschitz"):
        return None
    before, steps = history.series("burst", "before"), history.series("burst", "moves").median
    return observation(
        "The critic has not converged: its estimate still grows when it trains alone, so it is not yet the distance.",
        LIKELY,
        first,
        f"Train the critic more: {advice.stronger_critic(history, 4)}.",
        growth.evidence(f"growth of the estimate in {steps:.0f} more critic steps"),
        f"{before.evidence('estimate before them')}; largest size so far {largest:.3g}",
    )


@symptom(
    WARNING,
    "The optimal critic of the Wasserstein distance has gradient norm 1 almost everywhere between data and samples, "
    "and the penalty is there to enforce it (Gulrajani et al. 2017, proposition 1). The estimate is the distance times "
    "the critic's Lipschitz constant, so a gradient norm that drifts looks like progress or decline (Arjovsky et al. "
    "2017).",
)
def slope(history: History) -> Observation | None:
    """The critic's gradient norm is far from the one that its penalty aims at."""
    traits = {key: advice.penalty_traits(history, key) for key in advice.gradient_penalties(history)}
    key = next((key for key, penalty in traits.items() if penalty.get("target_norm")), "")
    if not key:
        return None
    target, mean = traits[key]["target_norm"], history.series("slopes", "mean")
    weight = history.recipe["penalties"][key].get("weight", 10.0)
    is_light = isinstance(weight, int | float) and 0 < weight < 0.5  # permits about 1 + 1 / weight at the optimum
    limit = min(8.0, 1 + 0.5 / weight) if is_light else 2.0
    large, small = mean.since(lambda norm: norm > limit * target), mean.since(lambda norm: norm < 0.4 * target)
    if large is not None:
        first, change = large, f"Raise the weight of the penalty: {advice.scaled_penalty(history, key, 10.0)}."
    elif small is not None and not traits[key]["one_sided"]:
        first, change = small, f"Train the critic more: {advice.stronger_critic(history, 10)}."
    else:
        return None
    return observation(
        f"The critic's gradient norm between data and samples is far from {target:g}, so its estimate is no distance.",
        CERTAIN,
        first,
        change,
        mean.evidence("mean gradient norm of the critic between data and samples"),
    )
