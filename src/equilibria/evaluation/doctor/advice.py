"""What advice is made of: options of a run's recipe, their present values, and the traits of its parts."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import nn

from ...core.catalogue import Catalogue, options
from ...core.errors import Refusal
from ...games import GAMES
from ...games import traits as traits_of_game
from ...networks import CRITICS, ENCODERS, GENERATORS
from ...records.history import History
from ...terms import divergences, penalties
from ...training import optimizers

Traits = Mapping[str, Any]  # of a part, as plain values; empty where nothing is recorded of a user's own part
Reader = Callable[[partial[Any]], Traits]  # of a builder with its options

_FAST = 20.0  # times the usual learning rate: beyond all that the papers use

_NETWORKS: Mapping[str, Catalogue] = {"generator": GENERATORS, "critic": CRITICS, "encoder": ENCODERS}


def option(name: str, value: object) -> str:
    """An option with its value, as it is typed on the command line."""
    text = f"{value:.3g}" if isinstance(value, float) else str(value)
    return f"`--{name.replace('_', '-')} {text}`"


def game(history: History) -> Mapping[str, Any]:
    """The description of the game."""
    return history.recipe.get("game") or {"name": ""}


def network(history: History, role: str) -> Mapping[str, Any]:
    """The description of a network; empty where the game has none of this role."""
    return (history.recipe.get("networks") or {}).get(role) or {}


def network_options(history: History, role: str) -> Mapping[str, Any]:
    """The options that a network has, as set or by default; none for a user's own."""
    name, catalogue = str(network(history, role).get("name")), _NETWORKS[role]
    defaults = options(catalogue[name]) if name in catalogue else {}
    return {key: network(history, role).get(key, option.default) for key, option in defaults.items()}


def divergence(history: History) -> str:
    """The name of the divergence; empty where there is no critic."""
    return str((history.recipe.get("divergence") or {}).get("name", ""))


def gradient_penalties(history: History) -> dict[str, Mapping[str, Any]]:
    """The penalties of the critic's gradient, by their keys."""
    specs = history.recipe.get("penalties") or {}
    return {key: spec for key, spec in specs.items() if penalty_traits(history, key).get("uses_gradient")}


def optimizer(history: History, role: str) -> tuple[str, Mapping[str, Any]]:
    """The key and the description of the optimizer of a network."""
    specs = history.recipe.get("optimizers", {})
    key = next((key for key in specs if role in key.split("+")), role)
    return key, specs.get(key, {"name": optimizers.DEFAULT})


def learning_rate(history: History, role: str) -> tuple[str, float | None]:
    """The option for the learning rate of a network, and its value if the recipe states it."""
    key, spec = optimizer(history, role)
    lr = spec.get("lr")
    return f"optimizers.{key}.lr", float(lr) if isinstance(lr, int | float) else None


def usual_rate(history: History, role: str) -> float:
    """The default learning rate of the optimizer of a network."""
    name = str(optimizer(history, role)[1].get("name"))
    defaults = options(optimizers.OPTIMIZERS[name]) if name in optimizers.OPTIMIZERS else {}
    return float(defaults["lr"].default) if "lr" in defaults else 1e-4


def fast_roles(history: History) -> list[str]:
    """The networks with a learning rate far above the usual one."""
    rates = {role: learning_rate(history, role)[1] or 0.0 for role in history.recipe.get("networks") or {}}
    return [role for role, lr in rates.items() if lr > _FAST * usual_rate(history, role)]


def has_images(history: History) -> bool:
    """Whether samples are images; for a run that does not record it, as far as the generator shows."""
    values = next(iter(history.of("start")), {}).get("values") or {}
    return len(values["shape"]) == 3 if "shape" in values else network(history, "generator").get("name") != "dense"


def lower_rate(history: History, role: str) -> str:
    """The option that lowers the learning rate: to the usual one, if it is far above."""
    if fast := fast_roles(history):
        role = role if role in fast else fast[0]
        is_common = len({learning_rate(history, each)[1] for each in history.recipe["networks"]}) == 1
        return option("lr" if is_common else learning_rate(history, role)[0], usual_rate(history, role))
    name, lr = learning_rate(history, role)
    return option(name, (lr or 1e-4) / 10)


