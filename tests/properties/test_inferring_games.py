"""Laws of games with an encoder: every divergence, every penalty, who moves what, and what is reported."""

import copy
import inspect

import pytest
import torch

from equilibria.core.seeding import reseed
from equilibria.games import GAMES
from equilibria.terms.divergences import DIVERGENCES
from equilibria.terms.penalties import PENALTIES
from equilibria.toys.dirac import encoder_game, play_of

CONTESTED = ("vae_gan", "bigan", "aae", "infogan")
INFERRING = ("vae", "iwae", *CONTESTED)
contested = pytest.mark.parametrize("name", CONTESTED)


def moved(game, player):
    """The networks that a step down a player's loss changes, all of them finite."""
    before = copy.deepcopy(game.networks.state_dict())
    reseed(0)
    with game.only(player):
        terms = player.loss(play_of(game))
        assert all(term.shape == () and term.isfinite() for term in terms.values()), player.name
        sum(terms.values()).backward()
    with torch.no_grad():
        for parameter in game.networks.parameters():
            if parameter.grad is not None:
                assert parameter.grad.isfinite().all(), player.name
                parameter.sub_(0.1 * parameter.grad)
    game.networks.zero_grad()
    after = game.networks.state_dict()
    return {key.split(".")[0] for key in after if not torch.equal(before[key], after[key])}


@contested
@pytest.mark.parametrize("divergence", DIVERGENCES)
def test_every_divergence_moves_each_player_and_only_what_it_owns(name, divergence):
    game = encoder_game(name, DIVERGENCES[divergence]())
    for player in game.players:
        assert moved(game, player) == set(player.networks), player.name


@contested
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("together", [False, True])
def test_every_penalty_is_paid_by_the_critic_alone(name, penalty, together):
    game = encoder_game(name, penalties={penalty: PENALTIES[penalty]()}, together=together)
    paying = [player for player in game.players if player.name == "critic"]
    assert moved(game, *paying) == {"critic"}
    with game.only(*paying):
        assert penalty in paying[0].loss(play_of(game))
    for player in game.players:
        if player.name != "critic":
            with game.only(player):
                assert penalty not in player.loss(play_of(game)), player.name


@contested
def test_penalties_may_be_paid_lazily(name):
    game = encoder_game(name, penalties={"r1": PENALTIES["r1"](2.0)}, lazy=4)
    assert "penalties" in [player.name for player in game.players]
    at_once = encoder_game(name, penalties={"r1": PENALTIES["r1"](2.0)})
    late = next(player for player in game.players if player.name == "penalties").loss(play_of(game))["r1"]
    now = next(player for player in at_once.players if player.name == "critic").loss(play_of(at_once))["r1"]
    assert late.shape == now.shape == ()
    assert late > 0


@pytest.mark.parametrize("name", INFERRING)
def test_every_figure_is_one_finite_number(name):
    game = encoder_game(name)
    for player in game.players:
        play = play_of(game)
        terms = player.loss(play)
        told = player.report(play, terms) if player.report else terms
        assert all(figure.shape == () and figure.isfinite() for figure in told.values()), player.name


@pytest.mark.parametrize("name", ["vae", "iwae", "aae"])
def test_what_an_autoencoder_loses_does_not_depend_on_how_many_see_it(name):
    """A mean over samples: a batch of all costs what its halves cost on average, but for chance."""
    game = encoder_game(name)
    player = game.players[0]

    def loss(count):
        reseed(0)
        return float(player.loss(play_of(game, count))[next(iter(player.loss(play_of(game, 2))))].detach())

    assert loss(2000) == pytest.approx(loss(500), rel=0.1)


def test_every_game_with_an_encoder_is_held_to_these_laws():
    assert {name for name, game in GAMES.items() if "encoder" in inspect.signature(game).parameters} == set(INFERRING)
