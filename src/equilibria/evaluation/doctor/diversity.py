"""Samples that are too much alike."""

from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

from . import flags
from .base import CERTAIN, LIKELY, Finding, History
from .reasons import diagnosed

_GONE = 0.25  # of the distances among data: samples are one and the same
_LESS = 0.75
_TURNED = 0.5  # of the samples have gone to other modes from one look to the next


def collapse(history: History) -> Finding | None:
    """All samples are one sample, or come from one mode."""
    ratio = history.series("diversity", "ratio")
    first = ratio.since(lambda share: share < _GONE)
    if first is None or not flags.divergence(history):  # of an autoencoder the posterior tells why
        return None
    return diagnosed(
        "collapse",
        "The generator has collapsed: whatever the latent, it draws almost the same sample.",
        CERTAIN if ratio.late.median < _GONE / 2 else LIKELY,
        (ratio.said("distance between two samples, in that of two data"), *_covered(history)),
        f"Start anew with a critic that sees several samples at once or is kept flat: {_remedy(history)}.",
        first,
    )


def partial(history: History) -> Finding | None:
    """Samples are less varied than data, though not all the same."""
    ratio, near = history.series("diversity", "ratio"), history.series("diversity", "nearest_ratio")
    gone = ratio.since(lambda share: share < _GONE)
    wide = ratio.since(lambda share: share < _LESS)
    local = near.since(lambda share: share < 0.5) if not _has_modes(history) else None
    first = min((step for step in (wide, local) if step is not None), default=None)
    if first is None or gone is not None or not flags.divergence(history):
        return None
    return diagnosed(
        "partial",
        "Samples are less varied than the data: part of the variety has collapsed.",
        LIKELY if wide is not None else "possible",
        (
            ratio.said("distance between two samples, in that of two data"),
            near.said("distance to the nearest other sample, in that among data"),
            *_covered(history),
        ),
        f"Let the critic see when samples are alike, or keep it flat: {_remedy(history)}.",
        first,
    )


def oscillating(history: History) -> Finding | None:
    """The generator runs from mode to mode and the critic after it."""
    moved = list(_moves(history))
    late = moved[-max(3, len(moved) // 2) :]
    if len(moved) < 4 or not flags.divergence(history) or median(share for _, share in late) < _TURNED:
        return None
    step, last = late[-1]
    return diagnosed(
        "oscillating",
        "The generator runs from mode to mode, and the critic after it: neither comes to rest.",
        CERTAIN if median(share for _, share in late) > 0.7 else LIKELY,
        (
            f"share of samples in other classes or modes than at the look before: {last:.0%} at round {step:,}, "
            f"median {median(share for _, share in late):.0%} since round {late[0][0]:,}",
            *_covered(history),
        ),
        f"Pay for slopes, which makes the game come to rest: {flags.flatten(history)}.",
        late[0][0],
    )


def missing(history: History) -> Finding | None:
    """Some classes or modes of the data get no samples."""
    gone = history.series("coverage", "missing")
    first = gone.since(lambda count: count >= 1)
    if first is None or not flags.divergence(history):
        return None
    of = history.series("coverage", "of").late.median
    names = _missing_places(history)
    return diagnosed(
        "missing",
        f"{gone.late.median:.0f} of the {of:.0f} classes or modes of the data get no samples.",
        CERTAIN if gone.late.median > 0.15 * of or _has_modes(history) else LIKELY,
        (gone.said(f"without samples, of {of:.0f}", ".0f"), *([f"by place: {names}"] if names else [])),
        f"Show the critic several samples at once, or keep it flat: {_remedy(history)}.",
        first,
    )


def _remedy(history: History) -> str:
    """What makes samples differ, as far as the game has it."""
    if flags.game(history)["name"] != "gan" or flags.game(history).get("pack", 1) > 1:
        return flags.flatten(history)
    return f"{flags.say('pack', 2)} or {flags.flatten(history)}"


def _moves(history: History) -> Iterator[tuple[int, float]]:
    """How much of the samples is elsewhere than at the look before, after the first tenth of the rounds."""
    before: list[float] | None = None
    for step, seen in history.seen("coverage"):
        shares = _shares(seen)
        if shares and before and len(shares) == len(before) and step > history.rounds // 10:
            yield step, sum(abs(a - b) for a, b in zip(shares, before, strict=True)) / 2
        before = shares or before


def _shares(seen: Mapping[str, Any]) -> list[float]:
    found = seen.get("classes")
    return [float(share) for share in found] if isinstance(found, list) and None not in found else []


def _has_modes(history: History) -> bool:
    """Whether the true modes of the data are known."""
    return len(history.series("coverage", "high_quality")) > 0


def _covered(history: History) -> list[str]:
    gone, of = history.series("coverage", "missing"), history.series("coverage", "of").late.median
    return [gone.said(f"classes or modes without samples, of {of:.0f}", ".0f")] if len(gone.late) else []


def _missing_places(history: History) -> str:
    """Those of the last look, the first few by place."""
    looks = [_shares(seen) for _, seen in history.seen("coverage")]
    gone = [str(i) for i, share in enumerate(looks[-1]) if share == 0] if looks else []
    return ", ".join(gone[:8]) + (", ..." if len(gone) > 8 else "")
