"""Diagnostics and the doctor's checks during training. Neither changes the run."""

import time
from dataclasses import dataclass

import torch
from torch import Tensor

from ..core.seeding import generator, reseed
from ..core.types import Batch
from ..data import Data
from ..data.batches import binarized
from ..evaluation.diagnostics import DIAGNOSTICS, Diagnosis, GameState, diagnose
from ..evaluation.doctor import NEEDED, Finding, persistent
from ..evaluation.doctor.base import CRITICAL
from ..games.play import Play
from ..recipes.build_networks import game_traits
from ..recipes.recipe import Recipe
from ..records.events import read_events, thin
from ..records.folder import RunFolder
from ..records.history import History, read_history
from ..training.run import Run
from .observers import Display, EventLog
from .selection import held_out_batch, selection

SHARE = 0.03  # of the training time that diagnostics may cost, by a rehearsal
FEWEST_DIAGNOSES, MOST_SHARE = NEEDED + 1, 0.15  # so many are made even if they cost more, up to this share
MOST_DIAGNOSES = 100  # diagnoses in a run, at most
_PLACE = -5  # of the random numbers of diagnostics
_SCORED = 256  # samples that are scored, and generated samples that are compared with data
_COMPARED = 1024  # training samples that they are compared with, at most
_CENTERS = 4096  # training samples whose means are the centers of classes, at most


class DiagnosticsObserver:
    """Records diagnostics, and at the end of training if the last ones, `every` rounds apart, are long ago."""

    def __init__(self, diagnoser: "Diagnoser", log: EventLog, every: int):
        self.diagnoser, self.log, self.every = diagnoser, log, every

    def __call__(self, run: Run) -> None:
        values, errors = self.diagnoser.diagnose(run)
        self.log.record(run, "diagnosis", seen=values, unseen=errors)

    def last(self, run: Run) -> None:
        """Diagnose the end of training, unless the last diagnosis is recent."""
        if 2 * (run.step % self.every) >= self.every:
            self(run)


class DoctorObserver:
    """Examines the events of a run, shows new findings, and stops the run at a critical one if `stops`."""

    def __init__(self, folder: RunFolder, display: Display, stops: bool):
        self.folder, self.display, self.stops = folder, display, stops
        self.reason = ""  # the finding that stopped the run
        start = read_history(folder.path)
        self._recipe, self._summary = start.recipe, start.summary
        self._events = thin(start.events)  # so that long runs need no more memory
        self._length = folder.length()
        resumed = bool(start.of("diagnosis"))
        self._reported = {finding.name for finding in self.findings()} if resumed else set()  # in an earlier session

    def __call__(self, run: Run) -> None:
        self._events = thin([*self._events, *read_events(self.folder.events_file, self._length)])
        self._length = self.folder.length()
        findings = self.findings()
        for finding in findings:
            if finding.name not in self._reported:
                self._reported.add(finding.name)
                self.display.say(self._line(finding, run.step))
        critical = [finding for finding in findings if finding.severity == CRITICAL]
        if self.stops and run.stop is None and critical:
            run.stop, self.reason = "critical", critical[0].what

    def findings(self) -> tuple[Finding, ...]:
        """The findings that persist."""
        return persistent(History(self._recipe, self._summary, self._events))

    def _line(self, finding: Finding, step: int) -> str:
        more = "" if len(self._reported) > 1 else f" `equilibria doctor {self.folder}` explains it and says what to do."
        return f"Doctor, round {step:,}: {finding.what} ({finding.severity}, {finding.confidence}){more}"


