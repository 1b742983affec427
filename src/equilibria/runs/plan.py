"""The plan of a run: rounds, cadence and threads, from a timed rehearsal."""

import dataclasses
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from ..core.errors import Refusal
from ..recipes.options import Budget, Options, read_budget
from ..recipes.recipe import Recipe
from ..training.loop import training_mode
from ..training.run import Run
from ..training.step import Players
from .watch import diagnosis_seconds, watch_every


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
    with run.restored(), training_mode(run):
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


ENDLESS = 1 << 62  # rounds, where the clock decides


@dataclass(frozen=True)
class Plan:
    """How long to train, how often to diagnose, and what a run will take here, as far as a few moves tell."""

    rounds: int
    watch: int  # rounds from one diagnosis to the next, 0 for none
    seconds: float  # for all rounds
    peak: int  # bytes of memory


def plan(run: Run, recipe: Recipe, options: Options) -> Plan:
    """The plan for a run at its start, by a rehearsal that leaves the run as it is."""
    costs = rehearse(run, 1.0, ENDLESS if options.rounds is None else options.rounds // 20)
    budget = read_budget(options.budget)
    rounds = total_rounds(run, options.rounds, budget, recipe.rounds, lambda rounds: costs.seconds(run, 0, rounds))
    seconds, watch = costs.seconds(run, 0, rounds), options.watch
    if watch is None:
        watch = watch_every(rounds, seconds, diagnosis_seconds(run, recipe))
    return Plan(rounds, watch, seconds, peak_memory(run.device))


def prolonged(recipe: Recipe, options: Options, run: Run, step: int, elapsed: float) -> Recipe:
    """The recipe of a run that is at round `step` after so many seconds, with the rounds now requested in all."""
    budget = read_budget(options.budget)
    pace = elapsed / step if step else (budget.seconds or 0.0) / recipe.rounds
    rounds = total_rounds(run, options.rounds, budget, recipe.rounds, lambda rounds: rounds * pace)
    if rounds < step or (budget.seconds is not None and budget.seconds < elapsed):
        raise Refusal(f"{step:,} rounds have been played in {elapsed:.0f} s: rounds and budget are in all, give more.")
    return dataclasses.replace(recipe, rounds=rounds)


def end(recipe: Recipe, options: Options) -> dict[str, Any]:
    """Rounds and seconds in all, whichever comes first, or "when" what; a budget of time alone leaves rounds open."""
    seconds = read_budget(options.budget).seconds
    rounds = None if seconds is not None and options.rounds is None else recipe.rounds
    return {"rounds": rounds, "seconds": seconds} | ({} if options.stop_when is None else {"when": options.stop_when})


def total_rounds(run: Run, requested: int | None, budget: Budget, usual: int, seconds: Callable[[int], float]) -> int:
    """The rounds in all: those requested or those of the images, whichever is fewer; the usual ones if neither.

    `seconds` is how long so many rounds take: it turns a time into rounds where none are requested. Whatever the
    rounds, the clock stops training at its time.
    """
    affordable = []
    if budget.images is not None:
        affordable.append(rounds_for(run, budget.images))
    if (limit := budget.seconds) is not None and requested is None:
        affordable.append(_most(lambda rounds: seconds(rounds) <= limit))
    if requested is not None or not affordable:
        affordable.append(usual if requested is None else requested)
    return min(affordable)


def rounds_for(run: Run, images: int) -> int:
    """The first round after which at least so many real images were shown to the critic."""
    rounds = shown = 0
    while shown < images:
        shown += max(run.images_at(rounds), 1)
        rounds += 1
    return rounds


def report_every(rounds: int) -> int:
    """Rounds between reports: a hundredth of all, at most a hundred."""
    return max(1, min(100, rounds // 100))


def save_every(rounds: int) -> int:
    """Rounds between milestones: a twentieth of all."""
    return max(1, rounds // 20)


def _most(affordable: Callable[[int], bool]) -> int:
    """The most rounds that are affordable, but one at least."""
    above = 1
    while affordable(above) and above < ENDLESS:
        above *= 2
    below = above // 2
    while above - below > 1:
        middle = (above + below) // 2
        below, above = (middle, above) if affordable(middle) else (below, middle)
    return max(below, 1)
