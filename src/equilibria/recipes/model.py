"""A trained game, to draw from. Loading executes nothing and touches no data."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ..core.errors import Refusal
from ..core.priors import PRIORS, Prior
from ..core.randomness import generator
from ..data.records import Labels, Space
from ..data.spaces import SPACES
from .build import build_networks
from .parts import Spec, make
from .recipe import check_format

FORMAT = 1
_CHUNK = 64  # samples are always made this many at a time, so that one does not depend on how many were asked for


@dataclass(frozen=True)
class Model:
    """The networks a run leaves behind, with what is needed to use them."""

    networks: nn.ModuleDict
    space: Space
    prior: Prior
    labels: Labels | None = None

    def sample(self, count: int, seed: int = 0) -> Tensor:
        """Draws from the model, as networks see them: (count, *space.shape). Sample i depends on seed and i alone."""
        return torch.cat(list(self.batches(count, seed))) if count > 0 else torch.empty(0, *self.space.shape)

    @torch.no_grad()
    def batches(self, count: int, seed: int = 0) -> Iterator[Tensor]:
        """The same draws a chunk at a time: (at most 64, *space.shape)."""
        device = next(self.networks.parameters()).device
        for chunk in range(-(-count // _CHUNK)):
            z = self.prior.draw(_CHUNK, generator(seed, chunk)).to(device)
            yield self.networks["generator"](z).float()[: count - chunk * _CHUNK]


def load(folder: str | Path) -> Model:
    """The model of a run folder (or of its `model` folder). Raises Refusal if there is none that can be read."""
    folder = Path(folder)
    place = folder / "model" if (folder / "model").is_dir() else folder
    config = _config(place)
    try:
        space, prior = make(SPACES, config["space"], "space"), make(PRIORS, config["prior"], "prior")
        networks = nn.ModuleDict(build_networks(config["networks"], space, prior))
        networks.load_state_dict(load_file(place / "weights.safetensors"))
    except (OSError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
        raise Refusal(f"The model in {place} is damaged or incomplete: {reason}") from None
    labels = config.get("labels")
    return Model(
        networks.eval().requires_grad_(False),
        space,
        prior,
        None if labels is None else Labels(labels["kind"], tuple(labels["names"])),
    )


def describe(networks: dict[str, Spec], space: Space, prior: Spec, labels: Labels | None) -> dict[str, Any]:
    """What `load` reads: the contents of config.json."""
    known = None if labels is None else {"kind": labels.kind, "names": list(labels.names)}
    return {"format": FORMAT, "space": space.describe(), "prior": prior, "networks": networks, "labels": known}


def _config(place: Path) -> dict[str, Any]:
    try:
        config = json.loads((place / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refusal(f"There is no model in {place}: give the folder of a run, such as runs/NAME.") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Refusal(f"{place / 'config.json'} cannot be read: {error}.") from None
    check_format(config, FORMAT, str(place / "config.json"))
    for spec in (config.get("space", {}), config.get("prior", {}), *config.get("networks", {}).values()):
        if ":" in str(spec.get("name", "")):
            raise Refusal(
                f"The model in {place} was made with code of its author's own ({spec['name']!r}), which a stored file "
                f"may not name: build that network yourself and load weights.safetensors into it."
            )
    return config
