"""The cost of training: a few moves are timed and undone."""

import sys
import time
from dataclasses import dataclass, field

import torch

from .loop import playing
from .moves import Players
from .run import Run


@dataclass
class Rehearsal:
    """What training costs on this machine."""

    moves: dict[str, float] = field(default_factory=dict)  # mean seconds for one move, by who moves: "critic+generator"
    between: float = 0.0  # mean seconds for what follows the moves of a round
    rounds: int = 0  # that were timed

    def seconds(self, run: Run, since: int, until: int) -> float:
        """The time that rounds `since` to `until` should take."""
        if not any(callable(player.turns) for player in run.game.players):  # every round is like the first
            return (until - since) * self._round(run, since)
        return sum(self._round(run, step) for step in range(since, until))

    def _round(self, run: Run, step: int) -> float:
        """The time that this round should take."""
        return self.between + sum(self.moves[_who(p)] * turns for p, turns in run.rule.order(run.game, step))


def rehearse(run: Run, seconds: float = 0.35, rounds: int = 1 << 62) -> Rehearsal:
    """Play at most so many rounds of one move each, for about this long, then restore the run exactly as it was."""
    costs, end = Rehearsal(), time.perf_counter() + seconds
    with run.restored(), playing(run):
        _time_round(run, Rehearsal())
        while True:
            _time_round(run, costs)
            if time.perf_counter() >= end or costs.rounds >= rounds:
                return costs


def peak_memory(device: torch.device) -> int:
    """The most memory used so far, in bytes: the device's own, or the process's resident set (0 where unknown)."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _time_round(run: Run, costs: Rehearsal) -> None:
    """One move of each player; means rather than best times, since that is how long training will take."""
    costs.rounds += 1
    for players, _ in run.rule.order(run.game, run.step):
        start = _now(run.device)
        run.rule.move(run, players)
        before = costs.moves.get(_who(players), 0.0)
        costs.moves[_who(players)] = before + (_now(run.device) - start - before) / costs.rounds
    start = _now(run.device)
    run.average.update(run.game.networks, run.step)
    costs.between += (_now(run.device) - start - costs.between) / costs.rounds
    run.step += 1


def _who(players: Players) -> str:
    return "+".join(player.name for player in players)


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
