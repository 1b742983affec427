"""The state of a training: networks, their averages, optimizers, running means, counters."""

import base64
import copy
import html
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ..core.distributed import world_size
from ..core.errors import Refusal
from ..core.types import Terms
from ..data.batches import Stream
from ..games.game import Game, Player
from ..records.history import read_history
from .optimizers import Schedule
from .update_rules import Rule, alternating

_MANY = 100_000_000  # rounds


class Average(nn.Module):
    """Exponential moving average of networks, over a half-life in rounds, at most a share of the rounds so far.

    A longer half-life would remember the initial weights.
    """

    def __init__(self, networks: nn.ModuleDict, halflife: float = 1000.0, share: float = 0.05):
        super().__init__()
        self.networks = copy.deepcopy(networks).requires_grad_(False).eval()
        self.halflife, self.share = halflife, share

    @torch.no_grad()
    def update(self, networks: nn.ModuleDict, step: int) -> None:
        """Average in the networks after round `step` (counted from 0)."""
        halflife = min(self.halflife, self.share * step)
        share = 1 - 0.5 ** (1 / halflife) if halflife > 0 else 1.0
        current = [networks[name] for name in self.networks]
        parameters: list[Tensor] = [p for network in current for p in network.parameters()]
        torch._foreach_lerp_(list[Tensor](self.networks.parameters()), parameters, share)
        buffers = [b for network in current for b in network.buffers()]
        for average, buffer in zip(self.networks.buffers(), buffers, strict=True):
            average.copy_(buffer)


class RunningMeans:
    """Means of the terms of each player's loss. Only `read` makes the host wait for the device."""

    def __init__(self) -> None:
        self.names: dict[str, tuple[str, ...]] = {}
        self.sums: dict[str, Tensor] = {}  # by player, (terms,)
        self.counts: dict[str, int] = {}

    def add(self, player: str, terms: Terms) -> None:
        """Add one move's terms, each ()."""
        values = torch.stack([term.detach() for term in terms.values()])
        if player in self.sums:
            self.sums[player].add_(values)
        else:
            self.names[player], self.sums[player] = tuple(terms), values
        self.counts[player] = self.counts.get(player, 0) + 1

    def read(self) -> dict[str, dict[str, float]]:
        """The means since the last call, by player and term."""
        means = {
            player: dict(zip(self.names[player], (total / self.counts[player]).tolist(), strict=True))
            for player, total in self.sums.items()
        }
        self.sums, self.counts = {}, {}
        return means

    def state_dict(self) -> dict[str, object]:
        return {"names": {p: list(n) for p, n in self.names.items()}, "sums": dict(self.sums), "counts": self.counts}

    def load_state_dict(self, state: dict[str, dict[str, object]]) -> None:
        self.names = {player: tuple(names) for player, names in state["names"].items()}  # type: ignore[arg-type]
        self.sums, self.counts = dict(state["sums"]), dict(state["counts"])  # type: ignore[arg-type]


