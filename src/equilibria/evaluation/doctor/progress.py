"""Runs that ended too early or too late, and data that are not what networks expect."""

from itertools import pairwise
from statistics import mean

from ...data.datasets.toy import MODES
from ...records.history import History, Series
from . import advice
from .base import CERTAIN, LIKELY, Finding, diagnosed

_STILL = 0.15  # of its value the measure fell in the last third: there is more to gain
_PAST = 1.3  # times its best is what the measure has come to


def short(history: History) -> Finding | None:
    """The run ended while samples still got better."""
    name, found = history.selection_metric()
    if history.stop_reason not in ("done", "budget") or len(found) < 6:
        return None
    third = len(found) // 3
    middle, late = found[-2 * third : -third], found[-third:]
    gain = 1 - late.median / middle.median if middle.median > 0 else 0.0
    falls = late[len(late) // 2 :].median < 0.97 * late[: len(late) // 2].median
    if gain < _STILL or not falls or min(found.values) < min(late.values):
        return None
    return diagnosed(
        "short",
        "The run ended while it still got better: more rounds will bring more.",
        LIKELY,
        (
            f"{_plain(name)} on held-out data: median {late.median:.3g} in the last third of the looks, from round "
            f"{late.steps[0]:,} on, {gain:.0%} less than in the third before ({middle.median:.3g})",
        ),
        f"Go on with `equilibria resume RUN` and {advice.say('rounds', 2 * max(history.step, 1))}.",
        late.steps[0],
    )


def past_best(history: History) -> Finding | None:
    """Samples were better earlier in the run."""
    name, found = history.selection_metric()
    if len(found) < 6:
        return None
    best = min(zip(found.values, found.steps, strict=True))
    later = found.after(best[1])
    late, kept = found.late, history.best or best[1]
    if len(later) < max(3, len(found) // 4) or kept >= late.steps[0] or not _worse(late, found):
        return None
    return diagnosed(
        "past_best",
        "The run is past its best: samples were better earlier on.",
        LIKELY,
        (
            f"{_plain(name)} on held-out data: {best[0]:.3g} at round {best[1]:,}, median {late.median:.3g} "
            f"since round {late.steps[0]:,}",
        ),
        f"The checkpoint of round {kept:,} is kept: draw from it by `equilibria sample RUN --checkpoint best`; "
        f"{advice.say('rounds', kept)} stops in time.",
        later.steps[0],
    )


def labels_unused(history: History) -> Finding | None:
    """The data have labels, and nobody looks at them."""
    start = next(iter(history.of("start")), {})
    kind = start.get("labels")
    recipe = history.recipe
    if not kind or recipe.get("conditional") or recipe.get("labelled") or _is_toy(recipe):
        return None
    return diagnosed(
        "labels_unused",
        "The data have labels, and this run does not use them; that is fine unless you want to ask for a class.",
        CERTAIN,
        (f"labels of the data: {kind}; conditional is false, from round 0",),
        f"If you want that: {advice.say('conditional', 'true')}.",
        0,
    )


def data_range(history: History) -> Finding | None:
    """The values of the data are far from what networks expect."""
    values = next(iter(history.of("start")), {}).get("values")
    if not values:
        return None
    least, most, deviation = values["least"], values["most"], values["deviation"]
    pictures = len(values["shape"]) == 3
    off = most - least < 0.5 if pictures else not 0.05 < max(deviation, 1e-12) < 20 or max(-least, most) > 50
    if not off:
        return None
    wanted = "fill most of [-1, 1], as black and white do" if pictures else "lie within a few units around 0"
    return diagnosed(
        "data_range",
        f"The data's values are out of range: networks expect them to {wanted}.",
        CERTAIN if pictures else LIKELY,
        (f"as networks see them, values go from {least:.3g} to {most:.3g}, deviation {deviation:.3g}, from round 0",),
        (
            "Scale the array (bytes from 0 to 255, floats from 0 to 1 or -1 to 1; points around 0), look at it with "
            f"`equilibria data check`, and train on it: {advice.say('data', 'SCALED.npz')}."
        ),
        0,
    )


def _is_toy(recipe: object) -> bool:
    """Points of the plane with labels that only say which mode they are from."""
    return isinstance(recipe, dict) and recipe.get("data", {}).get("name") in MODES


def _plain(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _worse(late: Series, found: Series) -> bool:
    """Whether the late looks are clearly worse than the best, which may be negative: bounds are densities' logs."""
    best = _typical_best(found)
    return late.median > best + (_PAST - 1) * abs(best) + 2 * _noise(found)


def _typical_best(found: Series) -> float:
    """The mean of the best value and the one beside it: one lucky look is no best."""
    ordered = sorted(found.values)
    return (ordered[0] + ordered[1]) / 2


def _noise(found: Series) -> float:
    """How much one look differs from the next by chance: as far as it falls again after it has risen."""
    late = found.late.values or found.values
    return 2 * mean([max(0.0, a - b) for a, b in pairwise(late)] or [0.0])
