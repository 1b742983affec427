"""A trained game, to draw from. Loading executes nothing and touches no data."""

import json
from collections.abc import Iterator, Mapping
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
from ..data.records import KINDS, Labels, Space
from ..data.spaces import SPACES
from .asking import Asked, asked_for
from .casting import build_networks
from .conditions import Conditions, rebuilt
from .parts import Spec, make
from .recipe import check_format

FORMAT = 1
_CHUNK = 64  # samples are always made this many at a time, so that one does not depend on how many were asked for
_TOLD = -3  # place of the conditions that are drawn beside latents
_UNCONDITIONAL = (
    "This model was trained without labels, so none can be asked of it: train a conditional one on data with labels, "
    "with --conditional (in Python, conditional=True)."
)


@dataclass(frozen=True)
class Model:
    """The networks a run leaves behind, with what is needed to use them: `sample(64, seed=1)` draws.

    If `conditions` are known, `sample(64, labels=7)` draws of a label; see `asking.asked_for` for what can be asked.
    """

    networks: nn.ModuleDict
    space: Space
    prior: Prior
    labels: Labels | None = None  # of the data; the networks see them if there are conditions
    conditions: Conditions | None = None
    packed: int = 1  # samples that the critic is shown as one

    def sample(self, count: int, seed: int = 0, labels: Asked | None = None) -> Tensor:
        """Draws from the model, as networks see them: (count, *space.shape).

        Sample i depends on the seed, i and its label alone; its latent on the seed and i. Several labels take turns:
        sample i is of labels[i % N]. Without, labels are drawn as often as the training data have them.
        """
        return torch.cat(list(self.batches(count, seed, labels))) if count > 0 else torch.empty(0, *self.space.shape)

    def batches(self, count: int, seed: int = 0, labels: Asked | None = None) -> Iterator[Tensor]:
        """The same draws a chunk at a time: (at most 64, *space.shape)."""
        return (x for x, _ in self.draws(count, seed, labels))

    @torch.no_grad()
    def draws(self, count: int, seed: int = 0, labels: Asked | None = None) -> Iterator[tuple[Tensor, Tensor | None]]:
        """The same chunks, each with its conditions, (at most 64, labels.size), or None."""
        asked = None if labels is None else self.asked(labels)
        for chunk in range(-(-count // _CHUNK)):
            z, y = self.drawn(_CHUNK, seed, chunk)
            if asked is not None:
                y = asked[(chunk * _CHUNK + torch.arange(_CHUNK)) % len(asked)].to(z.device)
            left = count - chunk * _CHUNK
            yield self.networks["generator"](z, y).float()[:left], None if y is None else y[:left]

    def drawn(self, count: int, *place: int) -> tuple[Tensor, Tensor | None]:
        """What belongs to this place: latents (count, Z), and conditions (count, C) as often as the data have them."""
        device = next(self.networks.parameters()).device
        z = self.prior.draw(count, generator(*place)).to(device)
        if self.conditions is None:
            return z, None
        return z, self.conditions.draw(count, generator(*place, _TOLD)).to(device)

    def asked(self, labels: Asked) -> Tensor:
        """The conditions that are meant: (N, labels.size). Raises Refusal for what this model does not know."""
        if self.conditions is None or self.labels is None:
            raise Refusal(_UNCONDITIONAL)
        return asked_for(labels, self.labels)

    def __repr__(self) -> str:
        told = f"conditional on {self.labels}" if self.conditions else "unconditional"
        return f"Model({' x '.join(map(str, self.space.shape))}, from {self.prior.size} latent numbers, {told})"


def load(folder: str | Path) -> Model:
    """The model of a run folder (or of its `model` folder), ready to `sample`. Raises Refusal if there is none.

    A conditional one can be asked for labels: `load("runs/NAME").sample(64, labels=7)`.
    """
    place = placed(folder)
    config = _config(place)
    try:
        space, prior = make(SPACES, config["space"], "space"), make(PRIORS, config["prior"], "prior")
        labels = _labels(config)
        told = config.get("conditions")
        conditions = None if labels is None or told is None else rebuilt(told, labels)
        width = labels.size if labels is not None and conditions is not None else 0
        packed = int(config.get("packed", 1))
        networks = nn.ModuleDict(build_networks(config["networks"], space, prior, width, packed))
        networks.load_state_dict(load_file(place / "weights.safetensors"))
    except Refusal:
        raise
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
        raise Refusal(f"The model in {place} is damaged or incomplete: {reason}") from None
    return Model(networks.eval().requires_grad_(False), space, prior, labels, conditions, packed)


def describe(networks: dict[str, Spec], prior: Spec, model: Model) -> dict[str, Any]:
    """What `load` reads: the contents of config.json, of a model made of these networks and this prior."""
    labels, conditions = model.labels, model.conditions
    return {
        "format": FORMAT,
        "space": model.space.describe(),
        "prior": prior,
        "networks": networks,
        "labels": None if labels is None else {"kind": labels.kind, "names": list(labels.names)},
        "conditions": None if labels is None or conditions is None else conditions.describe(labels),
        "packed": model.packed,
    }


def labels_of(folder: str | Path) -> Labels:
    """What can be asked of the model in a run folder, without its weights. Raises Refusal if nothing can."""
    config = _config(placed(folder))
    labels = _labels(config)
    if labels is None or config.get("conditions") is None:
        raise Refusal(_UNCONDITIONAL)
    return labels


def placed(folder: str | Path) -> Path:
    """Where the model of a run lies."""
    return Path(folder) / "model" if (Path(folder) / "model").is_dir() else Path(folder)


def _labels(config: Mapping[str, Any]) -> Labels | None:
    known = config.get("labels")
    if known is None:
        return None
    if not isinstance(known, Mapping) or known.get("kind") not in KINDS or not isinstance(known.get("names"), list):
        raise Refusal(f"The labels in a model's config.json are {known!r}: a kind ({', '.join(KINDS)}) and names.")
    return Labels(known["kind"], tuple(map(str, known["names"])))


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
