"""What the losses of a formulation mean: where they come to rest, and which of them say how good samples are."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch

from ...core.errors import Refusal
from ...terms.divergences import DIVERGENCES, Divergence
from .base import History
from .wordings import BOUND, BOUNDED, LIKELIHOODS, OTHERS, PAIR, PRICES, SGAN, SHIFTED, TEXTS

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
    return Rest(losses[0], None if spec["name"] in SHIFTED else losses[1], score)


def known(spec: Mapping[str, Any]) -> Divergence | None:
    """The divergence that is described, if the table has it."""
    try:
        return DIVERGENCES[spec["name"]](**{key: value for key, value in spec.items() if key != "name"})
    except (Refusal, TypeError):
        return None


def meanings(history: History) -> Iterator[str]:
    """What the losses of this run's formulation mean, a sentence or two for each side, with their last values."""
    spec, game = history.recipe.get("divergence"), str((history.recipe.get("game") or {}).get("name"))
    if game in LIKELIHOODS:
        yield _with_last(history, "autoencoder", LIKELIHOODS[game])
        return
    if spec is None:
        return
    if game == "sgan":
        yield SGAN
        return
    at = rest(spec)
    if at is None:
        yield f"The divergence {spec['name']!r} is your own: what its losses come to rest at, only you can say."
        return
    critic, generator = TEXTS.get(spec["name"], (BOUND, BOUNDED))
    yield _with_last(history, "critic", f"Critic: {critic}".format(at=spelled(at.critic), measures=_measures(spec)))
    rested = "nowhere in particular" if at.generator is None else spelled(at.generator)
    side = "pair" if game == "bigan" else "encoder" if game == "aae" else "generator"
    said = PAIR if side == "pair" else f"{side.capitalize()}: {generator}"
    yield _with_last(history, side, said.format(at=rested))
    yield from _beside(history)


def spelled(value: float) -> str:
    """A number as people write it, with its closed form where it has one."""
    closed = next((said for number, said in _LOG2.items() if math.isclose(number, value, abs_tol=1e-9)), "")
    return f"{value + 0.0:.4g}{closed}"


def _beside(history: History) -> Iterator[str]:
    """Of the terms beside the divergence."""
    reports = history.of("report")
    terms = {name for found in (reports[-1]["terms"].values() if reports else ()) for name in found}
    if penalties := list(history.recipe.get("penalties") or {}):
        yield f"Beside: {PRICES.format(names=' and '.join(penalties))}"
    yield from (f"Beside: {said}" for name, said in OTHERS.items() if name in terms)


def _with_last(history: History, player: str, said: str) -> str:
    """The sentence, with the last mean of the player's loss."""
    reports = history.of("report")
    terms = reports[-1]["terms"].get(player, {}) if reports else {}
    name = next((name for name in ("divergence", "elbo", "bound") if isinstance(terms.get(name), int | float)), None)
    if name is None:
        return said
    which = "" if name == "divergence" else f"{name} "
    return f"{said} Now: {which}{terms[name]:.4g} (round {reports[-1]['step']:,})."


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
