"""A game: networks, and players that update them in turn."""

from collections.abc import Callable, Iterable, Iterator
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

Turns = int | Callable[[int], int]  # steps per round, or a function of the round
Loss = Callable[[Play], Terms]
Report = Callable[[Play, Terms], Terms]


@dataclass(frozen=True)
class Player:
    """Networks with a common loss and optimizer."""

    name: str
    networks: tuple[str, ...]  # those that it updates
    loss: Loss
    turns: Turns = 1
    constraint: Callable[[nn.Module], None] | None = None  # applied to its networks after each step
    estimate: Callable[[float], float] | None = None  # from its mean divergence term to a distance
    report: Report | None = None  # values to record instead of the terms themselves

    @property
    def optimizer(self) -> str:
        """The key of its optimizer; players with the same networks share one."""
        return "+".join(self.networks)

    def turns_at(self, step: int) -> int:
        """Its steps in round `step`."""
        return self.turns(step) if callable(self.turns) else self.turns


@dataclass(frozen=True)
class Traits:
    """Facts about a game that are needed before its networks are built, and to read its records."""

    critic_input: str = "samples"  # or "pairs" of samples and latents, or "latents"
    encoder_output: str = "latents"  # or "code", a part of the latent
    learns_classes: bool = False  # whether the critic learns classes from labeled samples
    player: str = "generator"  # the critic's opponent; the main player of a game without a critic
    meaning: str = ""  # of the losses in words, where it is not that of the divergence


Builder = Callable[..., "Game"]


def states(traits: Traits) -> Callable[[Builder], Builder]:
    """A decorator that gives a game's builder these traits; a builder without it has the default ones."""

    def stating(builder: Builder) -> Builder:
        vars(builder)["traits"] = traits
        return builder

    return stating


def traits_of(builder: Builder) -> Traits:
    """The traits of the games that a builder makes."""
    return getattr(builder, "traits", Traits())


def traits(builder: Builder) -> dict[str, Any]:
    """The traits as plain values, with the names of the game's options: for the doctor and the records."""
    return asdict(traits_of(builder)) | {"options": list(options(builder))}


@dataclass(frozen=True)
class Game:
    """Networks, a prior and the players in their order."""

    networks: nn.ModuleDict
    players: tuple[Player, ...]  # in the order in which they step
    prior: Prior
    memories: nn.ModuleDict = field(default_factory=nn.ModuleDict)  # stateful terms, saved with the run
    contest: Contest | None = None  # the critic's, for diagnostics; None without a critic

    def parameters(self, player: Player) -> list[nn.Parameter]:
        """The parameters that a player updates."""
        return [p for name in player.networks for p in self._parameters[name]]

    @property
    def varies(self) -> bool:
        """Whether a player has more steps in some rounds than in others."""
        return any(callable(player.turns) for player in self.players)

    def constrain(self, player: Player) -> None:
        """Apply the player's constraint to its networks."""
        if player.constraint:
            for name in player.networks:
                player.constraint(self.networks[name])

    @contextmanager
    def only(self, player: Player) -> Iterator[None]:
        """Freeze all networks but the player's, so that no loss needs `detach`."""
        own = self.parameters(player)
        for parameters in self._parameters.values():
            _require_grad(parameters, False)
        _require_grad(own, True)
        try:
            yield
        finally:
            _require_grad(own, False)

    @cached_property
    def _parameters(self) -> dict[str, list[nn.Parameter]]:
        """By network, listed once: walking the modules of small networks costs as much as a step."""
        return {name: list(network.parameters()) for name, network in self.networks.items()}


def _require_grad(parameters: Iterable[nn.Parameter], required: bool) -> None:
    for parameter in parameters:
        if parameter.requires_grad != required:
            parameter.requires_grad_(required)


def contest_game(contest: Contest, prior: Prior, players: Iterable[Player], **networks: nn.Module) -> Game:
    """The game of a contest, whose stateful parts are saved with the run."""
    parts = {**contest.penalties, "augmentation": contest.augmentation}
    memories = nn.ModuleDict({name: part for name, part in parts.items() if isinstance(part, nn.Module)})
    return Game(nn.ModuleDict(networks), tuple(players), prior, memories, contest)


def summands(*losses: Loss) -> Loss:
    """The sum of several losses: all their terms."""
    return losses[0] if len(losses) == 1 else lambda play: {k: v for loss in losses for k, v in loss(play).items()}
