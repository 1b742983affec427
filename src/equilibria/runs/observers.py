"""Observers of a run: event log, reporter, checkpointer, clock, check for NaN."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from ..core.errors import Failure
from ..records import checkpoints
from ..records.checkpoints import Checkpoint
from ..records.folder import RunFolder
from ..training.loop import Observer
from ..training.run import Run


class Display(Protocol):
    """Text for people, events for figures."""

    def say(self, text: str) -> None:
        """The opening paragraph, remarks, how to go on."""

    def show(self, event: dict[str, Any]) -> None:
        """Every event as it is written; a `start` also when a run is resumed."""


class Lines:
    """A line a report, for Python sessions and files."""

    def say(self, text: str) -> None:
        print(text, flush=True)

    def show(self, event: dict[str, Any]) -> None:
        if event["kind"] == "report":
            estimate = "" if event["estimate"] is None else f"  estimate at least {event['estimate']:.4g}"
            print(
                f"round {event['step']:,}  {event['elapsed']:.0f} s  {event['images']:,} images{estimate}", flush=True
            )


class NonFinite(Failure):
    """A term or a weight became infinite or no number; more training would not repair it."""


def examine(run: Run, since: int) -> None:
    """Raise NonFinite, with what to try, if a weight or a mean of a term is not finite. Waits for the device once."""
    named = [*_terms(run), *_weights(run)]
    tensors = [tensor.detach().float() for _, tensor in named]
    if torch.stack(torch._foreach_norm(tensors)).isfinite().all():  # the one host read; 25 times faster than the next
        return
    infinite = ~torch.stack(torch._foreach_norm(tensors, float("inf"))).isfinite()
    if not infinite.any():  # the squares alone were too large
        return
    what = next(name for (name, _), bad in zip(named, infinite.tolist(), strict=True) if bad)
    rates = sorted({f"{group['lr']:g}" for o in run.optimizers.values() for group in o.param_groups})
    second = (
        "--precision fp32"
        if run.precision != "fp32"
        else "a penalty on the critic's slope, or a higher weight of the one there is (--penalty.weight)"
    )
    raise NonFinite(
        f"{what} is no longer finite, between rounds {since} and {run.step}. Two things to try: a lower --lr (now "
        f"{', '.join(rates)}), and {second}."
    )


def _terms(run: Run) -> list[tuple[str, Tensor]]:
    return [
        (f"The {player}'s term {name!r}", value)
        for player, sums in run.statistics.sums.items()
        for name, value in zip(run.statistics.names[player], sums.unbind(), strict=True)
    ]


def _weights(run: Run) -> list[tuple[str, Tensor]]:
    """Every weight and buffer that holds real numbers."""
    modules = [*run.game.networks.items(), *run.game.memories.items()]
    averages = [(f"averaged {network}", module) for network, module in run.average.networks.items()]
    return [
        (f"A weight of the {network} ({name})", tensor)
        for network, module in [*modules, *averages]
        for name, tensor in module.state_dict().items()
        if isinstance(tensor, Tensor) and tensor.is_floating_point() and tensor.numel()
    ]


_SAFE_SECONDS = 300.0  # of training that a kill may cost, at most


class EventLog:
    """Events in order, each with the round and the seconds of training, all sessions together."""

    def __init__(self, folder: RunFolder, show: Callable[[dict[str, Any]], None], elapsed: float = 0.0):
        self.folder, self.show = folder, show
        self._since = time.monotonic() - elapsed

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._since

    def record(self, run: Run, kind: str, **fields: Any) -> None:
        """Write one event, and show it."""
        event = {"kind": kind, "step": run.step, "elapsed": round(self.elapsed, 3), **fields}
        self.folder.append(event)
        self.show(event)


@dataclass(frozen=True)
class Snapshot:
    """A run at one round: a sheet of samples, measures, and the model."""

    sheet: bytes  # a PNG
    metrics: dict[str, float]  # the first one decides which round was best: lower is better
    count: int  # samples that were measured
    model: dict[str, bytes]  # files of the model folder


class Reporter:
    """Means of all terms since the last report; stops a run that is no longer finite."""

    def __init__(self, log: EventLog, every: int, run: Run):
        self.log, self.every = log, every
        self.since = run.step - run.step % every if run.statistics.counts else run.step
        self._counted, self._images = 0, 0

    def examine(self, run: Run) -> None:
        """Raise NonFinite if something became so since the last report."""
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
        """Real images shown to the critic so far."""
        self._images += sum(run.images_at(step) for step in range(self._counted, run.step))
        self._counted = run.step
        return self._images


class Checkpointer:
    """Keeps checkpoints, sheets, and the model that can be drawn from."""

    def __init__(
        self,
        report: Reporter,
        snapshot: Callable[[Run], Snapshot],
        since: Checkpoint | None = None,
        chance: Callable[[], Mapping[str, float]] = dict,
    ):
        self.log, self.examine, self.snapshot = report.log, report.examine, snapshot
        self.chance = chance  # by how much a measure differs by chance alone
        self.best, self.last_milestone = (None, -1) if since is None else (since.best, since.milestone)
        self._saved = time.monotonic()

    def milestone(self, run: Run) -> None:
        """A sheet, a measure, the model, and a checkpoint; once a round."""
        if self.last_milestone == run.step:
            return
        self.examine(run)
        snapshot, folder = self.snapshot(run), self.log.folder
        folder.write(sheet := f"samples/{run.step:06d}.png", snapshot.sheet)
        self.log.record(run, "sample", file=sheet)
        self.log.record(run, "measure", metrics=snapshot.metrics, split="held_out", count=snapshot.count)
        better = self.choose(run.step, *next(iter(snapshot.metrics.items())))
        self.publish(snapshot)
        self.last_milestone = run.step
        self.log.record(run, "checkpoint", file=checkpoints.file_name(run.step), best=better)
        self.save(run)

    def choose(self, step: int, name: str, value: float) -> bool:
        """Whether a round is the best so far: the newest whose measure is above the lowest by no more than chance.

        The one-standard-error rule (Breiman et al. 1984): what chance makes does not speak for earlier rounds.
        """
        lowest = value if self.best is None else self.best.get("lowest", self.best["value"])
        if self.best is not None and not value <= lowest and not value <= lowest + self.chance().get(name, 0.0):
            return False
        self.best = {"step": step, "value": value, "lowest": min(lowest, value)}
        return True

    def save(self, run: Run) -> None:
        """A checkpoint and nothing else: events are the same with and without it."""
        self.examine(run)
        folder = self.log.folder
        state, length = run.state_dict(), folder.sync()
        checkpoints.save(folder, Checkpoint(state, length, self.log.elapsed, self.best, self.last_milestone))
        self._saved = time.monotonic()

    def leave(self, run: Run) -> None:
        """A checkpoint and the model, before the milestone they would belong to."""
        if self.last_milestone != run.step:
            self.save(run)
            self.publish(self.snapshot(run))

    def publish(self, snapshot: Snapshot) -> None:
        """Replace the model that can be drawn from."""
        for name, content in snapshot.model.items():
            self.log.folder.write(f"model/{name}", content)

    def safety(self, run: Run) -> None:
        """A checkpoint where the last one is minutes old."""
        if time.monotonic() - self._saved > _SAFE_SECONDS:
            self.save(run)


def every(rounds: int, observer: Observer) -> Observer:
    """Observe once in so many rounds."""

    def observe(run: Run) -> None:
        if run.step % rounds == 0:
            observer(run)

    return observe


def clock(log: EventLog, seconds: float) -> Observer:
    """Stop when training has taken this much time, all sessions together."""

    def observe(run: Run) -> None:
        if run.stop is None and log.elapsed >= seconds:
            run.stop = "budget"

    return observe


def _estimate(run: Run, terms: dict[str, dict[str, float]]) -> float | None:
    """The distance between data and model, as the first player that can read it does."""
    for player in run.game.players:
        if player.estimate is not None and "divergence" in terms.get(player.name, {}):
            return player.estimate(terms[player.name]["divergence"])
    return None
