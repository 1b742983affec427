"""The whole of training."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch

from ..core.processes import average, rank
from ..core.randomness import reseed
from ..games.game import Player
from ..games.play import Play
from .run import Run

Observer = Callable[[Run], None]  # looks at a run between rounds, and may set `run.stop`


def run_rounds(run: Run, until: int, observers: Sequence[Observer] = ()) -> Run:
    """Play rounds until round `until`, or until an observer says stop."""
    with playing(run):
        while run.step < until and run.stop is None:
            for player in run.game.players:  # the critic, then the generator
                for _ in range(player.turns_at(run.step)):  # n_critic
                    move(run, player)
            average(list(run.game.memories.buffers()))
            run.average.update(run.game.networks, run.step)
            run.step += 1
            for observe in observers:
                observe(run)
    return run


def move(run: Run, player: Player) -> None:
    """Draw, score, differentiate, step."""
    reseed(run.seed, run.draws, rank())
    play = Play(run.game.networks, run.stream.batch(run.draws), run.game.prior)
    run.draws += 1
    parameters = run.game.parameters(player)
    with run.game.only(player):
        with run.casting():
            terms = player.loss(play)
        torch.stack(list(terms.values())).sum().backward(inputs=parameters)
    average([p.grad for p in parameters if p.grad is not None])
    optimizer = run.optimizer(player)
    optimizer.step()
    optimizer.zero_grad()
    run.game.constrain(player)
    run.statistics.add(player.name, terms)


@contextmanager
def playing(run: Run) -> Iterator[None]:
    """The caller's randomness is put back afterwards; the networks are in training mode meanwhile."""
    run.game.networks.train()
    with torch.random.fork_rng(devices=[run.device] if run.device.type == "cuda" else []):
        yield
