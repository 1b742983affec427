"""The deviation over a batch is the paper's number, is seen by critics, and couples their rows."""

import pytest
import torch

from equilibria.core.errors import Refusal
from equilibria.networks import CRITICS
from equilibria.networks.blocks import MinibatchStd
from equilibria.recipes.build_networks import is_coupled


@pytest.mark.parametrize("shape", [(5,), (3, 4, 2)])
@pytest.mark.parametrize(("rows", "group", "actual"), [(8, 4, 4), (6, 4, 3), (3, 8, 3), (7, 4, 1), (1, 2, 1)])
def test_it_is_the_mean_deviation_of_the_largest_group_that_divides_the_batch(shape, rows, group, actual):
    h = torch.randn(rows, *shape, dtype=torch.float64)
    seen = MinibatchStd(group)(h)
    assert torch.equal(seen[:, :-1], h)
    for row in range(rows):
        mates = h[row // actual * actual :][:actual]
        expected = (mates.var(dim=0, correction=0) + 1e-8).sqrt().mean()
        torch.testing.assert_close(seen[row, -1], expected.expand(shape[1:]))


def test_equal_samples_have_a_finite_slope():
    h = torch.ones(4, 3, requires_grad=True)
    MinibatchStd(4)(h).sum().backward()
    assert h.grad.isfinite().all()


@pytest.mark.parametrize("condition", [0, 3])
@pytest.mark.parametrize("group", [2, 3, 4, 64])
@pytest.mark.parametrize("name", CRITICS)
def test_it_couples_the_rows_of_every_critic(name, group, condition):
    torch.manual_seed(0)
    x, y = torch.randn(6, 1, 9, 8), torch.randn(6, 3) if condition else None
    seeing, blind = (
        CRITICS[name]((1, 9, 8), 4, condition, width=8, norm="none", minibatch_std=size) for size in (group, 0)
    )
    assert is_coupled(seeing, (x,), y)
    assert not is_coupled(blind, (x,), y)


@pytest.mark.parametrize("norm", ["none", "batch", "group", "spectral"])
@pytest.mark.parametrize("name", CRITICS)
def test_every_parameter_behind_it_is_reached(name, norm):
    torch.manual_seed(0)
    critic = CRITICS[name]((1, 28, 28), 4, 0, width=8, norm=norm, minibatch_std=4).double()
    (critic(torch.randn(8, 1, 28, 28).double()).tanh() @ torch.randn(8).double()).backward()
    assert all(p.grad.abs().max() > 0 for p in critic.parameters())


@pytest.mark.parametrize("name", CRITICS)
@pytest.mark.parametrize("group", [1, -2])
def test_groups_of_less_than_two_are_refused(name, group):
    with pytest.raises(Refusal, match="at least 2 samples"):
        CRITICS[name]((1, 9, 8), 4, 0, minibatch_std=group)
