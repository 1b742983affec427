"""Networks, and the players who move them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from torch import nn

from ..core.catalogue import options
from ..core.priors import Prior
from ..core.types import Terms
from .contest import Contest
from .play import Play

Turns = int | Callable[[int], int]  # moves in a round, or a function of the round


@dataclass(frozen=True)
class Player:
    """Moves some networks to lower its loss."""

    name: str
    networks: tuple[str, ...]  # the networks it owns
    loss: Callable[[Play], Terms]
    turns: Turns = 1
    constraint: Callable[[nn.Module], None] | None = None  # imposed on its networks after each move
    estimate: Callable[[float], float] | None = None  # its mean divergence term, read as a distance
    figures: Callable[[Play, Terms], Terms] | None = None  # what is reported of a move, if not the terms themselves

    @property
    def optimizer(self) -> str:
        """The key of its optimizer: players who move the same networks share one."""
        return "+".join(self.networks)

    def turns_at(self, step: int) -> int:
        """Its moves in round `step`."""
        return self.turns(step) if callable(self.turns) else self.turns


@dataclass(frozen=True)
class Traits:
    """What must be known of a game before its networks are built, and by those who read its records."""

    critic_input: str = "samples"  # or "pairs", with their latents, or "latents"
    encoder_output: str = "latents"  # or "code", a part of them
    learns_classes: bool = False  # the critic learns classes, from the labels that are known
    player: str = "generator"  # who moves against the critic; where there is none, who moves at all
    meaning: str = ""  # of the losses in words, where they are not those of the divergence


Builder = Callable[..., "Game"]


def states(traits: Traits) -> Callable[[Builder], Builder]:
    """A decorator of a game's builder: the game has these traits. A builder without it has the usual ones."""

    def stating(builder: Builder) -> Builder:
        vars(builder)["traits"] = traits
        return builder

    return stating


def traits_of(builder: Builder) -> Traits:
    """The traits of the games that a builder makes."""
    return getattr(builder, "traits", Traits())


def traits(builder: Builder) -> dict[str, Any]:
    """The same as plain values, with the names of its options: the doctor reads them; a run records the user's own."""
    return asdict(traits_of(builder)) | {"options": list(options(builder))}


@dataclass(frozen=True)
class Game:
    """Who plays, with what, in which order."""

    networks: nn.ModuleDict
    players: tuple[Player, ...]  # in playing order
    prior: Prior
    memories: nn.ModuleDict = field(default_factory=nn.ModuleDict)  # stateful terms, saved with the run
    contest: Contest | None = None  # what the critic judges, for those who look on; none where nobody competes

    def parameters(self, player: Player) -> list[nn.Parameter]:
        """What a player may move."""
        return [p for name in player.networks for p in self._parameters[name]]

    def constrain(self, player: Player) -> None:
        """Impose the player's constraint on the networks it owns."""
        if player.constraint:
            for name in player.networks:
                player.constraint(self.networks[name])

    @contextmanager
    def only(self, player: Player) -> Iterator[None]:
        """Freeze every network the player does not own: no loss ever needs `detach`."""
        owned = self.parameters(player)
        for parameters in self._parameters.values():
            _set_moving(parameters, False)
        _set_moving(owned, True)
        try:
            yield
        finally:
            _set_moving(owned, False)

    @cached_property
    def _parameters(self) -> dict[str, list[nn.Parameter]]:
        """By network, looked up once: walking the modules of small networks costs as much as playing them."""
        return {name: list(network.parameters()) for name, network in self.networks.items()}


def _set_moving(parameters: Iterable[nn.Parameter], moving: bool) -> None:
    for parameter in parameters:
        if parameter.requires_grad != moving:
            parameter.requires_grad_(moving)


def networks_of(**networks: nn.Module | None) -> nn.ModuleDict:
    """The networks by role, those that there are."""
    return nn.ModuleDict({role: network for role, network in networks.items() if network is not None})


def memories_of(parts: Mapping[str, object]) -> nn.ModuleDict:
    """The parts of a loss that remember something between moves."""
    return nn.ModuleDict({name: part for name, part in parts.items() if isinstance(part, nn.Module)})


def summands(*losses: Callable[[Play], Terms]) -> Callable[[Play], Terms]:
    """One loss made of several: all their terms."""
    return losses[0] if len(losses) == 1 else lambda play: {k: v for loss in losses for k, v in loss(play).items()}
