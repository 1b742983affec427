"""Findings on collapse: of the modes of samples, and of an encoder's posterior."""

import math
from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

from ...core.catalogue import options
from ...records.history import History, Series
from ...terms.likelihoods import LIKELIHOODS
from . import advice
from .base import CERTAIN, CRITICAL, LIKELY, POSSIBLE, WARNING, Observation, observation, symptom

_SAME = 0.25  # of the mean distance among data: samples are one and the same
_LESS = 0.75
_LOCAL = 0.3  # of the mean distance to the nearest other
_FEW, _COARSE, _NAMED = 0.1, 0.3, 8
_TURNOVER = 0.5  # of the samples are in other modes than at the previous diagnostics


@symptom(
    CRITICAL,
    "The KL divergence is smallest where the posterior is the prior, and pulls there before the decoder has learned to "
    "use latents (Bowman et al. 2016, section 3). Where the weight of the KL or the decoder's noise is large, this is "
    "no accident of training but the optimum (Lucas et al. 2019).",
)
def posterior_collapse(history: History) -> Observation | None:
    """The encoder's output is the same for every sample, so latents carry no information."""
    kl, active = history.series("posterior", "kl"), history.series("posterior", "active_units")
    first = kl.shows(lambda nats: nats < 0.1) if len(kl) else active.shows(lambda count: count < 1)
    if first is None:
        return None
    return observation(
        "Posterior collapse: the encoder's output is the same for every sample, so latents carry no information.",
        CERTAIN,
        first,
        _informative(history),
        kl.evidence("KL divergence of the posterior from the prior, in nats"),
        active.evidence("active units of the latent", ".0f"),
    )


