"""The training loop."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch

from ..core.distributed import average_
from .run import Run

Observer = Callable[[Run], None]  # reads a run between rounds, and may set `run.stop`


def run_rounds(run: Run, until: int, observers: Sequence[Observer] = ()) -> Run:
    """Train until round `until`, or until an observer sets `run.stop`."""
    with training_mode(run):
        while run.step < until and run.stop is None:
            for players, turns in run.rule.order(run.game, run.step):  # the critic, then the generator; or all at once
                for _ in range(turns):  # n_critic
                    run.rule.move(run, players)  # draw, loss, gradient, step
            average_(list(run.game.memories.buffers()))
            run.average.update(run.game.networks, run.step)
            run.step += 1
            for observe in observers:
                observe(run)
    return run


@contextmanager
def training_mode(run: Run) -> Iterator[None]:
    """Training mode for the networks; the caller's random state and `requires_grad` are restored afterwards."""
    run.game.networks.train()
    trainable = {parameter: parameter.requires_grad for parameter in run.game.networks.parameters()}
    with torch.random.fork_rng(devices=[run.device] if run.device.type == "cuda" else []):
        try:
            yield
        finally:
            for parameter, requires_grad in trainable.items():
                parameter.requires_grad_(requires_grad)
