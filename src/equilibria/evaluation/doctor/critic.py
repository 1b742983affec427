"""Findings on the critic: too strong, too weak, memorizing."""

from ...records.history import History, Series
from ...terms.augmentations import FIXED
from ...terms.penalties import LIPSCHITZ
from . import advice
from .base import CERTAIN, LIKELY, Finding, diagnosed

_STARVED = 0.05  # of its early gradient: the generator has almost nothing to go by
_FULL, _EMPTY = 0.95, 0.2  # of the most that the divergence can be


def saturated(history: History) -> Finding | None:
    """The critic tells every sample from data, and the generator has nothing left to go by."""
    apart, pull = history.series("scores", "told_apart_held_out"), history.full_series("gradients", "norm", "generator")
    if (first := apart.since(lambda share: share > 0.995)) is None:
        return None
    peak, full = max(pull.early.values, default=0.0), _fullness(history)
    starved, filled = bool(len(pull.late)) and pull.late.median < _STARVED * peak, full.late.median > _FULL
    if not starved and not filled:
        return None
    evidence = [apart.evidence("share of pairs in which data score above samples", ".1%")]
    if starved:
        evidence.append(f"{pull.evidence('norm of the gradient of the generator')}; its greatest before was {peak:.3g}")
    if len(full):
        evidence.append(
            full.evidence("the critic's estimate, as a share of the most that this divergence can be", ".0%")
        )
    change = (
        f"Take the loss that does not starve: {advice.say('divergence', unsaturated)}."
        if (unsaturated := advice.divergence_traits(history).get("unsaturated"))
        else f"Keep the critic's slopes down, {advice.flatten(history)}, so that it stays wrong in between."
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
    known = [full.evidence("the critic's estimate, as a share of the most it can be", ".0%")] if len(full) else []
    return diagnosed(
        "weak",
        "The critic cannot tell samples from data although they differ, so it has little to teach.",
        LIKELY,
        (*known, apart.evidence("share of pairs in which data score above samples", ".1%"), *differ),
        f"Give the critic more to see or learn with: {_strengthen(history)}.",
        unsure,
    )


def _strengthen(history: History) -> str:
    """The flag that removes what most likely holds the critic down."""
    for key, spec in advice.slope_penalties(history).items():
        if isinstance(weight := spec.get("weight", 10.0), int | float) and weight > 50:
            return advice.weigh(history, key, 10 / weight)
    width = advice.network(history, "critic").get("width")
    if isinstance(width, int) and width < 64:
        return advice.say("critic.width", 128)
    key, lr = advice.rate(history, "critic")
    if lr is not None and lr < 1e-4:
        return advice.say(key, 10 * lr)
    if advice.game(history).get("clip") is not None:
        return f"{advice.say('clip', 'none')} {advice.say('penalty', LIPSCHITZ)}"
    return advice.say("n_critic", 5 if advice.turns(history) < 5 else 2 * advice.turns(history))


def _fullness(history: History) -> Series:
    """The critic's estimate as a share of the greatest value that its divergence has, if that is known."""
    most = advice.divergence_traits(history).get("supremum")
    found = history.estimates
    return Series() if most is None else Series(found.steps, tuple(value / most for value in found.values))


def _differing(history: History) -> list[str]:
    """What says that samples are not as data are."""
    ratio, near = (history.series("diversity", key) for key in ("ratio", "nearest_ratio"))
    found = []
    if len(ratio.late) and not 0.6 < ratio.late.median < 1.6:
        found.append(ratio.evidence("distance between two samples, in that of two data"))
        found.append(near.evidence("distance to the nearest other sample, in that among data"))
    return found


def critic_memorizes(history: History) -> Finding | None:
    """The critic knows the training samples by heart and takes held-out ones for fakes."""
    known = history.series("scores", "memorized")
    first = known.since(lambda share: share > 0.6)
    if first is None:
        return None
    train, held_out = (history.series("scores", part) for part in ("train", "held_out"))
    change = (
        f"Augment all that the critic sees: {advice.say('augmentation', FIXED)}; more data help most."
        if advice.of_images(history) and history.recipe.get("augmentation")
        else f"Keep it from being steep: {advice.flatten(history)}; more data help most."
    )
    return diagnosed(
        "critic_memorizes",
        "The critic knows its training samples by heart: it scores them above real samples that it has not seen.",
        CERTAIN if known.late.median > 0.75 else LIKELY,
        (
            known.evidence(
                "share of pairs in which a training sample scores above a held-out one (50 % is fair)", ".1%"
            ),
            f"{train.evidence('mean score on training data')}; {held_out.evidence('on held-out data')}",
        ),
        change,
        first,
    )


def generator_memorizes(history: History) -> Finding | None:
    """Samples lie nearer to training samples than held-out data do: they are copies."""
    ratio = history.series("neighbours", "copied")
    first = ratio.since(lambda share: share < 0.5)
    if first is None:
        return None
    train, held_out = (history.series("neighbours", part) for part in ("train", "held_out"))
    smaller = [advice.say("generator.width", width // 2)] if (width := _width(history)) else []
    stop = [advice.say("rounds", best)] if (best := history.best) and best < history.step else []
    return diagnosed(
        "generator_memorizes",
        "The generator repeats its training samples: its own lie far nearer to them than to real ones it never saw.",
        CERTAIN if ratio.late.median < 0.3 else LIKELY,
        (
            ratio.evidence("distance of samples to the nearest training sample, in that of held-out data"),
            f"{train.evidence('to the nearest of some training samples')}; "
            f"{held_out.evidence('of as many held-out ones')}",
        ),
        (
            "More data help most; else stop earlier or take a smaller generator: "
            f"{' or '.join(stop + smaller) or advice.say('generator.width', 32)}."
        ),
        first,
    )


def _width(history: History) -> int:
    """Of the generator's layers, where the recipe says it."""
    width = advice.network(history, "generator").get("width")
    return width if isinstance(width, int) and width > 16 else 0
