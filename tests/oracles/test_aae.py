"""Codes that a critic cannot tell from the prior, whatever the prior."""

import dataclasses

import pytest
import torch

from equilibria.core.seeding import reseed
from equilibria.core.types import Batch
from equilibria.games.play import Play
from equilibria.recipes.build import build
from equilibria.terms.divergences import DIVERGENCES
from equilibria.toys.critics import noise
from equilibria.toys.dirac import SAMPLE, encoder_game, play_of
from equilibria.training.loop import run_rounds
from games import points, small

PRIORS = (
    {"name": "normal", "size": 3},
    {"name": "uniform", "size": 3},
    {"name": "categorical", "classes": 3},
    {"name": "joint", "parts": [{"name": "categorical", "classes": 2}, {"name": "normal", "size": 2}]},
)


def test_the_critic_is_shown_draws_of_the_prior_as_real_and_codes_as_fake():
    game = encoder_game("aae", DIVERGENCES["wasserstein"]())
    play = play_of(game)
    critic = game.networks["critic"]
    found = game.players[1].loss(play)["divergence"]
    assert torch.allclose(found, critic(play.code).mean() - critic(play.z).mean())
    assert torch.allclose(game.players[2].loss(play)["divergence"], -critic(play.code).mean())


def test_the_players_are_the_autoencoder_the_critic_and_the_encoder():
    game = encoder_game("aae")
    assert [player.networks for player in game.players] == [
        ("generator", "encoder", "likelihood"),
        ("critic",),
        ("encoder",),
    ]


def test_each_loss_reaches_all_that_its_player_owns():
    game = encoder_game("aae")
    for player in game.players:
        play = play_of(game)
        with game.only(player):
            loss = torch.stack(list(player.loss(play).values())).sum()
            slopes = torch.autograd.grad(loss, game.parameters(player))
        assert all(slope.abs().sum() > 0 for slope in slopes), player.name


def test_the_autoencoder_pays_for_its_reconstruction_alone():
    game = encoder_game("aae")
    reseed(0)
    play = play_of(game)
    found = game.players[0].loss(play)
    noise = game.networks["likelihood"].log_noise.exp()
    want = -torch.distributions.Normal(play.raw_reconstruction, noise).log_prob(play.x).sum(dim=1).mean()
    assert set(found) == {"reconstruction"}
    assert torch.allclose(found["reconstruction"], want)


@pytest.mark.parametrize("prior", PRIORS, ids=lambda prior: prior["name"])
@pytest.mark.parametrize("posterior", ["point", "gaussian"])
def test_any_prior_will_do(prior, posterior):
    recipe = small("aae")
    recipe.networks["encoder"]["posterior"] = posterior
    run = run_rounds(build(dataclasses.replace(recipe, prior=prior), points()), 2)
    assert all(p.isfinite().all() for p in run.game.networks.parameters())


@pytest.mark.parametrize("deviation", [0.3, 3.0])
def test_codes_of_another_spread_are_told_from_the_prior(deviation):
    """A critic that knows the densities scores draws of the prior higher."""
    game = encoder_game("aae", DIVERGENCES["wasserstein"]())
    play = Play(game.networks, Batch(noise(500, 3, SAMPLE)), game.prior)
    play.code = deviation * noise(500, 4, (3,))

    def ratio(z):
        standard = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(dim=1)
        return standard - torch.distributions.Normal(0.0, deviation).log_prob(z).sum(dim=1)

    play.networks = {**play.networks, "critic": ratio}
    assert game.players[1].loss(play)["divergence"] < -1
