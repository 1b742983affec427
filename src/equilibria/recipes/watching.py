"""Looking at a run more closely than its losses say: at a shadow of it, which shares no number with it."""

import time
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor

from ..core.randomness import generator, reseed
from ..core.types import Batch
from ..data import Data
from ..data.stream import binarized
from ..evaluation.diagnostics import DIAGNOSTICS, Looked, Scene, looked
from ..games import READ
from ..games.play import Play
from ..training.observers import Diary
from ..training.run import Run
from .build import build
from .measuring import held_out_batch, selection
from .recipe import Recipe

SHARE = 0.03  # of the time of playing that looking may cost, as far as a rehearsal tells
LOOKS = 100  # at most, in a run
_PLACE = -5  # of all that is drawn to be looked at
_SCORED = 256  # samples that are scored, and generated ones that are compared with others
_COMPARED = 1024  # training samples that they are compared with, at most
_LEARNED = 4096  # training samples whose means stand for their classes


@dataclass(frozen=True)
class Watcher:
    """Sees what can be seen of a run, at any round; the run itself is not touched."""

    shadow: Run  # of the same recipe, built anew: its networks, memories and optimizers are its own
    train: Tensor  # training samples that are compared with generated ones: (N, *sample)
    held_out: Batch  # the samples to select by, as networks see them: (M, *sample)
    centres: Tensor | None  # of modes, else of classes: (C, *sample)
    deviation: float | None  # of the modes
    inverts: bool  # whether the encoder answers latents

    def look(self, run: Run) -> Looked:
        """Every diagnostic that the game allows, as the run stands."""
        self.shadow.load_state_dict(deepcopy(run.state_dict()))
        shadow = self.shadow
        shadow.game.networks.train()
        shadow.average.networks.train()
        with torch.random.fork_rng(devices=[shadow.device] if shadow.device.type == "cuda" else []):
            scene = self.scene()
            return looked(scene, DIAGNOSTICS, lambda name: reseed(shadow.seed, shadow.step, _PLACE, _place(name)))

    def scene(self) -> Scene:
        """The shadow as it stands, and material to look at it with."""
        shadow = self.shadow
        plays = max(1, -(-_SCORED // shadow.stream.size))
        with torch.no_grad():
            fakes = [self._play(i, averaged=True).fake for i in range(plays)] if self._generates else []
        return Scene(
            shadow.game,
            shadow.optimizers,
            shadow.average.networks,
            self._play,
            self._unseen,
            self.train,
            self.held_out.x,
            torch.cat(fakes)[:_SCORED] if fakes else self.train[:0],
            plays,
            self.centres,
            self.deviation,
            self.inverts,
        )

    @property
    def _generates(self) -> bool:
        return "generator" in self.shadow.average.networks

    def _play(self, i: int, averaged: bool = False) -> Play:
        """The material of the i-th draw from here."""
        shadow = self.shadow
        reseed(shadow.seed, shadow.step, _PLACE, i)
        batch, known = shadow.stream.batch(shadow.draws + i), shadow.stream.told(shadow.draws + i)
        return self._made(batch, known, averaged)

    def _unseen(self, i: int) -> Play:
        """As large a batch of held-out samples."""
        shadow, size = self.shadow, self.shadow.stream.size
        reseed(shadow.seed, shadow.step, _PLACE, i, 1)
        chosen = (torch.arange(size, device=shadow.device) + i * size) % len(self.held_out.x)
        x, y = self.held_out
        return self._made(Batch(x[chosen], None if y is None else y[chosen]), shadow.stream.told(shadow.draws + i))

    def _made(self, batch: Batch, known: Batch | None, averaged: bool = False) -> Play:
        shadow = self.shadow
        networks = shadow.average.networks if averaged else shadow.game.networks
        play = Play(networks, batch, shadow.game.prior, shadow.step, known)
        play.noise  # noqa: B018 - latents come first, as when playing
        return play


class Witness:
    """Notes what a watcher sees, once in so many rounds, and at the end if the last look is long ago."""

    def __init__(self, watcher: Watcher, diary: Diary, every: int):
        self.watcher, self.diary, self.every = watcher, diary, every

    def __call__(self, run: Run) -> None:
        if run.step % self.every == 0:
            self.note(run)

    def last(self, run: Run) -> None:
        """Look at the end of training, unless that was seen just now."""
        if 2 * (run.step % self.every) >= self.every:
            self.note(run)

    def note(self, run: Run) -> None:
        """Write one event."""
        seen, unseen = self.watcher.look(run)
        self.diary.note(run, "diagnosis", seen=seen, unseen=unseen)


def watcher(run: Run, recipe: Recipe, allow_coupled_critic: bool = False) -> Watcher:
    """Who looks at runs of this recipe."""
    shadow = build(recipe, run.stream.data, run.device, run.precision, allow_coupled_critic)
    data = shadow.stream.data
    count = len(selection(data))
    order = torch.randperm(len(data.x), generator=generator(0, len(data.x)))
    train = data.batch(order[:_COMPARED].to(run.device)).x
    if recipe.binarize:
        train = binarized(train.cpu(), generator(1)).to(run.device)
    held_out = held_out_batch(data, count, recipe.conditional, recipe.binarize)
    centres, deviation = _centres(data, order)
    return Watcher(shadow, train, held_out, centres, deviation, READ.get(recipe.game["name"], "latents") == "latents")


def watch_every(rounds: int, playing: float, looking: float) -> int:
    """Rounds between looks, if so many rounds take `playing` seconds and one look `looking`."""
    affordable = int(rounds * looking / (SHARE * playing)) + 1 if playing > 0 else 1
    return max(1, min(max(affordable, -(-rounds // LOOKS)), rounds))


def seconds_a_look(run: Run, recipe: Recipe, allow_coupled_critic: bool = False) -> float:
    """The time of a look; the first one is for warming up."""
    watching = watcher(run, recipe, allow_coupled_critic)
    watching.look(run)
    start = time.perf_counter()
    watching.look(run)
    return time.perf_counter() - start


def _centres(data: Data, order: Tensor) -> tuple[Tensor | None, float | None]:
    """Of the modes, with their deviation, where the truth is known; else the means of some samples of each class."""
    if data.modes is not None:
        return data.modes.centres.to(data.x.device), data.modes.deviation
    if data.labels is None or data.labels.kind != "class" or data.y is None:
        return None, None
    x, y = data.batch(order[:_LEARNED].to(data.x.device), labelled=True)
    assert y is not None
    present = y.sum(dim=0) > 0
    means = (y.T @ x.flatten(1)) / y.sum(dim=0).clamp(min=1)[:, None]
    return means[present].view(-1, *x.shape[1:]), None


def _place(name: str) -> int:
    """A number for a diagnostic, whatever stands beside it in the table."""
    return int.from_bytes(name.encode()[:7], "little")