@dataclass(repr=False)
class Run:
    """The state of a training, which `run_rounds` changes. A trained one can stand for its folder: `eq.load(run)`."""

    game: Game
    stream: Stream
    optimizers: dict[str, Optimizer]  # by Player.optimizer
    average: Average
    schedules: dict[str, Schedule] = field(default_factory=dict)  # of the learning rate, by optimizer
    precision: str = "fp32"
    seed: int = 0
    rule: Rule = field(default_factory=alternating)  # how a round is computed
    step: int = 0  # finished rounds
    draws: int = 0  # drawn batches
    pace: tuple[int, float, float] = (0, 0.0, 1.0)  # a round, the place of schedules there, and their steps per round
    stop: str | None = None  # why training ends after this round
    statistics: RunningMeans = field(default_factory=RunningMeans)
    folder: Path | None = None  # of its records
    to_model: Callable[["Run"], Any] | None = None  # from its averaged networks to a model, which is of a higher floor

    def __post_init__(self) -> None:
        self.rates = {key: [g["lr"] for g in o.param_groups] for key, o in self.optimizers.items()}

    @property
    def device(self) -> torch.device:
        return self.stream.data.x.device

    @property
    def model(self) -> Any:
        """The averaged networks as they are now, as a model. Raises Refusal for a run that was only built."""
        if self.to_model is None:
            raise Refusal("This run was built, not trained, and has no model: eq.train gives a run that has one.")
        return self.to_model(self)

    @property
    def history(self) -> list[dict[str, float]]:
        """A row per report, with metrics where they were measured: `pandas.DataFrame(run.history)`."""
        return read_history(Path(self)).rows()

    def __fspath__(self) -> str:
        if self.folder is None:
            raise Refusal("This run is not recorded in a folder: eq.train records one.")
        return str(self.folder)

    def __repr__(self) -> str:
        place = "" if self.folder is None else f"{self.folder}, "
        return f"Run({place}round {self.step:,}, {' and '.join(self.game.networks)})"

    def _repr_png_(self) -> bytes | None:
        """The newest sample grid, for notebooks."""
        grids = [] if self.folder is None else read_history(self.folder).sample_grids()
        return grids[-1][1].read_bytes() if grids else None

    def _repr_html_(self) -> str:
        """What the run is and its newest sample grid, for notebooks."""
        picture = base64.b64encode(self._repr_png_() or b"").decode()
        image = f'<img alt="samples" src="data:image/png;base64,{picture}">' if picture else ""
        return f"<p>{html.escape(repr(self))}</p>{image}"

    def images_at(self, step: int) -> int:
        """Real samples that the critic gets in round `step`; without a critic, the player with the most turns."""
        order = self.rule.order(self.game, step)
        critics = [turns for players, turns in order if any("critic" in player.networks for player in players)]
        turns = max(critics or [turns for _, turns in order], default=0)
        return self.stream.size * world_size() * self.rule.draws * turns

    def images_between(self, start: int, stop: int) -> int:
        """Real samples that the critic gets in the rounds from `start` to before `stop`."""
        if not self.game.varies or stop - start > _MANY:  # no run has so many: a stored number may claim it
            return (stop - start) * self.images_at(stop)
        return sum(self.images_at(step) for step in range(start, stop))

    @property
    def place(self) -> float:
        """Where the schedules of the learning rates are: the round, unless a clock sets their pace."""
        step, place, advance = self.pace
        return place + (self.step - step) * advance

    def set_pace(self, end: int, rounds: float) -> None:
        """Let the schedules, without a jump, come to `end` after so many more rounds."""
        self.pace = self.step, self.place, max(end - self.place, 0.0) / max(rounds, 1.0)

    def optimizer(self, player: Player) -> Optimizer:
        """This player's optimizer, at this round's learning rate."""
        optimizer = self.optimizers[player.optimizer]
        if player.optimizer in self.schedules:
            share = self.schedules[player.optimizer](round(self.place))
            for group, rate in zip(optimizer.param_groups, self.rates[player.optimizer], strict=True):
                group["lr"] = rate * share
        return optimizer

    def autocast(self) -> AbstractContextManager[Any]:
        """A context with bf16 networks if `precision` is bf16; scores and penalties stay fp32."""
        return nullcontext() if self.precision == "fp32" else torch.autocast(self.device.type, torch.bfloat16)

    def state_dict(self) -> dict[str, Any]:
        """Everything that the rest of the training depends on."""
        return {
            "networks": self.game.networks.state_dict(),
            "memories": self.game.memories.state_dict(),
            "average": self.average.state_dict(),
            "optimizers": {key: o.state_dict() for key, o in self.optimizers.items()},
            "statistics": self.statistics.state_dict(),
            "step": self.step,
            "draws": self.draws,
            "pace": list(self.pace),
        }

    @contextmanager
    def restored(self) -> Iterator[None]:
        """A context after which the run is as before, bit for bit."""
        networks = self.game.networks, self.game.memories, self.average
        modes = {module: module.training for each in networks for module in each.modules()}
        trainable = {parameter: parameter.requires_grad for each in networks for parameter in each.parameters()}
        before = copy.deepcopy(self.state_dict())
        try:
            yield
        finally:
            self.load_state_dict(before)
            for module, training in modes.items():
                module.training = training
            for parameter, requires_grad in trainable.items():
                parameter.requires_grad_(requires_grad).grad = None

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a state of `state_dict`. Raises an error for one that does not fit."""
        self.game.networks.load_state_dict(state["networks"])
        self.game.memories.load_state_dict(state["memories"])
        self.average.load_state_dict(state["average"])
        for key, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][key])
            for parameter, memory in optimizer.state.items():
                if any(m.numel() > 1 and m.shape != parameter.shape for m in memory.values() if isinstance(m, Tensor)):
                    raise ValueError(f"the optimizer state of {key} has other shapes than its parameters")
        self.statistics.load_state_dict(state["statistics"])
        self.step, self.draws = state["step"], state["draws"]
        step, place, advance = state.get("pace", (0, 0.0, 1.0))  # states of earlier versions have none
        self.pace = int(step), float(place), float(advance)
