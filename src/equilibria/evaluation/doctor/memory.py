"""Networks that know their training samples by heart."""

from ...records.history import History
from ...terms.augmentations import FIXED
from . import flags
from .base import CERTAIN, LIKELY, Finding
from .reasons import diagnosed


def critic_memorizes(history: History) -> Finding | None:
    """The critic knows the training samples by heart and takes held-out ones for fakes."""
    known = history.series("scores", "memorized")
    first = known.since(lambda share: share > 0.6)
    if first is None:
        return None
    train, held_out = (history.series("scores", part) for part in ("train", "held_out"))
    change = (
        f"Augment all that the critic sees: {flags.say('augmentation', FIXED)}; more data help most."
        if flags.of_images(history) and history.recipe.get("augmentation")
        else f"Keep it from being steep: {flags.flatten(history)}; more data help most."
    )
    return diagnosed(
        "critic_memorizes",
        "The critic knows its training samples by heart: it scores them above real samples that it has not seen.",
        CERTAIN if known.late.median > 0.75 else LIKELY,
        (
            known.said("share of pairs in which a training sample scores above a held-out one (50 % is fair)", ".1%"),
            f"{train.said('mean score on training data')}; {held_out.said('on held-out data')}",
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
    smaller = [flags.say("generator.width", width // 2)] if (width := _width(history)) else []
    stop = [flags.say("rounds", best)] if (best := history.best) and best < history.step else []
    return diagnosed(
        "generator_memorizes",
        "The generator repeats its training samples: its own lie far nearer to them than to real ones it never saw.",
        CERTAIN if ratio.late.median < 0.3 else LIKELY,
        (
            ratio.said("distance of samples to the nearest training sample, in that of held-out data"),
            f"{train.said('to the nearest of some training samples')}; {held_out.said('of as many held-out ones')}",
        ),
        (
            "More data help most; else stop earlier or take a smaller generator: "
            f"{' or '.join(stop + smaller) or flags.say('generator.width', 32)}."
        ),
        first,
    )


def _width(history: History) -> int:
    """Of the generator's layers, where the recipe says it."""
    width = flags.network(history, "generator").get("width")
    return width if isinstance(width, int) and width > 16 else 0
