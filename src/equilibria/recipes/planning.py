"""What is decided before a run: how many rounds a budget allows, how often to report, to save and to diagnose."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..core.errors import Refusal
from ..training.rehearsal import peak_memory, rehearse
from ..training.run import Run
from .options import Budget, Options, read_budget
from .recipe import Recipe
from .watching import diagnosis_seconds, watch_every

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
    rounds = planned(run, options.rounds, budget, recipe.rounds, lambda rounds: costs.seconds(run, 0, rounds))
    seconds, watch = costs.seconds(run, 0, rounds), options.watch
    if watch is None:
        watch = watch_every(rounds, seconds, diagnosis_seconds(run, recipe))
    return Plan(rounds, watch, seconds, peak_memory(run.device))


def prolonged(recipe: Recipe, options: Options, run: Run, step: int, elapsed: float) -> Recipe:
    """The recipe of a run that is at round `step` after so many seconds, with the rounds now requested in all."""
    budget = read_budget(options.budget)
    pace = elapsed / step if step else (budget.seconds or 0.0) / recipe.rounds
    rounds = planned(run, options.rounds, budget, recipe.rounds, lambda rounds: rounds * pace)
    if rounds < step or (budget.seconds is not None and budget.seconds < elapsed):
        raise Refusal(f"{step:,} rounds have been played in {elapsed:.0f} s: rounds and budget are in all, give more.")
    return dataclasses.replace(recipe, rounds=rounds)


def end(recipe: Recipe, options: Options) -> dict[str, Any]:
    """Rounds and seconds in all, whichever comes first, or "when" what; a budget of time alone leaves rounds open."""
    seconds = read_budget(options.budget).seconds
    rounds = None if seconds is not None and options.rounds is None else recipe.rounds
    return {"rounds": rounds, "seconds": seconds} | ({} if options.stop_when is None else {"when": options.stop_when})


def planned(run: Run, requested: int | None, budget: Budget, usual: int, seconds: Callable[[int], float]) -> int:
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
