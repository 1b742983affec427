"""Fine-tuning: a run that starts from the weights of another run, or of a model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ..core.errors import Refusal, as_refusal
from ..core.specs import as_spec
from ..core.text import plural
from ..data.spaces import SPACES
from ..models.hub import download
from ..models.model_folder import (
    CONFIG,
    DAMAGE,
    WEIGHTS,
    model_folder,
    read_config,
    read_weights,
    recipe_file,
    weights_metadata,
)
from ..recipes.parts import SINGLE
from ..recipes.recipe import Recipe, refuse_code
from ..records import checkpoints
from ..records.folder import RunFolder
from ..training.run import Run

_AVERAGE = "networks."  # before the names in the state of an average


@dataclass(frozen=True)
class Source:
    """Weights to start from, by network and tensor: generator.0.weight."""

    folder: Path
    step: int | None  # the round of a run's checkpoint; None for a model
    networks: Mapping[str, Tensor]
    average: Mapping[str, Tensor]

    def recipe(self, changes: Mapping[str, Any]) -> Recipe:
        """The recipe that made the weights, with the parts among these changes in place of its own.

        Raises Refusal where it is not stored, and where it names code.
        """
        if (path := recipe_file(self.folder)) is None:
            raise Refusal(f"{self.folder} has no recipe: name a recipe, as in `equilibria train gan-ns --from ...`.")
        recipe = Recipe.load(path, trust=True)
        recipe = replace(recipe, penalties={} if "penalty" in changes else recipe.penalties)
        others: dict[str, Any] = {
            name: as_spec(part, name) for name, part in changes.items() if name in {*recipe.networks, *SINGLE}
        }
        networks = {role: others.pop(role) for role in recipe.networks if role in others}
        rest = {role: spec for role, spec in recipe.networks.items() if role not in networks}
        nothing: dict[str, Any] = dict.fromkeys(others)
        refuse_code(replace(recipe, networks=rest, **nothing), str(path))
        return replace(recipe, networks=rest | networks, **others)

    def side(self) -> int | None:
        """The side in pixels of the source's images; None for other samples, or where it is not stored."""
        if not (place := model_folder(self.folder) / CONFIG).is_file():
            return None
        with as_refusal(f"The model in {place.parent} is damaged or incomplete", *DAMAGE):
            space = read_config(place.parent)["space"]
            shape = SPACES[space.pop("name")](**space).shape  # not what else it might name
        return int(shape[1]) if len(shape) == 3 and shape[1] == shape[2] else None

    def record(self) -> dict[str, Any]:
        """What the summary of a run keeps of its source."""
        together = {f"{part}.{name}": w for part in ("networks", "average") for name, w in getattr(self, part).items()}
        return {"folder": str(self.folder.absolute()), "step": self.step, **weights_metadata(together)}

    def __str__(self) -> str:
        return f"{self.folder}" if self.step is None else f"{self.folder}, round {self.step:,}"


def load_source(name: str, step: int | None = None) -> Source:
    """The weights of a run, at its newest checkpoint or at round `step`, or of a model, in a folder or on the hub.

    Raises Refusal if there are none, or if they are damaged.
    """
    folder = Path(name)
    if RunFolder(folder).exists():
        checkpoint = checkpoints.newest(folder)[0] if step is None else checkpoints.at(folder, step)
        if checkpoint is not None:
            average = checkpoint.state["average"].items()
            state = checkpoint.state["networks"], {name.removeprefix(_AVERAGE): weight for name, weight in average}
            return Source(folder, checkpoint.step, *state)
    path = model_folder(folder) if folder.exists() else download(name)
    read_config(path)
    with as_refusal(f"The model in {path} is damaged or incomplete", *DAMAGE):
        weights = read_weights(path / WEIGHTS)
    return Source(path, None, weights, weights)


def stored_source(record: Mapping[str, Any]) -> Source:
    """The source that a run's summary records. Raises Refusal if it holds other weights now, or is gone."""
    source = load_source(record["folder"], record["step"])
    if source.record() != record:
        raise Refusal(f"The run started from the weights of {source}, which are others now: start a new run.")
    return source


def take_weights(run: Run, source: Source) -> str:
    """Copy every tensor that fits by its name and shape into a run at round 0; a paragraph about it.

    Averaged weights go into the averages. Raises Refusal if no matrix or kernel fits.
    """
    sentences, maps = list[str](), 0
    for name, network in run.game.networks.items():
        fit, misfit = _copy(network, dict(_of(source.networks, name)))
        if name in run.average.networks:
            _copy(run.average.networks[name], dict(_of(source.average, name)))
        own = dict(network.named_parameters())
        maps += sum(own[parameter].ndim > 1 for parameter in fit)
        missing = f" ({misfit})" if misfit else ""
        sentences.append(
            f"{name} {'all' if len(fit) == len(own) else f'{len(fit)} of'} {plural(len(own), 'tensor')}{missing}"
        )
    if not maps:
        raise Refusal(
            f"No weight of {source} fits this run's networks: {'; '.join(sentences)}. Leave out the recipe and the "
            f"options of its networks, and give the data the same size."
        )
    rest = "Other weights, optimizers and counters start anew."
    return f"Weights from {source}: {'; '.join(sentences)}. {rest}"


def _of(weights: Mapping[str, Tensor], network: str) -> Iterator[tuple[str, Tensor]]:
    return ((k.removeprefix(f"{network}."), w) for k, w in weights.items() if k.startswith(f"{network}."))


def _copy(network: nn.Module, weights: Mapping[str, Tensor]) -> tuple[list[str], str]:
    """Copy what fits; the parameters that fit, and what is wrong with the first of the source that does not."""
    own = network.state_dict()
    fit = {name: weight for name, weight in weights.items() if name in own and own[name].shape == weight.shape}
    network.load_state_dict(own | fit)
    parameters = [name for name, _ in network.named_parameters()]
    misfit = next((name for name in parameters if name in weights and name not in fit), None)
    shapes = (tuple(each[misfit].shape) for each in (weights, own)) if misfit else ()
    words = "{} is {} there and {} here".format(misfit, *shapes) if misfit else ""
    return [name for name in parameters if name in fit], words
