"""What autoencoders lose and report: weights, warm-up, free bits, units in use, conditions."""

import math

import pytest
import torch
from torch import nn

from equilibria.core.errors import Refusal
from equilibria.core.posteriors import Gaussian, Point
from equilibria.core.priors import PRIORS
from equilibria.core.seeding import reseed
from equilibria.core.types import Batch
from equilibria.games import GAMES
from equilibria.games.play import Play
from equilibria.games.vae import active_units
from equilibria.models.conditions import training_conditions
from equilibria.models.model import Model
from equilibria.recipes.build import build
from equilibria.terms.likelihoods import LIKELIHOODS
from games import points, small

MEAN, LOG_VARIANCE = torch.tensor([0.0, 1.0, -2.0]).double(), torch.tensor([0.0, -1.0, 0.5]).double()
KL = (MEAN**2 + LOG_VARIANCE.exp() - 1 - LOG_VARIANCE) / 2  # of each coordinate, the first of them 0


class Fixed(nn.Module):
    """Answers the same for every sample, but for a mean that follows its first value as far as `gain` says."""

    def __init__(self, gain=0.0):
        super().__init__()
        self.mean, self.log_variance = nn.Parameter(MEAN.clone()), nn.Parameter(LOG_VARIANCE.clone())
        self.gain = torch.as_tensor(gain).double()

    def forward(self, x, y=None):
        return Gaussian(self.mean + self.gain * x[:, :1], self.log_variance.expand(len(x), -1))


class Repeat(nn.Module):
    """G(z): its first two numbers."""

    def raw(self, z, y=None):
        return z[:, :2] + 0 * sum(y.shape if y is not None else (0,))

    forward = raw


class Told(nn.Module):
    """A prior that is told the condition: its mean, and a deviation of 2."""

    def forward(self, y):
        mean = y.repeat(1, 3)
        return Gaussian(mean, torch.full_like(mean, math.log(4)))


def game_of(name="vae", encoder=None, prior_network=None, **options):
    likelihood = LIKELIHOODS["gaussian"](nn.Identity(), noise=1.0).double()
    return GAMES[name](
        Repeat(),
        encoder or Fixed(),
        likelihood,
        PRIORS["normal"](3),
        *([prior_network] if prior_network else []),
        **options,
    )


def play_of(game, step=0, count=8, y=None):
    x = torch.randn(count, 2, generator=torch.Generator().manual_seed(1)).double()
    reseed(0)
    return Play(game.networks, Batch(x, y), game.prior, step)


def lost(step=0, **options):
    """The terms of a move, and what is reported of it."""
    game = game_of(**options)
    play, (player,) = play_of(game, step), game.players
    terms = player.loss(play)
    return [{k: float(v.detach()) for k, v in each.items()} for each in (terms, player.report(play, terms))]


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_the_divergence_weighs_beta(beta):
    terms, told = lost(beta=beta)
    assert terms["kl"] == pytest.approx(beta * float(KL.sum()))
    assert told["kl"] == pytest.approx(float(KL.sum()))


@pytest.mark.parametrize(("step", "share"), [(0, 0.0), (3, 0.3), (10, 1.0), (500, 1.0)])
def test_the_weight_grows_in_a_straight_line_to_the_end_of_the_warm_up(step, share):
    terms, told = lost(step, beta=2.0, warmup=10)
    assert terms["kl"] == pytest.approx(2 * share * float(KL.sum()))
    assert told["kl"] == pytest.approx(float(KL.sum()))


@pytest.mark.parametrize("free", [0.0, 0.1, 1.0, 5.0])
def test_each_coordinate_has_so_many_nats_for_nothing(free):
    """sum of max(free, KL_j) (Kingma et al. 2016, eq. 15)."""
    terms, told = lost(free_bits=free)
    assert terms["kl"] == pytest.approx(sum(max(free, float(kl)) for kl in KL))
    assert told["kl"] == pytest.approx(float(KL.sum()))


def test_what_is_free_is_counted_over_the_batch_and_does_not_pull():
    game = game_of(encoder=Fixed(gain=[1.0, 1.0, 2.0]), free_bits=1.5)
    play = play_of(game, count=64)  # some samples on either side of what is free
    kl = play.posterior.divergence(Gaussian.standard(play.posterior.mean)).mean(dim=0)
    found = game.players[0].loss(play)["kl"]
    found.backward()
    assert torch.allclose(found, kl.clamp(min=1.5).sum())
    assert (kl < 1.5).any()
    assert (kl > 1.5).any()
    assert torch.equal(game.networks["encoder"].mean.grad == 0, kl < 1.5)