@dataclass(frozen=True)
class Diagnoser:
    """Runs every diagnostic on a run at any round, with the same samples each time."""

    train: Tensor  # training samples that are compared with generated ones: (N, *sample)
    held_out: Batch  # samples for selection, as networks receive them: (M, *sample)
    centers: Tensor | None  # of modes, else of classes: (C, *sample)
    std: float | None  # of the modes
    inverts: bool  # whether the encoder infers latents

    def diagnose(self, run: Run) -> Diagnosis:
        """Every diagnostic that the game allows; the run is restored afterwards."""
        with run.restored(), torch.random.fork_rng(devices=[run.device] if run.device.type == "cuda" else []):
            run.game.networks.train()
            run.average.networks.train()
            return diagnose(self.state(run), DIAGNOSTICS, lambda name: reseed(run.seed, run.step, _PLACE, _place(name)))

    def state(self, run: Run) -> GameState:
        """The state of the run, and what else diagnostics use."""
        plays = max(1, -(-_SCORED // run.stream.size))
        generates = "generator" in run.average.networks
        with torch.no_grad():
            fakes = [_play(run, i, averaged=True).fake for i in range(plays)] if generates else []
        networks = run.game, run.optimizers, run.average.networks
        batches = (lambda i: _play(run, i)), (lambda i: self._held_out_play(run, i))
        samples = self.train, self.held_out.x, torch.cat(fakes)[:_SCORED] if fakes else self.train[:0]
        return GameState(*networks, *batches, *samples, plays, self.centers, self.std, self.inverts)

    def _held_out_play(self, run: Run, i: int) -> Play:
        """A play on the i-th batch of held-out samples."""
        size = run.stream.size
        reseed(run.seed, run.step, _PLACE, i, 1)
        rows = (torch.arange(size, device=run.device) + i * size) % len(self.held_out.x)
        x, y = self.held_out
        batch = Batch(x[rows], None if y is None else y[rows])
        return _play_on(run, batch, run.stream.labelled_batch(run.draws + i))


def _play(run: Run, i: int, averaged: bool = False) -> Play:
    """A play on the i-th batch from here."""
    reseed(run.seed, run.step, _PLACE, i)
    batch, labelled = run.stream.batch(run.draws + i), run.stream.labelled_batch(run.draws + i)
    return _play_on(run, batch, labelled, averaged)


def _play_on(run: Run, batch: Batch, labelled: Batch | None, averaged: bool = False) -> Play:
    networks = run.average.networks if averaged else run.game.networks
    play = Play(networks, batch, run.game.prior, run.step, labelled)
    play.noise  # noqa: B018 - latents come first, as in training
    return play


def _place(name: str) -> int:
    """A number for a diagnostic that does not depend on its position in the table."""
    return int.from_bytes(name.encode()[:7], "little")


def diagnoser(run: Run, recipe: Recipe) -> Diagnoser:
    """The diagnoser for runs of this recipe."""
    data = run.stream.data
    order = torch.randperm(len(data.x), generator=generator(0, len(data.x)))
    train = data.batch(order[:_COMPARED].to(run.device)).x
    if recipe.binarize:
        train = binarized(train.cpu(), generator(1)).to(run.device)
    held_out = held_out_batch(data, len(selection(data)), recipe.conditional, recipe.binarize)
    return Diagnoser(train, held_out, *_centers(data, order), game_traits(recipe).encoder_output == "latents")


def _centers(data: Data, order: Tensor) -> tuple[Tensor | None, float | None]:
    """The centers of the modes and their std, if the data has modes; else the means of classes."""
    if data.modes is not None:
        return data.modes.centers.to(data.x.device), data.modes.std
    if data.labels is None or data.labels.kind != "class" or data.y is None:
        return None, None
    x, y = data.batch(order[:_CENTERS].to(data.x.device), labelled=True)
    assert y is not None
    present = y.sum(dim=0) > 0
    means = (y.T @ x.flatten(1)) / y.sum(dim=0).clamp(min=1)[:, None]
    return means[present].view(-1, *x.shape[1:]), None


def watch_every(rounds: int, training: float, diagnosis: float) -> int:
    """Rounds between diagnoses, if all rounds take `training` seconds and one diagnosis takes `diagnosis`."""
    affordable = int(rounds * diagnosis / (SHARE * training)) + 1 if training > 0 else 1
    if FEWEST_DIAGNOSES * diagnosis <= MOST_SHARE * training:  # so many that the doctor can judge the run
        affordable = min(affordable, rounds // FEWEST_DIAGNOSES)
    return max(1, min(max(affordable, -(-rounds // MOST_DIAGNOSES)), rounds))


def diagnosis_seconds(run: Run, recipe: Recipe) -> float:
    """The time of one diagnosis, after a first one for warming up."""
    diagnostics = diagnoser(run, recipe)
    diagnostics.diagnose(run)
    start = time.perf_counter()
    diagnostics.diagnose(run)
    return time.perf_counter() - start
