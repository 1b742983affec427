"""A mean over the batches of all processes, and what is made of it."""

import os
import tempfile
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn

from equilibria.core.distributed import all_reduce_mean, average_
from equilibria.terms.augmentations import AUGMENTATIONS
from equilibria.terms.divergences import DIVERGENCES
from equilibria.terms.penalties import PENALTIES, Duel

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
    (first,) = torch.autograd.grad(all_reduce_mean(torch.sin(w * x)) ** 3, w, create_graph=True)
    first = all_reduce_mean(first)
    (second,) = torch.autograd.grad(first**2, w)
    average_([second])
    return torch.stack([first.detach(), second])


def remembered(real, fake):
    """What LeCam and ADA's controller keep of two moves of the critic, with no round ended between."""
    lecam, ada = PENALTIES["lecam"](), AUGMENTATIONS["ada"]((1, 8, 8), speed=100, interval=2, probability=0.5)
    for shift in (0.0, 0.3):
        lecam(Duel(lambda x: x[:, 0], (real + shift,), (fake,)))
        ada.watch(real[:, 0] + shift)
    return torch.stack([*lecam.averages, *lecam.anchors, ada.probability])


def _work(rank, meeting, out):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
    own = batch()[:, rank * HALF : (rank + 1) * HALF]
    found = {name: gradients(name, *own) for name in RELATIVISTIC}
    average_(list(found.values()))
    torch.save((found, all_reduce_mean(own[0]), slopes(own[0]), remembered(*own)), f"{out}/{rank}.pt")
    dist.barrier()
    os._exit(0)  # gloo can abort while it is torn down


@pytest.fixture(scope="module")
def pair():
    """What two processes found, each with half of the batch."""
    with tempfile.TemporaryDirectory() as out:
        mp.start_processes(_work, (str(Path(out) / "meeting"), out), nprocs=2, start_method="forkserver")
        return [torch.load(f"{out}/{rank}.pt") for rank in (0, 1)]


@pytest.mark.parametrize("name", RELATIVISTIC)
def test_two_processes_have_the_gradients_of_one_with_the_joined_batch(name, pair):
    expected = gradients(name, *batch())
    for found, _, _, _ in pair:
        assert torch.allclose(found[name], expected, rtol=1e-12, atol=1e-15)


def test_the_mean_is_that_of_all_and_can_be_differentiated_twice(pair):
    x = batch()[0]
    for _, together, derivatives, _ in pair:
        assert float(together) == pytest.approx(float(x.mean()), rel=1e-12)
        assert torch.allclose(derivatives, slopes(x), rtol=1e-12)


def test_two_processes_remember_what_one_does_of_the_joined_batch(pair):
    for *_, memories in pair:
        assert torch.allclose(memories, remembered(*batch()), rtol=1e-6)


def test_alone_it_is_the_plain_mean():
    x = torch.randn(7, requires_grad=True)
    assert type(all_reduce_mean(x).grad_fn) is type(x.mean().grad_fn)
    assert torch.equal(all_reduce_mean(x), x.mean())
