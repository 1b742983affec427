"""Findings of collapse: modes of samples, posterior of an encoder."""

from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

from ...records.history import History, Series
from . import advice
from .base import CERTAIN, LIKELY, POSSIBLE, Finding, diagnosed

_GONE = 0.25  # of the distances among data: samples are one and the same
_LESS = 0.75
_LOCAL = 0.3  # of the distances to the nearest other
_FEW, _COARSE, _NAMED = 0.1, 0.3, 8
_TURNED = 0.5  # of the samples have gone to other modes from one look to the next


def collapse(history: History) -> Finding | None:
    """All samples are one sample, or come from one mode."""
    ratio = history.series("diversity", "ratio")
    first = ratio.since(lambda share: share < _GONE)
    if first is None or not advice.divergence(history):  # of an autoencoder the posterior tells why
        return None
    return diagnosed(
        "collapse",
        "The generator has collapsed: whatever the latent, it draws almost the same sample.",
        CERTAIN if ratio.late.median < _GONE / 2 else LIKELY,
        (ratio.evidence("distance between two samples, in that of two data"), *_covered(history)),
        f"Start anew with a critic that sees several samples at once or is kept flat: {_remedy(history)}.",
        first,
    )


def partial(history: History) -> Finding | None:
    """Samples are less varied than data, though not all the same."""
    ratio, near = history.series("diversity", "ratio"), history.series("diversity", "nearest_ratio")
    gone = ratio.since(lambda share: share < _GONE)
    wide = ratio.since(lambda share: share < _LESS)
    local = near.since(lambda share: share < _LOCAL) if not _has_modes(history) else None
    first = min((step for step in (wide, local) if step is not None), default=None)
    if first is None or gone is not None or not advice.divergence(history):
        return None
    return diagnosed(
        "partial",
        "Samples are less varied than the data: part of the variety has collapsed.",
        LIKELY if wide is not None else POSSIBLE,
        (
            ratio.evidence("distance between two samples, in that of two data"),
            near.evidence("distance to the nearest other sample, in that among data"),
            *_covered(history),
        ),
        f"Let the critic see when samples are alike, or keep it flat: {_remedy(history)}.",
        first,
    )


def oscillating(history: History) -> Finding | None:
    """The generator runs from mode to mode and the critic after it."""
    moved = list(_moves(history))
    late = moved[-max(3, len(moved) // 2) :]
    if len(moved) < 4 or not advice.divergence(history) or median(share for _, share in late) < _TURNED:
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
        f"Pay for slopes, which makes the game come to rest: {advice.flatten(history)}.",
        late[0][0],
    )


def missing(history: History) -> Finding | None:
    """Some classes or modes of the data get hardly any samples."""
    gone = Series.of((step, len(_left_out(seen))) for step, seen in history.results("coverage") if _shares(seen))
    gone, of = gone.after(history.rounds // 10), history.series("coverage", "of").late.median
    many = 1 if _has_modes(history) else max(2.0, _COARSE * of)  # classes are told by the nearest mean
    first = gone.since(lambda count: count >= many)
    alike = history.series("diversity", "ratio").since(lambda share: share < _GONE)
    if first is None or alike is not None or not advice.divergence(history):  # of collapse it is but a consequence
        return None
    names = ", ".join(map(str, _left_out([seen for _, seen in history.results("coverage")][-1])[:_NAMED]))
    return diagnosed(
        "missing",
        f"{gone.late.median:.0f} of the {of:.0f} classes or modes of the data get hardly any samples.",
        CERTAIN if _has_modes(history) else LIKELY,
        (
            gone.evidence(f"with less than a tenth of their share, of {of:.0f}", ".0f"),
            f"by place at the last look: {names}",
        ),
        f"Show the critic several samples at once, or keep it flat: {_remedy(history)}.",
        first,
    )


def _remedy(history: History) -> str:
    """What makes samples differ, as far as the game has it."""
    if "pack" not in advice.game_traits(history).get("options", ()) or advice.game(history).get("pack", 1) > 1:
        return advice.flatten(history)
    return f"{advice.say('pack', 2)} or {advice.flatten(history)}"


def _moves(history: History) -> Iterator[tuple[int, float]]:
    """How much of the samples is elsewhere than at the look before, after the first tenth of the rounds."""
    before: list[float] | None = None
    for step, seen in history.results("coverage"):
        shares = _shares(seen)
        if shares and before and len(shares) == len(before) and step > history.rounds // 10:
            yield step, sum(abs(a - b) for a, b in zip(shares, before, strict=True)) / 2
        before = shares or before


def _shares(seen: Mapping[str, Any]) -> list[float]:
    found = seen.get("classes")
    return [float(share) for share in found] if isinstance(found, list) and None not in found else []


def _left_out(seen: Mapping[str, Any]) -> list[int]:
    """The places of classes or modes that have less than a tenth of the share that they have of data."""
    shares = _shares(seen)
    usual = seen.get("data") or [1 / max(len(shares), 1)] * len(shares)
    return [place for place, (one, of) in enumerate(zip(shares, usual, strict=True)) if of > 0 and one < _FEW * of]


def _has_modes(history: History) -> bool:
    """Whether the true modes of the data are known."""
    return len(history.series("coverage", "high_quality")) > 0


def _covered(history: History) -> list[str]:
    gone, of = history.series("coverage", "missing"), history.series("coverage", "of").late.median
    return [gone.evidence(f"classes or modes without samples, of {of:.0f}", ".0f")] if len(gone.late) else []


def posterior_collapse(history: History) -> Finding | None:
    """The encoder answers the same for every sample, so latents say nothing."""
    kl, active = history.series("posterior", "kl"), history.series("posterior", "active_units")
    first = kl.since(lambda nats: nats < 0.1) if len(kl) else active.since(lambda count: count < 1)
    if first is None:
        return None
    game = advice.game(history)
    beta = game.get("beta", game.get("kl", 1.0))
    options = advice.game_traits(history).get("options", ())
    name = "kl" if "kl" in options else "beta"
    eased = advice.say(name, 1.0 if beta > 1 else 0.5)
    warmed = advice.say("warmup", max(history.rounds // 5, 1))
    return diagnosed(
        "posterior_collapse",
        "The posterior has collapsed: the encoder answers alike for every sample, and latents say nothing of them.",
        CERTAIN,
        (
            kl.evidence("KL of posterior and prior, in nats"),
            active.evidence("coordinates of the latent in use", ".0f"),
        ),
        (f"Let the KL weigh less, or later: {eased}" + (f" or {warmed}." if "warmup" in options else ".")),
        first,
    )


def disagreement(history: History) -> Finding | None:
    """The generator does not make of an encoder's answer what the encoder was shown."""
    sample = history.series("agreement", "sample")
    first = sample.since(lambda distance: distance > 0.65)
    whole = advice.game_traits(history).get("encoder_output", "latents") == "latents"
    if first is None or not whole or not advice.divergence(history):  # an autoencoder's own loss tells of likeness
        return None
    code = history.series("agreement", "code")
    longer = advice.say("rounds", 4 * max(history.rounds, 1))
    return diagnosed(
        "disagreement",
        "Encoder and generator disagree: what the generator makes of E(x) has little to do with x.",
        LIKELY if sample.late.median > 1 else POSSIBLE,
        (
            sample.evidence("distance of x and G(E(x)), in that of two data"),
            code.evidence("distance of z and E(G(z)), in that of two latents"),
        ),
        (f"Play longer, {longer}, and keep the critic of pairs flat: {advice.flatten(history)}."),
        first,
    )
