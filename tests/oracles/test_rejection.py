"""Discriminator rejection sampling, against densities that are known."""

import math

import pytest
import torch
from torch import nn

from equilibria.core.errors import Refusal
from equilibria.core.priors import PRIORS
from equilibria.data.spaces import Plane
from equilibria.models.model import Model
from equilibria.models.rejection import RejectionSampler, log_ratio
from equilibria.terms.divergences import DIVERGENCES

MEAN, SCALE = torch.tensor([0.4, -0.3]), torch.tensor([0.7, 0.8])  # of the data, N(MEAN, SCALE^2); the model is N(0, 1)
MODES = torch.tensor([0.1, 0.2, 0.3, 0.4])  # shares of the data in the quadrants; the model has a quarter in each


class Drawn(nn.Module):
    """A generator whose samples are its latents."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))

    def forward(self, z, y=None):
        return z


class Best(nn.Module):
    """The best critic: a function of the logarithm of p / q."""

    def __init__(self, log_u, score=lambda log_u: log_u):
        super().__init__()
        self.log_u, self.say = log_u, score

    def forward(self, x, y=None):
        return self.say(self.log_u(x.double()))


def of_normals(x):
    return (x.square() / 2 - ((x - MEAN) / SCALE).square() / 2 - SCALE.log()).sum(dim=1)


def of_quadrants(x):
    return (4 * MODES.double()[quadrant(x)]).log()


def quadrant(x):
    return (x[:, 0] > 0).long() + 2 * (x[:, 1] > 0).long()


def model(critic, prior="normal"):
    networks = nn.ModuleDict({"generator": Drawn(), "critic": critic})
    return Model(networks.eval().requires_grad_(False), Plane(4.0), PRIORS[prior](size=2))


def kept(sieve, count, seed=0):
    return torch.cat([x for x, _ in sieve.batches(count, seed)])


def exact(critic, divergence="non_saturating", burn_in=20_000):
    return RejectionSampler(model(critic), log_ratio(divergence)[0], None, burn_in)


def test_what_is_kept_has_the_mean_and_the_variance_of_the_data():
    sieve, count = exact(Best(of_normals)), 10_000
    x = kept(sieve, count)
    assert len(x) == sieve.accepted == count
    assert ((x.mean(0) - MEAN).abs() < 4 * SCALE / count**0.5).all()
    assert ((x.var(0) / SCALE.square() - 1).abs() < 4 * (2 / count) ** 0.5).all()


@pytest.mark.parametrize("seed", [0, 1])
def test_what_is_kept_falls_into_modes_as_often_as_the_data(seed):
    count = 8000
    found = quadrant(kept(exact(Best(of_quadrants)), count, seed)).bincount(minlength=4)
    chi_squared = float(((found - count * MODES).square() / (count * MODES)).sum())
    assert chi_squared < 16.3  # three degrees of freedom: one in a thousand


def test_draws_are_kept_as_often_as_one_in_the_greatest_ratio():
    sieve = exact(Best(of_quadrants))
    kept(sieve, 8000)
    greatest = float(4 * MODES.max())
    assert sieve.greatest == pytest.approx(math.log(greatest), abs=1e-6)
    assert abs(sieve.rate - 1 / greatest) < 4 * (0.25 / sieve.draws) ** 0.5


@pytest.mark.parametrize("name", ["minimax", "relativistic", *DIVERGENCES])
def test_a_ratio_is_read_from_what_the_best_critic_says(name):
    facts = DIVERGENCES[name]().f_divergence
    if facts is None or name == "total_variation":
        return
    log_u = torch.linspace(-5, 5, 41, dtype=torch.float64)
    assert torch.allclose(log_ratio(name)[0](facts.optimal_score(log_u.exp())), log_u, atol=1e-6)


@pytest.mark.parametrize("name", ["pearson", "kl", "neyman", "jeffreys", "relativistic"])
def test_what_is_kept_does_not_depend_on_how_the_critic_says_it(name):
    facts = DIVERGENCES[name]().f_divergence
    score = (lambda log_u: log_u + 7) if facts is None else (lambda log_u: facts.optimal_score(log_u.exp()))
    plain, other = exact(Best(of_normals), burn_in=640), exact(Best(of_normals, score), name, burn_in=640)
    assert torch.equal(kept(plain, 100), kept(other, 100))


@pytest.mark.parametrize("name", ["wasserstein", "hinge", "total_variation", "least_squares", "relativistic_average"])
def test_a_score_that_tells_no_ratio_is_refused(name):
    with pytest.raises(Refusal, match=r"determines a density ratio, and that of .* does not"):
        log_ratio(name)


def test_the_first_of_many_are_the_few():
    few, many = (
        kept(RejectionSampler(model(Best(of_normals)), log_ratio("gan")[0], 80.0, 640), n, 3) for n in (70, 300)
    )
    assert torch.equal(few, many[:70])


def test_more_are_kept_at_a_lower_percentile():
    rates = []
    for percentile in (95.0, 80.0, 20.0, 0.0):
        sieve = RejectionSampler(model(Best(of_normals)), log_ratio("gan")[0], percentile, 6400)
        kept(sieve, 500)
        rates.append(sieve.rate)
    assert rates == sorted(rates)
    assert rates[-1] > 0.8  # of those at the percentile itself half are kept, here all lie above it


def test_a_critic_that_lets_next_to_nothing_pass_is_not_asked_forever():
    sieve = exact(Best(lambda x: torch.where(x[:, 0] > 3.5, 0.0, -50.0)))
    with pytest.raises(Refusal, match=r"draws gave 0 of 1 samples.*--percentile"):
        kept(sieve, 1)


@pytest.mark.parametrize(("percentile", "burn_in"), [(-1.0, 10), (101.0, 10), (80.0, 0)])
def test_strictness_that_means_nothing_is_refused(percentile, burn_in):
    with pytest.raises(Refusal):
        RejectionSampler(model(Best(of_normals)), log_ratio("gan")[0], percentile, burn_in)
