"""Observers of a run: event log, reporter, checkpointer, clock, and the check for NaN."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from ..core.errors import Failure
from ..core.text import say
from ..evaluation.metrics.base import Measurement
from ..records import checkpoints
from ..records.checkpoints import Checkpoint
from ..records.folder import RunFolder
from ..terms.penalties import FLAT
from ..training.loop import Observer
from ..training.run import Run


class Display(Protocol):
    """Where the texts and events of a session go."""

    def say(self, text: str) -> None:
        """Show a text: the opening paragraph, a remark, the last words."""

    def show(self, event: dict[str, Any]) -> None:
        """Show an event as it is written; a `start` also if a run is resumed."""


class Lines:
    """Prints a line per report, for Python sessions and files."""

    def __init__(self, write: Callable[[str], Any] = say):
        self.say, self._samples = write, "images"

    def show(self, event: dict[str, Any]) -> None:
        if event["kind"] == "start":
            self._samples = "points" if len(event["values"]["shape"]) == 1 else "images"
        if event["kind"] == "report":
            estimate = "" if event["estimate"] is None else f"  estimate >= {event['estimate']:.4g}"
            samples = f"{event['images']:,} {self._samples}"
            self.say(f"round {event['step']:,}  {event['elapsed']:.0f} s  {samples}{estimate}")


class NonFinite(Failure):
    """A term or a weight became infinite or NaN: more training would not repair it."""


def examine(run: Run, since: int) -> None:
    """Raise NonFinite if a weight, a state of an optimizer or the mean of a term is not finite.

    Waits for the device once. Where Adam's second moments overflow, weights no longer move, and stay finite.
    """
    names, tensors = zip(*_terms(run), *_weights(run), *_moments(run), strict=True)
    tensors = tuple(tensor.detach().float() for tensor in tensors)
    if torch.stack(torch._foreach_norm(tensors)).isfinite().all():  # the one host read; 25 times faster than the next
        return
    infinite = ~torch.stack(torch._foreach_norm(tensors, float("inf"))).isfinite()
    if not infinite.any():  # only the squares overflowed
        return
    name = next(name for name, bad in zip(names, infinite.tolist(), strict=True) if bad)
    rates = sorted({f"{group['lr']:g}" for o in run.optimizers.values() for group in o.param_groups})
    has_penalty = run.game.contest is not None and bool(run.game.contest.penalties)
    penalty = f"a gradient penalty on the critic (--penalty {FLAT})"
    penalty = "a larger weight of the critic's penalty" if has_penalty else penalty
    advice = [f"a usual --lr, such as 1e-4 (now {', '.join(rates)})"]
    advice += ["--precision fp32"] if run.precision != "fp32" else [penalty] if run.game.contest is not None else []
    raise NonFinite(f"{name} is no longer finite, between rounds {since} and {run.step}. Try {' and '.join(advice)}.")


def _terms(run: Run) -> list[tuple[str, Tensor]]:
    return [
        (f"The {player}'s term {name!r}", value)
        for player, sums in run.statistics.sums.items()
        for name, value in zip(run.statistics.names[player], sums.unbind(), strict=True)
    ]


def _weights(run: Run) -> list[tuple[str, Tensor]]:
    """Every weight and buffer of floating point."""
    modules = [*run.game.networks.items(), *run.game.memories.items()]
    averages = [(f"averaged {network}", module) for network, module in run.average.networks.items()]
    return [
        (f"A weight of the {network} ({name})", tensor)
        for network, module in [*modules, *averages]
        for name, tensor in module.state_dict().items()
        if isinstance(tensor, Tensor) and tensor.is_floating_point() and tensor.numel()
    ]


def _moments(run: Run) -> list[tuple[str, Tensor]]:
    """What each optimizer remembers of past gradients, such as Adam's moments."""
    return [
        (f"The {key}'s optimizer state ({name})", value)
        for key, optimizer in run.optimizers.items()
        for state in optimizer.state.values()
        for name, value in state.items()
        if isinstance(value, Tensor) and value.is_floating_point() and value.numel() > 1
    ]


_SAFE_SECONDS = 300.0  # of training that a killed process loses, at most


class EventLog:
    """Records events with their round and the seconds of training in all sessions."""

    def __init__(self, folder: RunFolder, show: Callable[[dict[str, Any]], None], elapsed: float = 0.0):
        self.folder, self.show = folder, show
        self._last = time.monotonic()  # the end of the last round
        self._since = self._last - elapsed

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._since

    def tick(self) -> None:
        """Note that a round has ended."""
        self._last = time.monotonic()

    def skip_pause(self) -> None:
        """Do not count the time since the last round: the process was stopped, and goes on."""
        now = time.monotonic()
        self._since, self._last = self._since + now - self._last, now

    def record(self, run: Run, kind: str, **fields: Any) -> None:
        """Write one event and show it."""
        event = {"kind": kind, "step": run.step, "elapsed": round(self.elapsed, 3), **fields}
        self.folder.append(event)
        self.show(event)


@dataclass(frozen=True)
class Snapshot:
    """A run at one round: a sample grid, metrics, and the model."""

    grid: bytes  # a PNG
    metrics: dict[str, float]  # the first one selects the best round; lower is better
    count: int  # samples measured
    model: dict[str, bytes]  # files of the model folder


