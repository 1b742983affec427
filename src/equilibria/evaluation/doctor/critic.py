"""Findings on the critic: its strength, its gradient norm and its estimate of the distance, and memorization."""

from ...records.history import History, Series
from ...terms.augmentations import FIXED
from ...terms.penalties import LIPSCHITZ
from . import advice
from .base import CERTAIN, CRITICAL, LIKELY, WARNING, Observation, observation, symptom

_VANISHED = 0.05  # of the generator's early gradient norm
_LAGS = 0.3  # growth of the estimate in a few more critic steps, relative to its greatest size
_FULL, _EMPTY = 0.95, 0.2  # of the maximum of the divergence


@symptom(
    CRITICAL,
    "Where data and samples hardly overlap, a perfect critic exists, and the generator's gradient vanishes as the "
    "critic approaches it (Arjovsky and Bottou 2017, theorem 2.4). The saturating loss fails first, since log(1 - D) "
    "is flat where D is near 0 (Goodfellow et al. 2014, section 3).",
)
def saturated(history: History) -> Observation | None:
    """The critic separates all samples from data, and the generator has almost nothing to learn from."""
    separated, full = history.series("scores", "told_apart_held_out"), _relative_estimate(history)
    if (first := separated.since(lambda share: share > 0.995)) is None:
        return None
    norm = history.full_series("gradients", "norm", "generator")
    peak, filled = max(norm.early.values, default=0.0), full.late.median > _FULL
    vanished = bool(len(norm.late)) and norm.late.median < _VANISHED * peak
    if not vanished and not filled:
        return None
    evidence = [separated.evidence("pairs in which data scores above samples", ".1%")]
    if vanished:
        evidence.append(f"{norm.evidence('gradient norm of the generator')}; its maximum before was {peak:.3g}")
    if len(full):
        evidence.append(full.evidence("estimate of the critic, relative to the maximum of this divergence", ".0%"))
    loss = advice.divergence_traits(history).get("unsaturated")
    return observation(
        "The critic separates all samples from data, which leaves the generator almost nothing to learn from.",
        CERTAIN if vanished and filled else LIKELY,
        first,
        f"Lower the learning rate: {advice.lower_rate(history, 'critic')}."
        if advice.fast_roles(history)
        else f"Lower the critic's gradient norm, so that it stays imperfect: {advice.bounded_gradients(history)}"
        + (f"; or use the loss that does not saturate: {advice.option('divergence', loss)}." if loss else "."),
        *evidence,
    )


@symptom(
    WARNING,
    "The generator can only learn what its critic detects, and a critic far from its optimum bounds no distance "
    "(Arjovsky et al. 2017, section 3). One with few weights accepts samples that match the data only in what it can "
    "detect (Arora et al. 2017).",
)
def weak(history: History) -> Observation | None:
    """The critic cannot distinguish samples from data although they differ."""
    separated, full = history.series("scores", "told_apart_held_out"), _relative_estimate(history)
    unsure = full.since(lambda share: -10 < share < _EMPTY) if len(full) else separated.since(lambda share: share < 0.6)
    ratio, near = (history.series("diversity", key) for key in ("ratio", "nearest_ratio"))
    differs = len(ratio.late) and not 0.6 < ratio.late.median < 1.6
    if unsure is None or not differs:
        return None
    estimate = full.evidence("estimate of the critic, relative to the maximum of this divergence", ".0%")
    return observation(
        "The critic cannot distinguish samples from data although they differ, so the generator learns little from it.",
        LIKELY,
        unsure,
        f"Strengthen the critic: {_stronger(history)}.",
        *([estimate] if len(full) else []),
        separated.evidence("pairs in which data scores above samples", ".1%"),
        ratio.evidence("mean distance between samples, relative to data"),
        near.evidence("mean distance to the nearest other sample, relative to data"),
    )


def _stronger(history: History) -> str:
    """The option that removes what most likely weakens the critic."""
    for key, spec in advice.gradient_penalties(history).items():
        if isinstance(weight := spec.get("weight", 10.0), int | float) and weight > 50:
            return advice.scaled_penalty(history, key, 10 / weight)
    size, (name, lr) = advice.network_options(history, "critic"), advice.learning_rate(history, "critic")
    larger = {"width": 128, "depth": 3} if isinstance(size.get("depth"), int) and size["depth"] < 3 else {"width": 128}
    if isinstance(width := size.get("width"), int) and (width < 64 or "depth" in larger):
        return " ".join(advice.option(f"critic.{key}", most) for key, most in larger.items() if size[key] < most)
    if lr is not None and lr < 1e-4:
        return advice.option(name, 10 * lr)
    if advice.game(history).get("clip") is not None:
        return f"{advice.option('clip', 'none')} {advice.option('penalty', LIPSCHITZ)}"
    return advice.stronger_critic(history, 4)


