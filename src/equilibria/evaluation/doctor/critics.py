"""A critic that is too strong, or too weak."""

from ...records.history import History
from ...records.series import Series
from ...terms.penalties import LIPSCHITZ
from . import flags
from .base import CERTAIN, LIKELY, Finding
from .reasons import diagnosed

_STARVED = 0.05  # of its early gradient: the generator has almost nothing to go by
_FULL, _EMPTY = 0.95, 0.2  # of the most that the divergence can be


def saturated(history: History) -> Finding | None:
    """The critic tells every sample from data, and the generator has nothing left to go by."""
    apart, pull = history.series("scores", "told_apart_held_out"), history.whole("gradients", "norm", "generator")
    if (first := apart.since(lambda share: share > 0.995)) is None:
        return None
    peak, full = max(pull.early.values, default=0.0), _fullness(history)
    starved, filled = bool(len(pull.late)) and pull.late.median < _STARVED * peak, full.late.median > _FULL
    if not starved and not filled:
        return None
    evidence = [apart.said("share of pairs in which data score above samples", ".1%")]
    if starved:
        evidence.append(f"{pull.said('norm of the gradient of the generator')}; its greatest before was {peak:.3g}")
    if len(full):
        evidence.append(full.said("the critic's estimate, as a share of the most that this divergence can be", ".0%"))
    change = (
        f"Take the loss that does not starve: {flags.say('divergence', unsaturated)}."
        if (unsaturated := flags.divergence_traits(history).get("unsaturated"))
        else f"Keep the critic's slopes down, {flags.flatten(history)}, so that it stays wrong in between."
    )
    said = "The critic tells every sample from data, and the generator has almost nothing left to go by."
    return diagnosed("saturated", said, CERTAIN if starved and filled else LIKELY, tuple(evidence), change, first)


def weak(history: History) -> Finding | None:
    """The critic cannot tell samples from data, and yet they differ."""
    apart, full = history.series("scores", "told_apart_held_out"), _fullness(history)
    unsure = full.since(lambda share: share < _EMPTY) if len(full) else apart.since(lambda share: share < 0.6)
    differ = _differing(history)
    if unsure is None or not differ:
        return None
    known = [full.said("the critic's estimate, as a share of the most it can be", ".0%")] if len(full) else []
    return diagnosed(
        "weak",
        "The critic cannot tell samples from data although they differ, so it has little to teach.",
        LIKELY,
        (*known, apart.said("share of pairs in which data score above samples", ".1%"), *differ),
        f"Give the critic more to see or learn with: {_strengthen(history)}.",
        unsure,
    )


def _strengthen(history: History) -> str:
    """The flag that removes what most likely holds the critic down."""
    for key, spec in flags.slope_penalties(history).items():
        if isinstance(weight := spec.get("weight", 10.0), int | float) and weight > 50:
            return flags.weigh(history, key, 10 / weight)
    width = flags.network(history, "critic").get("width")
    if isinstance(width, int) and width < 64:
        return flags.say("critic.width", 128)
    key, lr = flags.rate(history, "critic")
    if lr is not None and lr < 1e-4:
        return flags.say(key, 10 * lr)
    if flags.game(history).get("clip") is not None:
        return f"{flags.say('clip', 'none')} {flags.say('penalty', LIPSCHITZ)}"
    return flags.say("n_critic", 5 if flags.turns(history) < 5 else 2 * flags.turns(history))


def _fullness(history: History) -> Series:
    """The critic's estimate as a share of the greatest value that its divergence has, if that is known."""
    most = flags.divergence_traits(history).get("supremum")
    found = history.estimates
    return Series() if most is None else Series(found.steps, tuple(value / most for value in found.values))


def _differing(history: History) -> list[str]:
    """What says that samples are not as data are."""
    ratio, near = (history.series("diversity", key) for key in ("ratio", "nearest_ratio"))
    found = []
    if len(ratio.late) and not 0.6 < ratio.late.median < 1.6:
        found.append(ratio.said("distance between two samples, in that of two data"))
        found.append(near.said("distance to the nearest other sample, in that among data"))
    return found
