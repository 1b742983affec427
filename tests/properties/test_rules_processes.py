"""Update rules across two processes: the step is that of all their samples together."""

import os
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from equilibria.training.loop import run_rounds
from scalars import GAMMA, RATE, bent, drawn, field, numbers

RULES = {"simultaneous": None, "extragradient": None, "consensus": GAMMA}


def _play(rank, meeting, out):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
    found = {}
    for rule, weight in RULES.items():
        run = bent(rule, weight=weight, batch=4)
        found[rule] = numbers(run), [drawn(run, draw, rank) for draw in (0, 1)], numbers(run_rounds(run, 1))
    torch.save(found, f"{out}/{rank}.pt")
    dist.barrier()
    os._exit(0)  # gloo can abort while it is torn down


def stepped(rule, w, draws):
    """One round on the whole of both processes' draws, by the formulas."""
    v = [lambda at, material=material: field(at, *material).detach() for material in draws]
    if rule == "extragradient":
        return w - RATE * v[1](w - RATE * v[0](w))
    slope = torch.autograd.functional.jacobian(lambda w: field(w, *draws[0]), w).T @ v[0](w)
    return w - RATE * (v[0](w) + (GAMMA if rule == "consensus" else 0) * slope)


def test_two_processes_step_as_one_with_all_their_samples(tmp_path):
    """For consensus: down the slope of |mean v|^2 / 2, which is no mean of the slopes of each |v|^2 / 2."""
    mp.start_processes(_play, (str(Path(tmp_path) / "meeting"), str(tmp_path)), nprocs=2, start_method="forkserver")
    one, other = (torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1))
    for rule in RULES:
        w, draws, reached = one[rule]
        assert torch.equal(reached, other[rule][2]), rule
        pairs = zip(draws, other[rule][1], strict=True)
        joint = [tuple(torch.cat(halves) for halves in zip(*pair, strict=True)) for pair in pairs]
        assert not torch.equal(draws[0][0], other[rule][1][0][0])
        assert torch.allclose(reached, stepped(rule, w, joint), rtol=1e-12), rule