def _relative_estimate(history: History) -> Series:
    """The critic's estimate, relative to the maximum of its divergence; empty where that is unknown."""
    maximum, estimates = advice.divergence_traits(history).get("supremum"), history.estimates
    return Series() if maximum is None else Series(estimates.steps, tuple(v / maximum for v in estimates.values))


@symptom(
    WARNING,
    "With little data, a critic memorizes it, and its scores of samples then have nothing to do with the distribution "
    "(Karras et al. 2020, figure 1). Its scores of held-out data drift toward those of samples, and quality falls from "
    "there on (Brock et al. 2019, section 4).",
)
def critic_memorizes(history: History) -> Observation | None:
    """The critic has memorized the training data and scores held-out data like samples."""
    memorized = history.series("scores", "memorized")
    if (first := memorized.since(lambda share: share > 0.6)) is None:
        return None
    train, held_out = (history.series("scores", part) for part in ("train", "held_out"))
    less = (
        f"Augment all inputs of the critic, {advice.option('augmentation', FIXED)}"
        if advice.has_images(history) and (history.recipe.get("augmentation") or {"name": FIXED})["name"] != FIXED
        else f"Stop before it does, {advice.option('rounds', first)}, or lower the critic's gradient norm, "
        f"{advice.bounded_gradients(history)}"
    )
    return observation(
        "The critic has memorized the training data: it scores training samples above held-out ones.",
        CERTAIN if memorized.late.median > 0.75 else LIKELY,
        first,
        f"{less}; more data helps most.",
        memorized.evidence("pairs in which a training sample scores above a held-out one (50 % is fair)", ".1%"),
        f"{train.evidence('mean score of training data')}; {held_out.evidence('of held-out data')}",
    )


@symptom(
    WARNING,
    "With few samples, the training set itself is the model that no critic and no likelihood can fault (Nagarajan et "
    "al. 2018). Samples that are nearer to training data than held-out data is are copies, whatever their quality "
    "(Meehan et al. 2020).",
)
def generator_memorizes(history: History) -> Observation | None:
    """Samples are nearer to training data than held-out data is: they are copies."""
    ratio = history.series("neighbours", "copied")
    if (first := ratio.since(lambda share: share < 0.5)) is None:
        return None
    train, held_out = (history.series("neighbours", part) for part in ("train", "held_out"))
    width, remedies = advice.network_options(history, "generator").get("width"), [advice.option("rounds", first)]
    if isinstance(width, int) and width > 16:
        remedies.append(advice.option("generator.width", width // 2))
    return observation(
        "The generator has memorized training data: its samples are far nearer to it than held-out data is.",
        CERTAIN if ratio.late.median < 0.3 else LIKELY,
        first,
        f"More data helps most; otherwise stop earlier or use a smaller generator: {' or '.join(remedies)}.",
        ratio.evidence("distance to the nearest training sample, relative to that of held-out data"),
        f"{train.evidence('distance to the nearest of some training samples')}; "
        f"{held_out.evidence('of as many held-out samples')}",
    )


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
    "Without a bound on its gradient norm, a critic can raise its scores without limit, and the estimate with them "
    "(Gulrajani et al. 2017, section 3). A penalty bounds it only through its gradient with respect to the critic's "
    "weights, which takes a second derivative (Mescheder et al. 2018).",
)
def inert_penalty(history: History) -> Observation | None:
    """A penalty has no effect on the critic."""
    if not (inert := advice.inert_penalties(history)):
        return None
    key, reason = next(iter(inert.items()))
    is_constant = reason.endswith("weights")
    check = f", and check your own with `equilibria verify {key}` (create_graph=True)" if is_constant else ""
    return observation(
        f"The penalty {key!r} has no effect on the critic: {reason}.",
        CERTAIN,
        0,
        f"Use a penalty that works: {advice.bounded_gradients(history)}{check}.",
        f"penalties.{key} is {dict(history.recipe['penalties'][key])}, since round 0",
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
    factor = max(10.0, 10.0 / weight) if is_light else 10.0
    limit = min(8.0, 1 + 0.5 / weight) if is_light else 2.0
    large, small = mean.since(lambda norm: norm > limit * target), mean.since(lambda norm: norm < 0.4 * target)
    if large is not None:
        first, change = large, f"Raise the weight of the penalty: {advice.scaled_penalty(history, key, factor)}."
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
