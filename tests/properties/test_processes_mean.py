"""A mean over the batches of all processes, and what is made of it."""

import os
import tempfile
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn

from equilibria.core.processes import average, mean
from equilibria.terms.divergences import DIVERGENCES

F = torch.float64
HALF = 5  # samples of a process
RELATIVISTIC = [name for name in DIVERGENCES if "relativistic" in name]


def batch():
    return torch.randn(2, 2 * HALF, 3, generator=torch.Generator().manual_seed(1), dtype=F)


def gradients(name, real, noise):
    """Of the critic's loss for the critic, then of the generator's for the generator, as one vector."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        critic = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1), nn.Flatten(0)).to(F)
        generator = nn.Linear(3, 3).to(F)
    divergence = DIVERGENCES[name]()
    scores = critic(real), critic(generator(noise))
    against = torch.autograd.grad(divergence.critic(*scores).mean(), critic.parameters(), retain_graph=True)
    towards = torch.autograd.grad(divergence.generator(*scores).mean(), generator.parameters())
    return torch.cat([g.flatten() for g in (*against, *towards)])


def slopes(x):
    """The first derivative of a cubed mean, and that of its square, each averaged over processes."""
    w = torch.tensor(0.7, dtype=F, requires_grad=True)
    (first,) = torch.autograd.grad(mean(torch.sin(w * x)) ** 3, w, create_graph=True)
    first = mean(first)
    (second,) = torch.autograd.grad(first**2, w)
    average([second])
    return torch.stack([first.detach(), second])


def _work(rank, meeting, out):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
    own = batch()[:, rank * HALF : (rank + 1) * HALF]
    found = {name: gradients(name, *own) for name in RELATIVISTIC}
    average(list(found.values()))
    torch.save((found, mean(own[0]), slopes(own[0])), f"{out}/{rank}.pt")
    dist.barrier()
    os._exit(0)  # gloo can abort while it is torn down


@pytest.fixture(scope="module")
def pair():
    """What two processes found, each with half of the batch."""
    with tempfile.TemporaryDirectory() as out:
        mp.spawn(_work, (str(Path(out) / "meeting"), out), nprocs=2)
        return [torch.load(f"{out}/{rank}.pt") for rank in (0, 1)]


@pytest.mark.parametrize("name", RELATIVISTIC)
def test_two_processes_have_the_gradients_of_one_with_the_joined_batch(name, pair):
    expected = gradients(name, *batch())
    for found, _, _ in pair:
        assert torch.allclose(found[name], expected, rtol=1e-12, atol=1e-15)


def test_the_mean_is_that_of_all_and_can_be_differentiated_twice(pair):
    x = batch()[0]
    for _, together, derivatives in pair:
        assert float(together) == pytest.approx(float(x.mean()), rel=1e-12)
        assert torch.allclose(derivatives, slopes(x), rtol=1e-12)


def test_alone_it_is_the_plain_mean():
    x = torch.randn(7, requires_grad=True)
    assert type(mean(x).grad_fn) is type(x.mean().grad_fn)
    assert torch.equal(mean(x), x.mean())
