"""The flags that change a run, as its recipe has them, what they stand at, and what its parts say of themselves."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from ...core.catalogue import Catalogue
from ...core.errors import Refusal
from ...games import GAMES
from ...games import traits as traits_of_game
from ...records.history import History
from ...terms import divergences, penalties
from ...training import optimizers

Traits = Mapping[str, Any]  # of a part, as plain values


def say(flag: str, value: object) -> str:
    """A flag with its value, as it is typed."""
    shown = f"{value:.3g}" if isinstance(value, float) else str(value)
    return f"`--{flag.replace('_', '-')} {shown}`"


def rate(history: History, role: str) -> tuple[str, float | None]:
    """The flag of the learning rate of whoever moves a network, and the rate if the recipe says it."""
    key, spec = optimizer(history, role)
    found = spec.get("lr")
    return f"optimizers.{key}.lr", float(found) if isinstance(found, int | float) else None


def optimizer(history: History, role: str) -> tuple[str, Mapping[str, Any]]:
    """The key and the description of the optimizer that moves a network."""
    known = history.recipe.get("optimizers", {})
    key = next((key for key in known if role in key.split("+")), role)
    return key, known.get(key, {"name": optimizers.DEFAULT})


def slope_penalties(history: History) -> dict[str, Mapping[str, Any]]:
    """The penalties that read the critic's gradient, by their keys."""
    paid = history.recipe.get("penalties") or {}
    return {key: spec for key, spec in paid.items() if penalty_traits(history, key).get("uses_gradient")}


def weigh(history: History, key: str, factor: float) -> str:
    """The flag that makes a penalty so many times as heavy."""
    paid = history.recipe["penalties"]
    now = paid[key].get("weight", 10.0)
    name = "penalty" if len(paid) == 1 else f"penalties.{key}"
    return say(f"{name}.weight", float(now) * factor if isinstance(now, int | float) else 10.0 * factor)


def flatten(history: History) -> str:
    """The flag that has the critic pay more for slopes."""
    if game_traits(history).get("learns_classes"):  # its critic's scores are classes, which penalties would not bound
        return say("critic.norm", "spectral")
    if paid := slope_penalties(history):
        return weigh(history, next(iter(paid)), 10.0)
    flat = penalties.FLAT
    return say(f"penalties.{flat}", flat) if history.recipe.get("penalties") else say("penalty", flat)


def game(history: History) -> Mapping[str, Any]:
    """The game's description."""
    return history.recipe.get("game") or {"name": ""}


def turns(history: History) -> int:
    """Moves of the critic to one of the others, 5 for a schedule of them."""
    count = game(history).get("n_critic", 1)
    return count if isinstance(count, int) else 5


def network(history: History, role: str) -> Mapping[str, Any]:
    """A network's description; empty where the game has none of this role."""
    return (history.recipe.get("networks") or {}).get(role) or {}


def divergence(history: History) -> str:
    """Its name, or nothing where nobody competes."""
    return str((history.recipe.get("divergence") or {}).get("name", ""))


def of_images(history: History) -> bool:
    """Whether samples are pictures; where the run does not say, as far as the networks tell."""
    values = next(iter(history.of("start")), {}).get("values") or {}
    return len(values["shape"]) == 3 if "shape" in values else network(history, "generator").get("name") != "dense"


def divergence_traits(history: History) -> Traits:
    """What the divergence says of itself; nothing where nobody competes, or nothing is known of the user's own."""
    spec = history.recipe.get("divergence") or {}
    return _traits(history, "divergence", spec, divergences.DIVERGENCES, _of_divergence)


def penalty_traits(history: History, key: str) -> Traits:
    """What a penalty says of itself; nothing where nothing is known of the user's own."""
    spec = history.recipe["penalties"][key]
    return _traits(history, f"penalties.{key}", spec, penalties.PENALTIES, _of_penalty)


def game_traits(history: History) -> Traits:
    """What the game says of itself; nothing where nothing is known of the user's own."""
    return _traits(history, "game", game(history), GAMES, lambda builder, options: traits_of_game(builder))


def optimizer_traits(history: History, role: str) -> Traits:
    """What the optimizer that moves a network says of itself; nothing where nothing is known of the user's own."""
    key, spec = optimizer(history, role)
    return _traits(history, f"optimizers.{key}", spec, optimizers.OPTIMIZERS, _of_optimizer)


def _traits(
    history: History,
    path: str,
    spec: Mapping[str, Any],
    catalogue: Catalogue,
    read: Callable[[Callable[..., Any], dict[str, Any]], Traits],
) -> Traits:
    """Of a part of a catalogue by its description; of the user's own, whose code is not run, by the run's record."""
    name, options = spec.get("name", ""), {key: value for key, value in spec.items() if key != "name"}
    if name not in catalogue:
        recorded = (next(iter(history.of("start")), {}).get("parts") or {}).get(path)
        return recorded if isinstance(recorded, Mapping) else {}
    try:
        return read(catalogue[name], options)
    except (Refusal, TypeError, ValueError):  # an option of another version
        return {}


def _of_divergence(builder: Callable[..., divergences.Divergence], options: dict[str, Any]) -> Traits:
    return divergences.traits(builder(**options))


def _of_penalty(builder: Callable[..., penalties.Penalty], options: dict[str, Any]) -> Traits:
    numbers = {key: value for key, value in options.items() if value != "auto"}
    return penalties.traits(builder(**numbers))


def _of_optimizer(builder: Callable[..., torch.optim.Optimizer], options: dict[str, Any]) -> Traits:
    return optimizers.traits(builder, builder([nn.Parameter(torch.zeros(1))], **options))
