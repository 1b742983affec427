"""What the losses of a formulation say, and what they converge to."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ...records.history import History
from . import advice

PAIR = (
    "it minimizes the critic's loss with the sides exchanged (or negated, where that is the game), and rests "
    "where the critic does. It does not say how good samples are."
)
OTHERS: Mapping[str, str] = {
    "class": "class: cross-entropy of labels, in nats; 0 where all are told.",
    "reconstruction": (
        "reconstruction: minus the log-likelihood of data given their codes, in nats a sample; lower is better."
    ),
    "kl": "kl: from posterior to prior, in nats a sample; near 0 latents are not used.",
    "likeness": "likeness: half the squared distance in a layer of the critic; it moves with the critic.",
    "information": (
        "information: a bound on what samples tell of the code, in nats; higher is better, up to its entropy."
    ),
}
PRICES = "what the critic pays for {names} is added to its loss as a price, weighted: small is no aim of its own."


_LOG2 = {2 * math.log(2): " (2 log 2)", math.log(2): " (log 2)", -math.log(2): " (-log 2)"}


class Rest(NamedTuple):
    """The losses where data and samples are alike and the critic at its best; None where any value may be."""

    critic: float
    generator: float | None
    score: float  # what the best critic then says of everything


def rest(divergence: Mapping[str, Any]) -> Rest | None:
    """Where a divergence with these traits comes to rest; None where nothing is known of it."""
    critic, generator, score = divergence.get("rests") or (None, None, None)
    return None if critic is None or score is None else Rest(critic, generator, score)


def meanings(history: History) -> Iterator[str]:
    """What the losses of this run's formulation mean, a sentence or two for each side, with their last values."""
    game, divergence = advice.game_traits(history), advice.divergence_traits(history)
    side = game.get("player", "generator")
    if game.get("meaning"):
        yield _with_last(history, side, game["meaning"])
        return
    if not (name := advice.divergence(history)):
        return
    at = rest(divergence)
    if at is None or not divergence.get("meaning"):
        yield f"The divergence {name!r} is your own: what its losses come to rest at, only you can say."
        return
    critic, generator = divergence["meaning"]
    measures = divergence["measures"].partition(", ")[0]
    yield _with_last(history, "critic", _filled(f"Critic: {critic}", at.critic, measures))
    said = PAIR if game.get("critic_input") == "pairs" else generator
    yield _with_last(history, side, _filled(f"{side.capitalize()}: {said}", at.generator, measures))
    yield from _beside(history)


def _filled(text: str, at: float | None, measures: str) -> str:
    rests = "nowhere in particular" if at is None else spelled(at)
    return text.replace("{at}", rests).replace("{measures}", measures)


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
