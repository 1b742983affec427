"""The whole of training."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch

from ..core.distributed import average_
from .run import Run

Observer = Callable[[Run], None]  # looks at a run between rounds, and may set `run.stop`


def run_rounds(run: Run, until: int, observers: Sequence[Observer] = ()) -> Run:
    """Play rounds until round `until`, or until an observer says stop."""
    with training_mode(run):
        while run.step < until and run.stop is None:
            for players, turns in run.rule.order(run.game, run.step):  # the critic, then the generator; or all at once
                for _ in range(turns):  # n_critic
                    run.rule.move(run, players)  # draw, score, differentiate, step
            average_(list(run.game.memories.buffers()))
            run.average.update(run.game.networks, run.step)
            run.step += 1
            for observe in observers:
                observe(run)
    return run


@contextmanager
def training_mode(run: Run) -> Iterator[None]:
    """Networks are in training mode meanwhile; the caller's randomness and what was frozen are put back afterwards."""
    run.game.networks.train()
    moving = {parameter: parameter.requires_grad for parameter in run.game.networks.parameters()}
    with torch.random.fork_rng(devices=[run.device] if run.device.type == "cuda" else []):
        try:
            yield
        finally:
            for parameter, was in moving.items():
                parameter.requires_grad_(was)
