"""The probe accuses exactly the critics whose rows influence each other, and leaves no trace."""

from itertools import product

import pytest
import torch
from torch import nn

from equilibria.networks import CRITICS
from equilibria.networks.norms import NORMS
from equilibria.recipes.build_networks import is_coupled

X = torch.randn(6, 1, 9, 8, generator=torch.Generator().manual_seed(3))
FLAT = 72


class Scored(nn.Module):
    """A critic with something of the user's between two layers."""

    def __init__(self, between, wider=0):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.between, self.head = nn.Linear(FLAT, 16), between, nn.Linear(16 + wider, 1)

    def forward(self, x, y=None):
        return self.head(self.between(self.first(x.flatten(1)).relu())).squeeze(1)


class MinibatchDeviation(nn.Module):
    """The mean deviation over groups of a batch as one more feature (Karras et al. 2018)."""

    def __init__(self, group=4, weight=1.0):
        super().__init__()
        self.group, self.weight = group, weight

    def forward(self, h):
        deviation = h.unflatten(0, (-1, self.group)).std(dim=1).mean(dim=1)
        return torch.cat([h, self.weight * deviation.repeat_interleave(self.group)[:, None]], dim=1)


class Attention(nn.Module):
    """Rows that look at each other, behind a gate that may start closed."""

    def __init__(self, gate):
        super().__init__()
        self.mix, self.gate = nn.MultiheadAttention(16, 2), nn.Parameter(torch.tensor(gate))

    def forward(self, h):
        return h + self.gate * self.mix(h, h, h)[0]


class Faint(nn.Module):
    """A thousandth of another module."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, h):
        return h + 0.001 * self.module(h)


class Neighbour(nn.Module):
    """Rows that see the one before."""

    def forward(self, h):
        return h + 0.1 * h.roll(1, dims=0)


class Noise(nn.Module):
    """Random, row by row."""

    def forward(self, h):
        return h + torch.randn_like(h)


class Packed(nn.Module):
    """One score for two samples (Lin et al. 2018)."""

    def forward(self, x):
        return x.reshape(len(x) // 2, -1).sum(dim=1)


COUPLING = {
    "batch norm": (nn.BatchNorm1d(16), 0),
    "a little batch norm among much dropout": (nn.Sequential(nn.Dropout(0.5), Faint(nn.BatchNorm1d(16))), 0),
    "batch norm without memory": (nn.BatchNorm1d(16, affine=False, track_running_stats=False), 0),
    "minibatch deviation": (MinibatchDeviation(), 1),
    "a faint minibatch deviation": (MinibatchDeviation(weight=0.001), 1),
    "attention over the batch": (Attention(1.0), 0),
    "attention behind a closed gate": (Attention(0.0), 0),
    "a neighbour": (Neighbour(), 0),
    "the mean of the batch": (nn.Sequential(nn.Flatten(0), nn.Unflatten(0, (-1, 16)), nn.BatchNorm1d(16)), 0),
}
INNOCENT = {
    "dropout": nn.Dropout(0.5),
    "noise": Noise(),
    "layer norm": nn.LayerNorm(16),
    "an odd scale": nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.LayerNorm(16)),
}


@pytest.mark.parametrize("what", COUPLING)
def test_critics_whose_rows_influence_each_other_are_found(what):
    assert is_coupled(Scored(*COUPLING[what]), (X,))


@pytest.mark.parametrize("what", INNOCENT)
def test_critics_that_judge_row_by_row_are_not_accused(what):
    assert not is_coupled(Scored(INNOCENT[what]), (X,))


@pytest.mark.parametrize(("name", "norm"), sorted(set(product(CRITICS, NORMS)) - {("dense", "instance")}))
def test_of_our_norms_only_batch_norm_couples(name, norm):
    assert is_coupled(CRITICS[name]((1, 9, 8), 4, 0, width=16, norm=norm), (X,)) == (norm == "batch")


@pytest.mark.parametrize("rows", [1, 2, 3, 64])
def test_any_number_of_rows_will_do(rows):
    x = torch.randn(rows, 1, 9, 8)
    assert is_coupled(Scored(nn.BatchNorm1d(16)), (x,))
    assert not is_coupled(Scored(nn.Identity()), (x,))


def test_one_score_for_two_samples_is_coupled():
    assert is_coupled(Packed(), (X,))


def test_a_condition_and_several_views_are_passed_on():
    critic = CRITICS["dense"]((9 * 8 + 5,), 4, 3, width=16)
    batch_critic = CRITICS["dense"]((9 * 8 + 5,), 4, 3, width=16, norm="batch")
    views, y = (X, torch.randn(6, 5)), torch.eye(3).repeat(2, 1)
    assert not is_coupled(critic, views, y)
    assert is_coupled(batch_critic, views, y)


def test_a_critic_in_evaluation_is_judged_as_it_will_train_and_stays_as_it_was():
    for norm in ("batch", "spectral"):
        critic = CRITICS["dcgan"]((1, 9, 8), 4, 0, width=8, norm=norm).eval()
        before = {key: value.clone() for key, value in critic.state_dict().items()}
        x, random = X.clone().requires_grad_(), torch.get_rng_state()
        assert is_coupled(critic, (x,)) == (norm == "batch")
        assert torch.equal(torch.get_rng_state(), random)
        assert not any(module.training for module in critic.modules())
        assert all(torch.equal(value, before[key]) for key, value in critic.state_dict().items())
        assert torch.equal(x, X)
        assert all(p.grad is None and p.requires_grad for p in critic.parameters())


def test_a_plain_function_can_be_probed():
    assert not is_coupled(lambda x: x.flatten(1).sum(dim=1), (X,))
    assert is_coupled(lambda x: (x - x.mean(dim=0)).flatten(1).norm(dim=1), (X,))
