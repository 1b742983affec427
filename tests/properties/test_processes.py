"""Two processes play one game."""

import os
import tempfile
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from equilibria.core.processes import average
from equilibria.training.loop import run_rounds
from games import run_of, weights


def _play(rank, meeting, out, family):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
    run = run_rounds(run_of(family), 3)
    seen = run.stream.batch(0).x
    mean = torch.full((3,), float(rank))
    average([mean])
    torch.save((weights(run), seen, mean), f"{out}/{rank}.pt")
    dist.barrier()
    os._exit(0)  # gloo can abort while it is torn down


@pytest.mark.parametrize("family", ["wgan-gp", "r3gan", "sgan"])
def test_two_processes_stay_identical_and_see_different_data(family):
    with tempfile.TemporaryDirectory() as out:
        mp.spawn(_play, (str(Path(out) / "meeting"), out, family), nprocs=2)
        (one, seen_by_one, mean), (other, seen_by_other, _) = (torch.load(f"{out}/{rank}.pt") for rank in (0, 1))
    assert torch.equal(one, other)
    assert one.isfinite().all()
    assert torch.equal(mean, torch.full((3,), 0.5))
    assert not torch.equal(seen_by_one, seen_by_other)
    assert not torch.equal(one, weights(run_rounds(run_of(family), 3)))  # not the one-process run
