"""The flags that change a run, as its recipe has them, and what they stand at."""

from collections.abc import Mapping
from typing import Any

from .base import History

SLOPES = ("gradient_penalty", "divergence_penalty", "r1", "r2", "zero_centered", "dragan")


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
    return key, known.get(key, {"name": "adam"})


def slope_penalties(history: History) -> dict[str, Mapping[str, Any]]:
    """The penalties that read slopes, by their keys."""
    penalties = history.recipe.get("penalties") or {}
    return {key: spec for key, spec in penalties.items() if spec["name"] in SLOPES}


def weigh(history: History, key: str, factor: float) -> str:
    """The flag that makes a penalty so many times as heavy."""
    penalties = history.recipe["penalties"]
    now = penalties[key].get("weight", 10.0)
    name = "penalty" if len(penalties) == 1 else f"penalties.{key}"
    return say(f"{name}.weight", float(now) * factor if isinstance(now, int | float) else 10.0 * factor)


def flatten(history: History) -> str:
    """The flag that has the critic pay more for slopes."""
    if game(history)["name"] == "sgan":  # its critic's scores are classes, which penalties would not bound
        return say("critic.norm", "spectral")
    if penalties := slope_penalties(history):
        return weigh(history, next(iter(penalties)), 10.0)
    return say("penalties.r1", "r1") if history.recipe.get("penalties") else say("penalty", "r1")


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
