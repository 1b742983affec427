"""What the losses of a formulation mean: where they come to rest, and which of them say how good samples are."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch

from ...core.errors import Refusal
from ...terms.divergences import DIVERGENCES, Divergence
from .base import History

_LOG2 = {2 * math.log(2): " (2 log 2)", math.log(2): " (log 2)", -math.log(2): " (-log 2)"}


class Rest(NamedTuple):
    """The losses where data and samples are alike and the critic at its best; None where any value may be."""

    critic: float
    generator: float | None
    score: float  # what the best critic then says of everything


def rest(spec: Mapping[str, Any]) -> Rest | None:
    """Where a divergence, described as in a recipe, comes to rest; None for one that is not of the table."""
    divergence = known(spec)
    if divergence is None:
        return None
    score = _score(spec, divergence)
    scores = torch.full((1,), score, dtype=torch.float64)
    losses = [float(loss(scores, scores)) for loss in (divergence.critic, divergence.generator)]
    return Rest(losses[0], None if spec["name"] in _SHIFTED else losses[1], score)


def known(spec: Mapping[str, Any]) -> Divergence | None:
    """The divergence that is described, if the table has it."""
    try:
        return DIVERGENCES[spec["name"]](**{key: value for key, value in spec.items() if key != "name"})
    except (Refusal, TypeError):
        return None


def meanings(history: History) -> Iterator[str]:
    """What the losses of this run's formulation mean, a sentence or two for each side, with their last values."""
    spec, game = history.recipe.get("divergence"), str((history.recipe.get("game") or {}).get("name"))
    if game in _LIKELIHOODS:
        yield _with_last(history, "autoencoder", _LIKELIHOODS[game])
        return
    if spec is None:
        return
    if game == "sgan":
        yield _SGAN
        return
    at = rest(spec)
    if at is None:
        yield f"The divergence {spec['name']!r} is your own: what its losses come to rest at, only you can say."
        return
    critic, generator = _TEXTS[spec["name"]] if spec["name"] in _TEXTS else (_BOUND, _BOUNDED)
    yield _with_last(history, "critic", f"Critic: {critic}".format(at=spelled(at.critic), measures=_measures(spec)))
    rested = "nowhere in particular" if at.generator is None else spelled(at.generator)
    side = "pair" if game == "bigan" else "encoder" if game == "aae" else "generator"
    said = _PAIR if side == "pair" else f"{side.capitalize()}: {generator}"
    yield _with_last(history, side, said.format(at=rested))
    yield from _beside(history)


def spelled(value: float) -> str:
    """A number as people write it, with its closed form where it has one."""
    closed = next((said for number, said in _LOG2.items() if math.isclose(number, value, abs_tol=1e-9)), "")
    return f"{value:.4g}{closed}"


_SHIFTED = ("wasserstein", "hinge")  # the generator's loss moves with the critic's scores, which have no zero
_OVER_SCORES = "minus its samples' mean score, which has no zero, so neither its size nor its course says anything"

