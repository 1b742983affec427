"""The plan of a run: its rounds, and how often to diagnose, from some timed rounds."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from ..core.errors import Refusal
from ..data import Data
from ..recipes.build import assemble
from ..recipes.options import Budget, Options, read_budget
from ..recipes.recipe import Recipe
from ..records.events import ENDLESS
from ..training.hardware import Hardware, apply_hardware, choose_hardware, choose_precision, choose_threads, cores
from ..training.loop import training_mode
from ..training.run import Run
from ..training.step import Players
from .watch import diagnosis_seconds, watch_every

_MOST = 10_000_000  # rounds that are counted one by one


@dataclass(frozen=True)
class Plan:
    """How long to train, how often to diagnose, and the estimated costs."""

    rounds: int
    watch: int  # rounds between diagnostics, 0 for none
    seconds: float  # of all rounds
    peak: int  # bytes of memory


def plan(run: Run, recipe: Recipe, options: Options) -> Plan:
    """The plan for a run at round 0; timing leaves the run unchanged."""
    costs = rehearse(run, 1.0, ENDLESS if options.rounds is None else options.rounds // 20)
    budget = read_budget(options.budget)
    rounds = total_rounds(run, options.rounds, budget, recipe.rounds, lambda rounds: costs.seconds(run, 0, rounds))
    seconds, watch = costs.seconds(run, 0, rounds), options.watch
    if watch is None:
        watch = watch_every(rounds, seconds, diagnosis_seconds(run, recipe))
    return Plan(rounds, watch, seconds, peak_memory(run.device))


def build_timed(recipe: Recipe, data: Data, options: Options) -> tuple[Run, Hardware]:
    """The run at round 0 and the hardware settings; threads and precision are timed on that run. Raises Refusal."""
    if (options.threads or 1) > max(most := cores(), 2):  # so that a run of two threads is the same on any machine
        raise Refusal(f"threads is {options.threads}, and {most} can run at a time here: give --threads {most}.")
    hardware = choose_hardware(options.device, options.threads, options.matmul, options.precision)
    with apply_hardware(hardware):
        run = assemble(recipe, data, hardware.device, hardware.precision, options.allow_coupled_critic)
        if options.threads is None:
            hardware = choose_threads(hardware, lambda: rehearse(run).seconds(run, 0, 1))
        if options.precision == "auto" and _takes_bf16(recipe, data, options):
            torch.set_num_threads(hardware.threads)
            seconds = lambda name: rehearse(replace(run, precision=name)).seconds(run, 0, 1)  # noqa: E731
            hardware = choose_precision(hardware, seconds)
            run.precision = hardware.precision
    return run, hardware


def _takes_bf16(recipe: Recipe, data: Data, options: Options) -> bool:
    """Whether rounding to bf16 was measured to pay: for images in games of generator and critic, in a set time."""
    in_time = read_budget(options.budget).seconds is not None
    return in_time and set(recipe.networks) == {"generator", "critic"} and len(data.space.shape) == 3


def follow_clock(run: Run, recipe: Recipe, limits: dict[str, Any], elapsed: float) -> None:
    """Let the schedules of learning rates end when the run does, by its pace so far, after `elapsed` seconds.

    The pace is part of the run's state, so a run that is resumed keeps it until the next call.
    """
    if run.schedules and run.step and elapsed < (limits["seconds"] or 0.0):
        rounds = (limits["seconds"] - elapsed) * run.step / elapsed
        run.set_pace(recipe.rounds, min(rounds, (limits["rounds"] or ENDLESS) - run.step))


def prolonged(recipe: Recipe, options: Options, run: Run, step: int, elapsed: float) -> Recipe:
    """The recipe with another total of rounds, for a run at round `step` after `elapsed` seconds.

    Raises Refusal for less than has been trained.
    """
    budget = read_budget(options.budget)
    pace = elapsed / step if step else (budget.seconds or 0.0) / recipe.rounds
    rounds = total_rounds(run, options.rounds, budget, recipe.rounds, lambda rounds: rounds * pace)
    if rounds < step or (budget.seconds is not None and budget.seconds < elapsed):
        raise Refusal(f"The run has {step:,} rounds in {elapsed:.0f} s: rounds and budget are totals and must be more.")
    return replace(recipe, rounds=rounds)


def end(recipe: Recipe, options: Options) -> dict[str, Any]:
    """Total rounds and seconds, whichever comes first (None: no limit), and `when` to stop before."""
    seconds = read_budget(options.budget).seconds
    rounds = None if seconds is not None and options.rounds is None else recipe.rounds
    return {"rounds": rounds, "seconds": seconds} | ({} if options.stop_when is None else {"when": options.stop_when})


def total_rounds(run: Run, requested: int | None, budget: Budget, default: int, seconds: Callable[[int], float]) -> int:
    """The smallest number of rounds among those requested and those that the budget allows; `default` without either.

    `seconds` estimates the time of that many rounds. It limits the rounds only if none are requested: the clock stops
    the training anyway.
    """
    limits = []
    if budget.images is not None:
        limits.append(rounds_for(run, budget.images))
    if (limit := budget.seconds) is not None and requested is None:
        limits.append(_most(lambda rounds: seconds(rounds) <= limit))
    if requested is not None or not limits:
        limits.append(default if requested is None else requested)
    return min(limits)


def rounds_for(run: Run, images: int) -> int:
    """The first round after which the critic has received this many real images."""
    if not run.game.varies:
        return -(-images // max(run.images_at(0), 1))
    rounds = total = 0
    while total < images:
        if rounds == _MOST:
            raise Refusal(f"budget is {images:,} images, which takes more than {_MOST:,} rounds: give --rounds.")
        total += max(run.images_at(rounds), 1)
        rounds += 1
    return rounds


def report_every(rounds: int) -> int:
    """Rounds between reports: a hundredth of all, at most a hundred."""
    return max(1, min(100, rounds // 100))


def save_every(rounds: int) -> int:
    """Rounds between milestones: a twentieth of all."""
    return max(1, rounds // 20)


def _most(affordable: Callable[[int], bool]) -> int:
    """The most rounds that are affordable, at least 1, by bisection."""
    above = 1
    while affordable(above) and above < ENDLESS:
        above *= 2
    below = above // 2
    while above - below > 1:
        middle = (above + below) // 2
        below, above = (middle, above) if affordable(middle) else (below, middle)
    return max(below, 1)


@dataclass
class Rehearsal:
    """Measured costs of training on this machine."""

    steps: dict[str, float] = field(default_factory=dict)  # mean seconds per step, by players: "critic+generator"
    between: float = 0.0  # mean seconds of the rest of a round
    rounds: int = 0  # timed

    def seconds(self, run: Run, since: int, until: int) -> float:
        """The estimated time of rounds `since` to `until`."""
        if not run.game.varies:
            return (until - since) * self._round(run, since)
        return sum(self._round(run, step) for step in range(since, until))

    def _round(self, run: Run, step: int) -> float:
        return self.between + sum(self.steps[_names(p)] * turns for p, turns in run.rule.order(run.game, step))


def rehearse(run: Run, seconds: float = 0.35, rounds: int = ENDLESS) -> Rehearsal:
    """Time rounds of one step per player, for about this long or this many rounds, then restore the run exactly."""
    costs, end = Rehearsal(), time.perf_counter() + seconds
    with run.restored(), training_mode(run):
        _time_round(run, Rehearsal())
        while True:
            _time_round(run, costs)
            if time.perf_counter() >= end or costs.rounds >= rounds:
                return costs


def _time_round(run: Run, costs: Rehearsal) -> None:
    """One step of each player; means, not best times, since they add up to the training time."""
    costs.rounds += 1
    for players, _ in run.rule.order(run.game, run.step):
        start = _now(run.device)
        run.rule.move(run, players)
        mean = costs.steps.get(_names(players), 0.0)
        costs.steps[_names(players)] = mean + (_now(run.device) - start - mean) / costs.rounds
    start = _now(run.device)
    run.average.update(run.game.networks, run.step)
    costs.between += (_now(run.device) - start - costs.between) / costs.rounds
    run.step += 1


def _names(players: Players) -> str:
    return "+".join(player.name for player in players)


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def peak_memory(device: torch.device) -> int:
    """Peak memory so far in bytes: the device's, or the resident set of the process (0 if unknown)."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