class Reporter:
    """Records the means of all terms since the last report; stops a run that is no longer finite."""

    def __init__(self, log: EventLog, every: int, run: Run):
        self.log, self.every = log, every
        self.since = run.step - run.step % every if run.statistics.counts else run.step
        self._counted, self._images = 0, 0

    def examine(self, run: Run) -> None:
        """Raise NonFinite if a term or a weight is no longer finite."""
        examine(run, self.since)

    def __call__(self, run: Run) -> None:
        self.examine(run)
        terms = run.statistics.read()
        self.log.record(
            run,
            "report",
            since=self.since,
            images=self.images(run),
            terms=terms,
            estimate=_estimate(run, terms),
            rates={name: optimizer.param_groups[0]["lr"] for name, optimizer in run.optimizers.items()},
        )
        self.since = run.step

    def images(self, run: Run) -> int:
        """Real images that the critic has received so far."""
        self._images += run.images_between(self._counted, run.step)
        self._counted = run.step
        return self._images


class Checkpointer:
    """Writes checkpoints, sample grids and the model."""

    def __init__(
        self,
        report: Reporter,
        snapshot: Callable[[Run], Snapshot],
        since: Checkpoint | None = None,
        levels: Callable[[], Mapping[str, Measurement]] = dict,
        every: int = 1,
    ):
        self.log, self.examine, self.snapshot = report.log, report.examine, snapshot
        self.every = every  # rounds between milestones
        self.levels = levels  # of real samples: the mean of a metric, and its std
        self.best, self.last_milestone = (None, -1) if since is None else (since.best, since.milestone)
        self._saved = time.monotonic()

    def milestone(self, run: Run) -> None:
        """Write a sample grid, metrics, the model and a checkpoint, once per round."""
        if self.last_milestone == run.step:
            return
        self.examine(run)
        snapshot, folder = self.snapshot(run), self.log.folder
        folder.write(grid := f"samples/{run.step:06d}.png", snapshot.grid)
        self.log.record(run, "sample", file=grid)
        metric = next(iter(snapshot.metrics.items()))
        real = {name: level.value for name, level in self.levels().items()}
        measured = {"metrics": snapshot.metrics, "split": "held_out", "count": snapshot.count, "real": real}
        self.log.record(run, "measure", **measured, change=self.change(*metric))
        better = self.choose(run.step, *metric)
        self.publish(snapshot.model)
        if not is_kept(self.last_milestone, self.every):
            (folder / f"samples/{self.last_milestone:06d}.png").unlink(missing_ok=True)
        self.last_milestone = run.step
        self.log.record(run, "checkpoint", file=checkpoints.file_name(run.step), best=better)
        self.save(run)

    def choose(self, step: int, name: str, value: float) -> bool:
        """Whether this round is the best so far: the newest whose metric is within chance of the lowest.

        The one-standard-error rule (Breiman et al. 1984): differences by chance do not favor earlier rounds.
        """
        lowest = value if self._lowest is None else self._lowest
        if self.best is not None and not value <= lowest and not value <= lowest + self._chance(name):
            return False
        self.best = {"step": step, "value": value, "lowest": min(lowest, value)}
        return True

    def change(self, name: str, value: float) -> str:
        """The value against the lowest so far: first, better, unchanged (within chance) or worse."""
        if self._lowest is None:
            return "first"
        chance = self._chance(name)
        return "better" if value < self._lowest - chance else "unchanged" if value <= self._lowest + chance else "worse"

    def _chance(self, name: str) -> float:
        """The std of a metric by chance alone."""
        return self.levels().get(name, Measurement(0.0)).error or 0.0

    @property
    def _lowest(self) -> float | None:
        return None if self.best is None else self.best.get("lowest", self.best["value"])

    def save(self, run: Run) -> None:
        """Write a checkpoint; events do not depend on it."""
        self.examine(run)
        folder = self.log.folder
        state, length = run.state_dict(), folder.sync()
        checkpoints.save(folder, Checkpoint(state, length, self.log.elapsed, self.best, self.last_milestone))
        self._saved = time.monotonic()

    def save_between(self, run: Run) -> None:
        """Write a checkpoint and the model between two milestones."""
        if self.last_milestone != run.step:
            self.save(run)
            self.publish(self.snapshot(run).model)

    def publish(self, files: Mapping[str, bytes]) -> None:
        """Replace the files of the model."""
        for name, content in files.items():
            self.log.folder.write(f"model/{name}", content)

    def save_if_old(self, run: Run) -> None:
        """Write a checkpoint if the last one is minutes old."""
        if time.monotonic() - self._saved > _SAFE_SECONDS:
            self.save(run)


_GRIDS = 32  # sample grids that are all kept, and half as many in each doubling of the rounds after them


def is_kept(step: int, every: int) -> bool:
    """Whether the sample grid of a round is kept besides the newest: all early ones, fewer later, some 200 in all."""
    place, between = divmod(step, every)
    return between != 0 or place % (1 << (max(place - 1, 0) // _GRIDS).bit_length()) == 0


def every(rounds: int, observer: Observer) -> Observer:
    """The observer, called every `rounds` rounds."""

    def observe(run: Run) -> None:
        if run.step % rounds == 0:
            observer(run)

    return observe


def clock(log: EventLog, seconds: float) -> Observer:
    """An observer that stops the run after this time of training in all sessions."""

    def observe(run: Run) -> None:
        if run.stop is None and log.elapsed >= seconds:
            run.stop = "budget"

    return observe


def _estimate(run: Run, terms: dict[str, dict[str, float]]) -> float | None:
    """The estimated divergence of data and samples, by the first player that has one."""
    for player in run.game.players:
        if player.estimate is not None and "divergence" in terms.get(player.name, {}):
            return player.estimate(terms[player.name]["divergence"])
    return None
