"""The meaning of the losses of a formulation, and their values at equilibrium."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ...records.history import History
from . import advice

_PAIRS = (
    "it minimizes the critic's loss with the two kinds of pairs exchanged (or negated, where that is the game), and is "
    "at rest where the critic is. It does not say how good samples are."
)
_TERMS: Mapping[str, str] = {
    "class": "cross-entropy of the labels, in nats; 0 if all are certain and right.",
    "reconstruction": "minus the log-likelihood of data given its codes, in nats per sample; lower is better.",
    "kl": "KL divergence of the posterior from the prior, in nats per sample; near 0, latents are not used.",
    "likeness": "half the squared distance in a layer of the critic; it changes with the critic.",
    "information": (
        "a bound on the mutual information of samples and codes, in nats; higher is better, up to the codes' entropy."
    ),
}
_CLOSED_FORMS = {2 * math.log(2): "2 log 2", math.log(2): "log 2", -math.log(2): "-log 2"}


class Equilibrium(NamedTuple):
    """The losses where samples are distributed as data and the critic is optimal; None where any value is possible."""

    critic: float
    generator: float | None
    score: float  # the optimal critic's, for every sample


def equilibrium(divergence: Mapping[str, Any]) -> Equilibrium | None:
    """The equilibrium of a divergence with these traits; None where they do not state one."""
    critic, generator, score = divergence.get("rests") or (None, None, None)
    return None if critic is None or score is None else Equilibrium(critic, generator, score)


def meanings(history: History) -> Iterator[str]:
    """The meaning of each loss of a run, in a sentence or two, with its last value."""
    game, divergence = advice.game_traits(history), advice.divergence_traits(history)
    player, name = game.get("player", "generator"), advice.divergence(history)
    at = equilibrium(divergence)
    if game.get("meaning"):
        yield game["meaning"] + _last(history, player)
    elif name and (at is None or not divergence.get("meaning")):
        yield f"The divergence {name!r} is your own: only you know its losses at equilibrium."
    elif name and at is not None:
        critic, generator = divergence["meaning"]
        generator = _PAIRS if game.get("critic_input") == "pairs" else generator
        measures = divergence["measures"].partition(", ")[0]
        for role, text, loss in (("critic", critic, at.critic), (player, generator, at.generator)):
            value = "nowhere in particular" if loss is None else formatted(loss)
            text = text.replace("{at}", value).replace("{measures}", measures)
            yield f"{role.capitalize()}: {text}{_last(history, role)}"
        if penalties := " and ".join(history.recipe.get("penalties") or {}):
            yield f"Penalty: {penalties}, weighted, is added to the critic's loss; it need not become small."
        yield from read_back(history)
        reports = history.of("report")
        names = {name for terms in (reports[-1]["terms"].values() if reports else ()) for name in terms}
        yield from (f"Term {name}: {text}" for name, text in _TERMS.items() if name in names)


def read_back(history: History) -> Iterator[str]:
    """The Wasserstein distance that the critic's last estimate means by its penalty's formula; nothing without one."""
    penalties, divergence = tuple(history.recipe.get("penalties") or {}), advice.divergence_traits(history)
    distance = advice.distance(history, *penalties) if divergence.get("lipschitz") and len(penalties) == 1 else None
    for report in history.of("report")[-1:]:
        if distance and (estimate := report.get("estimate")) is not None:
            yield (
                f"Distance: if the critic has settled, its estimate of {estimate:.4g} (round {report['step']:,}) means "
                f"a Wasserstein distance of about {distance(estimate):.3g}, by the formula of {penalties[0]}."
            )


def _last(history: History, player: str) -> str:
    """A sentence with the last mean of a player's loss; empty where there is none."""
    reports = history.of("report")
    terms = reports[-1]["terms"].get(player, {}) if reports else {}
    name = next((name for name in ("divergence", "elbo", "bound") if isinstance(terms.get(name), int | float)), None)
    if name is None:
        return ""
    return f" Now: {'' if name == 'divergence' else f'{name} '}{terms[name]:.4g} (round {reports[-1]['step']:,})."


def formatted(value: float) -> str:
    """A number with four digits, and its closed form where it has one: 1.386 (2 log 2)."""
    closed = next((form for number, form in _CLOSED_FORMS.items() if math.isclose(number, value, abs_tol=1e-9)), "")
    return f"{value + 0.0:.4g}" + (f" ({closed})" if closed else "")