_LOG_CRITIC = (
    "at rest it is {at}, where it gives everything probability .5; towards 0 it tells every sample from data, which is "
    "no good sign. At its best it is 2 log 2 less twice the Jensen-Shannon divergence."
)
_TEXTS: Mapping[str, tuple[str, str]] = {
    "minimax": (
        _LOG_CRITIC,
        "at rest it is {at}, and 0 where the critic knows every sample: there its gradient is gone, too. It does not say "
        "how good samples are.",
    ),
    "non_saturating": (
        _LOG_CRITIC,
        "at rest it is {at}. Rising means that the critic is ahead, not that samples get worse: it does not say how good "
        "they are.",
    ),
    "least_squares": (
        "at rest it is {at}, where every score lies halfway between the codes of data and of samples; 0 where it tells "
        "all of them apart.",
        "at rest it is {at}. It is measured by a critic that changes, so it does not say how good samples are.",
    ),
    "hinge": (
        "at rest it is {at}; 0 where all data score above 1 and all samples below -1. Half of what it lacks to 2 is the "
        "estimate of the total variation.",
        f"{_OVER_SCORES}.",
    ),
    "wasserstein": (
        "minus it is the estimate of the Wasserstein distance, up to the critic's slope: {at} at rest. It is what to "
        "watch: large at first, it should fall towards 0 as samples get better, if the critic keeps up and its slope stays.",
        f"{_OVER_SCORES}.",
    ),
    "relativistic": (
        "at rest it is {at}, where no pair of a real and a generated sample can be put in order; 0 where each can.",
        "at rest it is {at}. Rising means that the critic is ahead, not that samples get worse.",
    ),
    "relativistic_average": (
        "at rest it is {at}, where no sample stands out from the mean of the other side; 0 where each does.",
        "at rest it is {at}. Rising means that the critic is ahead, not that samples get worse.",
    ),
}
_BOUND = (
    "minus it bounds the {measures} from below: at rest it is {at}. It follows the quality of samples as far as the critic "
    "keeps up."
)
_BOUNDED = "at rest it is {at}. It is half of a bound whose other half it cannot move, so it does not say how good samples are."
_PAIR = (
    "Pair: it minimizes the critic's loss with the sides exchanged (or negated, where that is the game), and rests where "
    "the critic does. It does not say how good samples are."
)
_SGAN = (
    "Critic: cross-entropy of the labels that are known, in nats, and telling data from samples; the share of held-out "
    "samples whose class it mistakes is what to watch. Generator: a distance of mean features, which moves with the critic."
)
_ELBO = (
    "all in nats a sample. The elbo, -(reconstruction + kl), bounds the log-likelihood from below: higher is better, on "
    "held-out data, too, and runs on the same data can be compared by it. Of densities it may be positive. A kl near 0 "
    "says that latents are not used."
)
_LIKELIHOODS: Mapping[str, str] = {
    "vae": f"Autoencoder: {_ELBO}",
    "iwae": "Autoencoder: all in nats a sample. The bound lies between the elbo and the log-likelihood: higher is better, "
    "on held-out data, too, and it rises with the number of draws by itself (Burda et al. 2016, theorem 1).",
}
_OTHERS: Mapping[str, str] = {
    "class": "class: cross-entropy of labels, in nats; 0 where all are told.",
    "reconstruction": "reconstruction: minus the log-likelihood of data given their codes, in nats a sample; lower is better.",
    "kl": "kl: from posterior to prior, in nats a sample; near 0 latents are not used.",
    "likeness": "likeness: half the squared distance in a layer of the critic; it moves with the critic.",
    "information": "information: a bound on what samples tell of the code, in nats; higher is better, up to its entropy.",
}
_PRICES = "what the critic pays for {names} is added to its loss as a price, weighted: small is no aim of its own."


def _beside(history: History) -> Iterator[str]:
    """Of the terms beside the divergence."""
    reports = history.of("report")
    terms = {name for found in (reports[-1]["terms"].values() if reports else ()) for name in found}
    if penalties := list(history.recipe.get("penalties") or {}):
        yield f"Beside: {_PRICES.format(names=' and '.join(penalties))}"
    yield from (f"Beside: {said}" for name, said in _OTHERS.items() if name in terms)


def _with_last(history: History, player: str, said: str) -> str:
    """The sentence, with the last mean of the player's loss."""
    reports = history.of("report")
    terms = reports[-1]["terms"].get(player, {}) if reports else {}
    name = next((name for name in ("divergence", "elbo", "bound") if isinstance(terms.get(name), int | float)), None)
    return said if name is None else f"{said} Now: {terms[name]:.4g} (round {reports[-1]['step']:,})."


def _measures(spec: Mapping[str, Any]) -> str:
    divergence = known(spec)
    return divergence.measures.partition(", ")[0] if divergence is not None else ""


def _score(spec: Mapping[str, Any], divergence: Divergence) -> float:
    """What the best critic says where data and samples are alike: by the divergence's facts, or by its kind."""
    if divergence.facts is not None:
        rested = float(divergence.facts.score(torch.ones(1, dtype=torch.float64)))
        return rested if math.isfinite(rested) else 0.0
    halfway = (spec.get("fake_code", 0.0) + spec.get("real_code", 1.0)) / 2
    return halfway if spec["name"] == "least_squares" else 0.0