def inert_penalties(history: History) -> dict[str, str]:
    """The penalties without effect on the critic, by their keys: why."""
    specs = history.recipe.get("penalties") or {}
    off = {key: "its weight is 0" for key, spec in specs.items() if spec.get("weight") == 0}
    constant = "its gradient does not reach the critic's weights"
    own = {key: constant for key in specs if not penalty_traits(history, key).get("reaches_critic", True)}
    return own | off


def scaled_penalty(history: History, key: str, factor: float) -> str:
    """The option that multiplies the weight of a penalty."""
    specs = history.recipe["penalties"]
    weight = specs[key].get("weight", 10.0) or 10.0 / factor  # 0 becomes the usual weight
    name = "penalty" if len(specs) == 1 else f"penalties.{key}"
    return option(f"{name}.weight", float(weight) * factor if isinstance(weight, int | float) else 10.0 * factor)


def bounded_gradients(history: History) -> str:
    """The option that lowers the critic's gradient norm."""
    if game_traits(history).get("learns_classes"):  # its critic's scores are classes, which penalties would not bound
        name, lr = learning_rate(history, "critic")
        has_norm = "norm" in network_options(history, "critic")
        return option("critic.norm", "spectral") if has_norm else option(name, (lr or 1e-4) / 10)
    inert = inert_penalties(history)
    if keys := [key for key in gradient_penalties(history) if not inert.get(key, "").endswith("weights")]:
        return scaled_penalty(history, keys[0], 10.0)
    name = penalties.LIPSCHITZ if divergence_traits(history).get("lipschitz") else penalties.FLAT
    if inert:
        return option("penalty", name)
    return option(f"penalties.{name}" if history.recipe.get("penalties") else "penalty", name)


def stronger_critic(history: History, factor: float) -> str:
    """Options by which the critic learns more in a round: its steps, and its learning rate times a factor."""
    count, (name, lr) = game(history).get("n_critic", 1), learning_rate(history, "critic")
    steps = max(5, 2 * count) if isinstance(count, int) else 10  # for a schedule of steps
    parts = [option("n_critic", steps)] if "n_critic" in game_traits(history).get("options", ()) else []
    if lr or not parts:
        parts.append(option(name, factor * (lr or 1e-4)))
    return " or ".join(parts)


def divergence_traits(history: History) -> Traits:
    """The traits of the divergence; empty where there is no critic."""
    spec = history.recipe.get("divergence") or {}
    return _traits(history, "divergence", spec, divergences.DIVERGENCES, lambda build: divergences.traits(build()))


def penalty_traits(history: History, key: str) -> Traits:
    """The traits of a penalty."""
    spec = {option: value for option, value in history.recipe["penalties"][key].items() if value != "auto"}
    return _traits(history, f"penalties.{key}", spec, penalties.PENALTIES, lambda build: penalties.traits(build()))


def distance(history: History, key: str) -> Callable[[float], float] | None:
    """From the gap of a settled critic to the Wasserstein distance, by the formula of a penalty; None without one."""
    read, spec = lambda build: {"distance": getattr(build(), "distance", None)}, history.recipe["penalties"][key]
    return _traits(history, f"penalties.{key}", spec, penalties.PENALTIES, read).get("distance")


def game_traits(history: History) -> Traits:
    """The traits of the game."""
    return _traits(history, "game", game(history), GAMES, lambda build: traits_of_game(build.func))


def optimizer_traits(history: History, role: str) -> Traits:
    """The traits of the optimizer of a network."""
    key, spec = optimizer(history, role)
    weights = [nn.Parameter(torch.zeros(1))]
    read = lambda build: optimizers.traits(build.func, build(weights))  # noqa: E731
    return _traits(history, f"optimizers.{key}", spec, optimizers.OPTIMIZERS, read)


def _traits(history: History, path: str, spec: Mapping[str, Any], catalogue: Catalogue, read: Reader) -> Traits:
    """The traits of a part of a catalogue, by its description; of a user's own, whose code is not run, as recorded."""
    name, keywords = spec.get("name", ""), {key: value for key, value in spec.items() if key != "name"}
    if name not in catalogue:
        recorded = (next(iter(history.of("start")), {}).get("parts") or {}).get(path)
        return recorded if isinstance(recorded, Mapping) else {}
    try:
        return read(partial(catalogue[name], **keywords))
    except (Refusal, TypeError, ValueError):  # an option of another version
        return {}
