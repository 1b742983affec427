"""Two processes play one game."""

import os
import tempfile
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from equilibria.core.distributed import average_
from equilibria.training.loop import run_rounds
from games import run_of, weights
from shares import one_in

FAMILIES = ("wgan-gp", "r3gan", "sgan", "vae", "iwae", "cvae", "vae-gan", "bigan", "ali", "aae", "infogan")


def _play(rank, meeting, out, families):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
    for family in families:
        run = run_rounds(run_of(family), 3)
        mean = torch.full((3,), float(rank))
        average_([mean])
        torch.save((weights(run), run.stream.batch(0).x, mean), f"{out}/{family}-{rank}.pt")
    dist.barrier()
    os._exit(0)  # gloo can abort while it is torn down


@pytest.fixture(scope="module")
def played(request):
    """What either process holds in the end, by family: both play those that are tested, one after another."""
    tests = [item for item in request.session.items if item.module is request.module and "played" in item.fixturenames]
    families = list(dict.fromkeys(item.callspec.params["family"] for item in tests))
    with tempfile.TemporaryDirectory() as out:
        mp.start_processes(_play, (str(Path(out) / "meeting"), out, families), nprocs=2, start_method="forkserver")
        return {family: [torch.load(f"{out}/{family}-{rank}.pt") for rank in (0, 1)] for family in families}


@pytest.mark.parametrize("family", one_in(4, FAMILIES))
def test_two_processes_stay_identical_and_see_different_data(family, played):
    (one, seen_by_one, mean), (other, seen_by_other, _) = played[family]
    assert torch.equal(one, other)
    assert one.isfinite().all()
    assert torch.equal(mean, torch.full((3,), 0.5))
    assert not torch.equal(seen_by_one, seen_by_other)
    assert not torch.equal(one, weights(run_rounds(run_of(family), 3)))  # not the one-process run
