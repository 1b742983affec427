"""Pairs: who draws both sides exchanges real and fake, or opposes the critic, until one inverts the other."""

import pytest
import torch

from equilibria.core.errors import Refusal
from equilibria.core.seeding import reseed
from equilibria.games.bigan import exchangeable
from equilibria.games.contest import Contest
from equilibria.games.views import encoded, generated
from equilibria.terms.divergences import DIVERGENCES
from equilibria.toys import linear_models
from equilibria.toys.dirac import encoder_game, play_of

EXCHANGED = (
    "non_saturating",  # softplus(-fake) is what the critic pays for real
    "least_squares",  # (fake - b)^2 / 2 is, where the generator's code c is b
    "wasserstein",  # -fake is
    "relativistic",  # symmetric: softplus(real - fake)
    "relativistic_average",  # symmetric, too
    "total_variation",  # -f*(g(fake)) is -g(fake), since f*(t) = t
)
INVERSE = torch.linalg.inv(linear_models.TRUTH)
both_answers = pytest.mark.parametrize("answer", ["exchange", "minus"])


def pair_of(divergence, **options):
    """A game of pairs, the play before it, and what pulls at the pair."""
    game = encoder_game("bigan", divergence, **options)
    play = play_of(game)
    reseed(0)
    (loss,) = game.players[-1].loss(play).values()
    return game, play, torch.autograd.grad(loss, game.parameters(game.players[-1]), retain_graph=True)


@pytest.mark.parametrize("name", EXCHANGED)
def test_exchanging_pulls_at_fake_as_the_generators_own_loss_does(name):
    game = encoder_game("bigan", DIVERGENCES[name]())
    play = play_of(game)
    contest = Contest(DIVERGENCES[name](), {}, encoded, generated)
    generator = list(game.networks["generator"].parameters())
    own, exchanged = (
        torch.autograd.grad(terms["divergence"], generator, retain_graph=True)
        for terms in (contest.generator_terms(play), contest.exchanged_terms(play))
    )
    assert all(torch.allclose(a, b, rtol=1e-9, atol=1e-12) for a, b in zip(own, exchanged, strict=True))


@pytest.mark.parametrize("name", DIVERGENCES)
def test_left_to_itself_the_pair_exchanges_or_opposes(name):
    divergence = DIVERGENCES[name]()
    assert exchangeable(divergence) == (name in EXCHANGED)
    chosen = pair_of(divergence)[2]
    said = pair_of(divergence, answer="exchange" if name in EXCHANGED else "minus")[2]
    assert all(torch.equal(a, b) for a, b in zip(chosen, said, strict=True))


@pytest.mark.parametrize(
    ("name", "options", "answer"),
    [
        ("least_squares", {"generator_code": 0.5}, "minus"),
        ("least_squares", {"fake_code": -1.0, "real_code": 2.0, "generator_code": 2.0}, "exchange"),
        ("kl", {"generator_loss": "alternative"}, "exchange"),
        ("kl", {"generator_loss": "exact"}, "minus"),
    ],
)
def test_options_decide_whether_exchanging_is_the_divergences_own_game(name, options, answer):
    assert exchangeable(DIVERGENCES[name](**options)) == (answer == "exchange")


@pytest.mark.parametrize("name", DIVERGENCES)
def test_the_answers_are_the_critics_loss_exchanged_or_negated(name):
    divergence = DIVERGENCES[name]()
    for answer, loss in (
        ("exchange", lambda real, fake: divergence.critic(fake, real)),
        ("minus", lambda real, fake: -divergence.critic(real, fake)),
    ):
        game, play, found = pair_of(divergence, answer=answer)
        critic = game.networks["critic"]
        real, fake = critic(play.x, play.code), critic(play.fake, play.z)
        want = torch.autograd.grad(loss(real, fake).mean(), game.parameters(game.players[-1]))
        assert all(torch.allclose(a, b, rtol=1e-9, atol=1e-12) for a, b in zip(found, want, strict=True))


@both_answers
def test_both_of_the_pair_are_pulled_by_one_loss(answer):
    game, _, slopes = pair_of(DIVERGENCES["non_saturating"](), answer=answer)
    assert all(slope.abs().sum() > 0 for slope in slopes)
    assert game.players[-1].networks == ("generator", "encoder")


@both_answers
def test_nothing_pulls_where_the_encoder_inverts_the_generator(answer):
    turn = torch.linalg.qr(torch.tensor([[0.6, 1.0], [0.8, 0.3]], dtype=torch.float64))[0]
    game = linear_models.pair_game(linear_models.TRUTH, INVERSE, answer)
    assert linear_models.pair_gradient(game).abs().max() < 1e-9
    assert game.networks["critic"].quadratic.abs().max() < 1e-9  # nor can any critic tell the sides apart
    assert (
        linear_models.pair_gradient(linear_models.pair_game(linear_models.TRUTH @ turn, turn.T @ INVERSE, answer))
        .abs()
        .max()
        < 1e-9
    )


@both_answers
@pytest.mark.parametrize(("generator", "encoder"), [(1.0, 0.5), (0.5, 1.0), (0.5, 2.0), (1.0, -1.0)])
def test_the_pair_is_pulled_everywhere_else(generator, encoder, answer):
    """Also where the encoder inverts a generator of other samples, or where samples are right and codes are not."""
    game = linear_models.pair_game(generator * linear_models.TRUTH, encoder * INVERSE, answer)
    assert linear_models.pair_gradient(game).abs().max() > 0.01


@both_answers
def test_playing_ends_where_the_encoder_inverts_the_generator(answer):
    start = torch.eye(2, dtype=torch.float64) / 2
    assert torch.allclose(
        linear_models.train_pair(linear_models.pair_game(start, start, answer), 150), 2 * start, atol=1e-3
    )


def test_an_unknown_answer_is_refused():
    with pytest.raises(Refusal, match="Did you mean 'exchange'"):
        encoder_game("bigan", answer="exchnage")