def _informative(history: History) -> str:
    """The advice that makes latents carry information, in the options of this game."""
    game, names = advice.game(history), advice.game_traits(history).get("options", ())
    likelihood, values = history.recipe.get("likelihood") or {}, next(iter(history.of("start")), {}).get("values") or {}
    most = 0.5 * values.get("deviation", 1.0)  # from there on it hides most of the data's variation
    if likelihood.get("learned") is False and likelihood.get("noise", 0.0) > most:
        less = advice.option("likelihood.noise", most)
        return f"Lower the decoder's noise: {less}, learned by {advice.option('likelihood.learned', 'true')}."
    if weight := next((name for name in ("beta", "kl") if name in names), None):
        value = game.get(weight, 1.0)
        warmup = max(history.rounds // 5, game.get("warmup", 0) + 1)
        later = f" or {advice.option('warmup', warmup)}" if "warmup" in names else ""
        lower = advice.option(weight, 1.0 if value > 1 else value / 2)
        return f"Lower the weight of the KL divergence, or raise it slowly: {lower}{later}."
    widths = options(LIKELIHOODS[likelihood["name"]]) if likelihood.get("name") in LIKELIHOODS else {}
    if width := next((name for name in ("noise", "scale") if name in widths), None):
        value = likelihood.get(width, widths[width].default)
        return f"Start with less noise of the decoder: {advice.option(f'likelihood.{width}', value / 5)}."
    if advice.divergence(history):
        return f"Lower the critic's gradient norm: {advice.bounded_gradients(history)}."
    name, lr = advice.learning_rate(history, "encoder")
    return f"Lower the learning rate: {advice.option(name, (lr or 1e-3) / 10)}."


@symptom(
    CRITICAL,
    "A critic that scores samples one at a time cannot see that they are alike, so all of them may move to the place "
    "that it scores highest (Salimans et al. 2016, section 3.2). The generator then follows one gradient from every "
    "latent, and once collapsed nothing separates its samples again (Goodfellow et al. 2014, section 6).",
)
def collapse(history: History) -> Observation | None:
    """Mode collapse: all samples are the same, or come from one mode."""
    ratio = history.series("diversity", "ratio")
    first = ratio.shows(lambda share: share < _SAME)
    if first is None or not advice.divergence(history):  # in an autoencoder the posterior has the reason
        return None
    return observation(
        "Mode collapse: the generator draws almost the same sample for every latent.",
        CERTAIN if ratio.typical < _SAME / 2 else LIKELY,
        first,
        f"Lower the learning rate: {advice.lower_rate(history, 'generator')}."
        if advice.fast_roles(history)
        else "Train anew with a critic that sees several samples at once or has a lower gradient norm: "
        f"{_remedy(history)}.",
        ratio.evidence("mean distance between samples, relative to data"),
        *_missing_modes(history),
    )


@symptom(
    WARNING,
    "A generator that trains against the current critic moves all samples to where that critic is wrong, and the "
    "critic follows them there (Metz et al. 2017, section 3.1). Without a penalty of the gradient norm, the two circle "
    "around their equilibrium instead of approaching it (Mescheder et al. 2018).",
)
def oscillating(history: History) -> Observation | None:
    """The generator moves from mode to mode and the critic follows it."""
    turnover = list(_turnover(history))
    late = turnover[-max(3, len(turnover) // 2) :]
    if len(turnover) < 4 or not advice.divergence(history) or (typical := median(s for _, s in late)) < _TURNOVER:
        return None
    step, last = late[-1]
    return observation(
        "The generator moves from mode to mode and the critic follows it: neither converges.",
        CERTAIN if typical > 0.7 else LIKELY,
        late[0][0],
        f"Penalize the critic's gradient norm, so that the game converges: {advice.bounded_gradients(history)}.",
        f"share of samples in other classes or modes than at the previous diagnostics: {last:.0%} at round "
        f"{step:,}, median {typical:.0%} since round {late[0][0]:,}",
        *_missing_modes(history),
    )


def _turnover(history: History) -> Iterator[tuple[int, float]]:
    """The share of samples that changed their class since the previous diagnostics, after a tenth of the rounds."""
    before: list[float] | None = None
    for step, values in history.results("coverage"):
        shares = _shares(values)
        if shares and before and len(shares) == len(before) and step > history.rounds // 10:
            yield step, sum(abs(a - b) for a, b in zip(shares, before, strict=True)) / 2
        before = shares or before


@symptom(
    WARNING,
    "A critic of limited capacity cannot distinguish a distribution from one on far fewer samples, so a generator may "
    "win with little diversity (Arora et al. 2017). Scored one at a time, samples that are alike look right (Salimans "
    "et al. 2016, section 3.2).",
)
def partial(history: History) -> Observation | None:
    """Samples are less diverse than the data, though not all the same."""
    ratio, near = history.series("diversity", "ratio"), history.series("diversity", "nearest_ratio")
    same = ratio.since(lambda share: share < _SAME)
    wide = ratio.since(lambda share: share < _LESS)
    local = near.since(lambda share: share < _LOCAL) if not _has_modes(history) else None
    first = min((step for step in (wide, local) if step is not None), default=None)
    if first is None or same is not None or not advice.divergence(history):
        return None
    return observation(
        "Partial mode collapse: samples are less diverse than the data.",
        LIKELY if wide is not None else POSSIBLE,
        first,
        f"Let the critic see when samples are alike, or lower its gradient norm, unless latents are too small: "
        f"{_remedy(history)}.",
        ratio.evidence("mean distance between samples, relative to data"),
        near.evidence("mean distance to the nearest other sample, relative to data"),
        *_missing_modes(history),
    )


@symptom(
    WARNING,
    "At the optimal critic, the non-saturating generator minimizes KL(model || data) minus twice the Jensen-Shannon "
    "divergence, which hardly penalizes missing data (Arjovsky and Bottou 2017, theorem 2.5). A critic that receives "
    "several samples at once sees that some never occur (Lin et al. 2018).",
)
def missing(history: History) -> Observation | None:
    """Some classes or modes have hardly any samples."""
    places = [(step, _missing(values)) for step, values in history.results("coverage") if _shares(values)]
    count = Series.of((step, len(each)) for step, each in places).after(history.rounds // 10)
    total = history.series("coverage", "of").median
    least = 1 if _has_modes(history) else max(2.0, _COARSE * total)  # classes are assigned by the nearest mean
    first = count.shows(lambda number: number >= least)
    same = history.series("diversity", "ratio").since(lambda share: share < _SAME)
    if first is None or same is not None or not advice.divergence(history):  # else a consequence of collapse
        return None
    return observation(
        f"{count.typical:.0f} of the {total:.0f} classes or modes have hardly any samples.",
        CERTAIN if _has_modes(history) else LIKELY,
        first,
        f"Let the critic see several samples at once, or lower its gradient norm, unless latents are too small: "
        f"{_remedy(history)}.",
        count.evidence(f"classes or modes with less than a tenth of their share, of {total:.0f}", ".0f"),
        f"by index at the last diagnostics: {', '.join(map(str, places[-1][1][:_NAMED]))}",
    )


@symptom(
    WARNING,
    "At the optimum of the game the encoder inverts the generator, but nothing in the losses demands it on the way "
    "(Donahue et al. 2017, theorem 2). A critic of pairs that does not separate them exactly leaves the two free to "
    "disagree (Li et al. 2017).",
)
def disagreement(history: History) -> Observation | None:
    """The generator's reconstruction of a sample, from the encoder's output, differs from the sample."""
    sample = history.series("agreement", "sample")
    first = sample.since(lambda distance: distance > 0.65)
    inverts = advice.game_traits(history).get("encoder_output", "latents") == "latents"
    if first is None or not inverts or not advice.divergence(history):  # an autoencoder's loss is the reconstruction
        return None
    return observation(
        "Encoder and generator disagree: the reconstruction G(E(x)) has little to do with x.",
        LIKELY if sample.late.median > 1 else POSSIBLE,
        first,
        f"Train longer, {advice.option('rounds', 4 * max(history.rounds, 1))}, and lower the gradient norm of the "
        f"critic of pairs, {advice.bounded_gradients(history)}.",
        sample.evidence("distance of x and G(E(x)), relative to two data"),
        history.series("agreement", "code").evidence("distance of z and E(G(z)), relative to two latents"),
    )


def _remedy(history: History) -> str:
    """Options that make samples differ, as far as the game has them."""
    values = next(iter(history.of("start")), {}).get("values") or {}
    size = (history.recipe.get("prior") or {}).get("size")
    if isinstance(size, int) and size < min(4, math.prod(values.get("shape", (4,)))):  # too few for the data
        return f"{advice.option('prior.size', 32)} {advice.option('rounds', 2 * max(history.rounds, 1))}"
    if "pack" not in advice.game_traits(history).get("options", ()) or advice.game(history).get("pack", 1) > 1:
        return advice.bounded_gradients(history)
    return f"{advice.option('pack', 2)} or {advice.bounded_gradients(history)}"


def _shares(coverage: Mapping[str, Any]) -> list[float]:
    """The shares of samples by class or mode; empty where one is not a number."""
    shares = coverage.get("classes")
    return [float(share) for share in shares] if isinstance(shares, list) and None not in shares else []


def _missing(coverage: Mapping[str, Any]) -> list[int]:
    """The indices of classes or modes with less than a tenth of the share that they have in the data."""
    shares = _shares(coverage)
    usual = coverage.get("data") or [1 / max(len(shares), 1)] * len(shares)
    return [index for index, (one, of) in enumerate(zip(shares, usual, strict=True)) if of > 0 and one < _FEW * of]


def _has_modes(history: History) -> bool:
    """Whether the data has known modes."""
    return len(history.series("coverage", "high_quality")) > 0


def _missing_modes(history: History) -> list[str]:
    count, total = history.series("coverage", "missing"), history.series("coverage", "of").late.median
    return [count.evidence(f"classes or modes without samples, of {total:.0f}", ".0f")] if len(count.late) else []
