"""A critic that is too strong, or too weak."""

from . import flags
from .base import CERTAIN, LIKELY, Finding, History
from .reasons import diagnosed

_STARVED = 0.05  # of its early gradient: the generator has almost nothing to go by


def saturated(history: History) -> Finding | None:
    """The critic tells every sample from data, and the generator has nothing left to go by."""
    apart, pull = history.series("scores", "told_apart_held_out"), history.whole("gradients", "norm", "generator")
    if history.ended == "nonfinite" or (first := apart.since(lambda share: share > 0.995)) is None:
        return None
    peak = max(pull.early.values, default=0.0)
    starved = bool(len(pull.late)) and pull.late.median < _STARVED * peak
    full = _fullness(history)
    if not starved and (full is None or full < 0.95):
        return None
    evidence = [f"data score above samples in {apart.said('share of pairs', '.1%')}"]
    if starved:
        evidence.append(f"{pull.said('norm of the gradient of the generator')}; its greatest before was {peak:.3g}")
    if full is not None:
        evidence.append(f"the critic's estimate stands at {full:.0%} of the most that this divergence can be")
    change = (
        f"Take the loss that does not starve: {flags.say('divergence', 'non_saturating')}."
        if flags.divergence(history) in ("minimax", "gan")
        else f"Keep the critic's slopes down, {flags.flatten(history)}, so that it stays wrong in between."
    )
    return diagnosed(
        "saturated",
        "The critic tells every sample from data, and the generator has almost nothing left to go by.",
        CERTAIN if starved and full is not None and full > 0.9 else LIKELY,
        tuple(evidence),
        change,
        first,
    )


def weak(history: History) -> Finding | None:
    """The critic cannot tell samples from data, and yet they differ."""
    apart = history.series("scores", "told_apart_held_out")
    first = apart.since(lambda share: abs(share - 0.5) < 0.05)
    differ = _differing(history)
    if first is None or not differ:
        return None
    key, lr = flags.rate(history, "critic")
    width = flags.network(history, "critic").get("width")
    wider = flags.say("critic.width", 4 * width) if isinstance(width, int) and width < 64 else None
    faster = flags.say(key, 10 * lr) if lr is not None and lr < 1e-4 else None
    lighter = _lighter(history)
    change = wider or faster or lighter or flags.say("n_critic", 5 if flags.turns(history) < 5 else 10)
    return diagnosed(
        "weak",
        "The critic cannot tell samples from data although they differ, so it has nothing to teach.",
        LIKELY,
        (f"data score above samples in {apart.said('share of pairs', '.1%')} (50 % is guessing)", *differ),
        f"Give the critic more to see or learn with: {change}.",
        first,
    )


def _fullness(history: History) -> float | None:
    """The critic's estimate as a share of the greatest value its divergence has; None where there is none."""
    most = {"minimax": 0.6931, "non_saturating": 0.6931, "relativistic": 0.6931, "least_squares": 1.0, "hinge": 1.0}
    most |= {"jensen_shannon": 1.3863, "total_variation": 1.0, "squared_hellinger": 2.0}
    reports = [event["estimate"] for event in history.of("report") if event.get("estimate") is not None]
    if flags.divergence(history) not in most or len(reports) < 4:
        return None
    late = sorted(reports[-max(3, len(reports) // 3) :])
    return late[len(late) // 2] / most[flags.divergence(history)]


def _differing(history: History) -> list[str]:
    """What says that samples are not as data are."""
    good, missing = history.series("coverage", "high_quality"), history.series("coverage", "missing")
    of, ratio = history.series("coverage", "of"), history.series("diversity", "ratio")
    found = []
    if len(good.late) and good.late.median < 0.5:
        found.append(good.said("share of samples within three deviations of a mode", ".0%"))
    if len(missing.late) and missing.late.median > 0.25 * of.late.median:
        found.append(missing.said(f"classes or modes without samples, of {of.late.median:.0f}", ".0f"))
    if len(ratio.late) and not 0.7 < ratio.late.median < 1.4:
        found.append(ratio.said("distance between two samples, in that of two data"))
    return found


def _lighter(history: History) -> str | None:
    """The flag that makes a crushing penalty lighter."""
    for key, spec in flags.slope_penalties(history).items():
        if isinstance(weight := spec.get("weight", 10.0), int | float) and weight > 50:
            return flags.weigh(history, key, 10 / weight)
    return None