def test_the_reconstruction_is_minus_the_log_density_of_the_code_decoded():
    game = game_of()
    play = play_of(game)
    (player,) = game.players
    found = player.loss(play)["reconstruction"]
    want = -torch.distributions.Normal(play.code[:, :2], 1.0).log_prob(play.x).sum(dim=1).mean()
    assert torch.allclose(found, want, atol=1e-6)


def test_figures_are_unweighted_and_add_up_to_the_bound():
    _, told = lost(step=1, beta=3.0, warmup=5, free_bits=2.0)
    assert told["elbo"] == pytest.approx(-(told["reconstruction"] + float(KL.sum())))
    assert told["kl"] == pytest.approx(float(KL.sum()))
    assert told["bits per dimension"] == pytest.approx(-told["elbo"] / (2 * math.log(2)))


def test_the_importance_weighted_game_reports_its_bound():
    terms, told = lost(name="iwae", k=5)
    assert told["bound"] == pytest.approx(-terms["bound"])
    assert told["kl"] == pytest.approx(float(KL.sum()))
    assert told["bits per dimension"] == pytest.approx(terms["bound"] / (2 * math.log(2)))


def test_units_are_active_whose_means_vary():
    play = play_of(game_of(encoder=Fixed(gain=[0.0, 0.05, 1.0])), count=4000)
    assert active_units(play) == 1
    assert active_units(play_of(game_of(encoder=Fixed(gain=0.2)), count=4000)) == 3
    assert active_units(play_of(game_of())) == 0


def test_a_prior_that_is_told_the_condition_is_what_codes_diverge_from():
    y = torch.linspace(-1, 1, 8).unsqueeze(1).double()
    game = game_of(prior_network=Told())
    play = play_of(game, y=y)
    want = play.posterior.divergence(Gaussian(y.repeat(1, 3), torch.full((8, 3), math.log(4)).double()))
    assert torch.allclose(game.players[0].loss(play)["kl"], want.sum(dim=1).mean())
    assert game.players[0].networks == ("generator", "encoder", "prior", "likelihood")


def test_latents_are_drawn_from_what_the_prior_makes_of_the_condition():
    y = torch.full((20_000, 1), 5.0).double()
    play = play_of(game_of(prior_network=Told()), count=20_000, y=y)
    assert torch.allclose(play.z, 5 + 2 * play.noise.double())
    assert float(play.z.std()) == pytest.approx(2, rel=0.02)
    assert torch.equal(play.fake, play.z[:, :2])


def test_samples_of_a_conditional_model_are_made_from_its_own_prior():
    data = points()
    run = build(small("cvae"), data)
    with torch.no_grad():
        for parameter in run.game.networks["prior"].parameters():
            parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)))
    model = Model(run.game.networks, data.space, run.game.prior, data.labels, training_conditions(data))
    noise, y = model.draw_noise(64, (3, 0))
    expected = model.networks["prior"](y)
    z = expected.mean + (expected.log_variance / 2).exp() * noise
    assert torch.allclose(model.sample(64, seed=3), model.networks["generator"](z, y))
    assert not torch.allclose(model.sample(64, seed=3), model.networks["generator"](noise, y))
    assert torch.allclose(model.noise_of(model.latents_of(noise, y), y), noise, atol=1e-4)


@pytest.mark.parametrize("name", ["vae", "iwae"])
def test_other_priors_than_normal_ones_are_refused(name):
    with pytest.raises(Refusal, match="for a normal prior only"):
        GAMES[name](Repeat(), Fixed(), LIKELIHOODS["gaussian"](nn.Identity()), PRIORS["uniform"](3))


@pytest.mark.parametrize("options", [{"beta": -1.0}, {"warmup": -1}, {"free_bits": -0.1}, {"name": "iwae", "k": 0}])
def test_weights_that_mean_nothing_are_refused(options):
    with pytest.raises(Refusal):
        game_of(**options)


def test_a_point_is_no_posterior():
    class Pointed(Fixed):
        def forward(self, x, y=None):
            return Point(super().forward(x).mean)

    game = game_of(encoder=Pointed())
    with pytest.raises(Refusal, match=r"--encoder.posterior gaussian"):
        game.players[0].loss(play_of(game))
