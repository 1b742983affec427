"""An autoencoder that is judged: likeness in a critic's layer, weights of the sides, gates."""

import math

import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from equilibria.core.errors import Refusal
from equilibria.core.posteriors import Gaussian
from equilibria.core.priors import PRIORS
from equilibria.core.types import Batch
from equilibria.games import GAMES
from equilibria.games.play import Play
from equilibria.games.vae_gan import Gates, feature_distance
from equilibria.terms.divergences import DIVERGENCES
from equilibria.terms.penalties import PENALTIES


class Double(nn.Module):
    """G(z) = 2 z + shift."""

    def __init__(self):
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(2).double())

    def forward(self, z, y=None):
        return 2 * z.double() + self.shift


class Half(nn.Module):
    """Codes are x / 2 + bias, without doubt."""

    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.full((2,), 0.5).double())

    def forward(self, x, y=None):
        mean = x / 2 + self.bias
        return Gaussian(mean, torch.full_like(mean, -60.0))


class Flat(nn.Module):
    """Scores a sum; its layer is the sample itself. Data lie beyond 50 in these tests, samples never do."""

    def __init__(self, real=None, fake=None):
        super().__init__()
        self.weight, self.said = nn.Parameter(torch.ones(2).double()), (real, fake)

    def features(self, x, y=None):
        return x

    def forward(self, x, y=None):
        if self.said[0] is None:
            return x @ self.weight
        real, fake = self.said
        return torch.where(x[:, 0] > 50, real + self.weight[0] - 1, fake + self.weight[1] - 1) + 0 * x[:, 0]


def game_of(critic=None, divergence="non_saturating", penalties=(), **options):
    named = {name: PENALTIES[name]() for name in penalties}
    return GAMES["vae_gan"](
        Double(), Half(), critic or Flat(), PRIORS["normal"](2), DIVERGENCES[divergence](), named, **options
    )


def play_of(game, offset=0.0, count=6):
    x = torch.randn(count, 2, generator=torch.Generator().manual_seed(1)).double() + offset
    play = Play(game.networks, Batch(x), game.prior)
    play.z = torch.randn(count, 2, generator=torch.Generator().manual_seed(2)).double()
    return play


def loss_of(game, name, play):
    return next(player for player in game.players if player.name == name).loss(play)


def test_likeness_is_half_the_squared_distance_in_the_critics_layer():
    """The reconstruction is x + 1 in both of its values."""
    play = play_of(game_of())
    assert torch.allclose(feature_distance(play), torch.ones(6).double())


def test_the_encoder_pays_for_likeness_whole_and_the_generator_its_share():
    game = game_of(fidelity=0.25, kl=3.0)
    play = play_of(game)
    kl = play.posterior.divergence(Gaussian.standard(play.posterior.mean)).sum(dim=1).mean()
    encoder, generator = loss_of(game, "encoder", play), loss_of(game, "generator", play)
    assert float(encoder["likeness"].detach()) == pytest.approx(1.0)
    assert float(generator["likeness"].detach()) == pytest.approx(0.25)
    assert torch.allclose(encoder["kl"], 3 * kl)
    assert set(encoder) == {"kl", "likeness"}


def test_the_critic_pays_half_of_the_papers_sum_with_its_data_doubled():
    """Larsen et al. 2016, eq. 6: log D(x) + log(1 - D(G(z))) + log(1 - D(G(E(x)))). Here data weigh twice, all half."""
    game = game_of()
    play = play_of(game)
    real, drawn, rebuilt = (game.networks["critic"](v) for v in (play.x, play.fake, play.reconstruction))
    data, samples = softplus(-real).mean(), softplus(drawn).mean() + softplus(rebuilt).mean()
    assert torch.allclose(loss_of(game, "critic", play)["divergence"], (2 * data + samples) / 2)


def test_the_generator_answers_for_samples_and_reconstructions():
    game = game_of()
    play = play_of(game)
    drawn, rebuilt = (softplus(-game.networks["critic"](v)).mean() for v in (play.fake, play.reconstruction))
    assert torch.allclose(loss_of(game, "generator", play)["divergence"], (drawn + rebuilt) / 2)


def test_penalties_are_paid_on_data_samples_and_reconstructions():
    seen = []

    def price(duel):
        seen.append([len(side[0]) for side in (duel.real, duel.fake)])
        return duel.fake[0].sum(dim=1)

    game = game_of(penalties=())
    game = GAMES["vae_gan"](
        *(game.networks[role] for role in ("generator", "encoder", "critic")),
        game.prior,
        DIVERGENCES["non_saturating"](),
        {"price": price},
    )
    play = play_of(game)
    terms = loss_of(game, "critic", play)
    assert seen == [[12, 12]]
    assert torch.allclose(terms["price"], torch.cat([play.fake, play.reconstruction]).sum(dim=1).mean())


@pytest.mark.parametrize("penalty", ["r1", "r2", "gradient_penalty"])
def test_a_slope_that_is_the_same_everywhere_costs_what_it_costs_in_a_gan(penalty):
    """The critic's slope is (1, 1)."""
    game = game_of(penalties=[penalty])
    want = PENALTIES[penalty]()
    contest_of_one = GAMES["gan"](Double(), Flat(), PRIORS["normal"](2), DIVERGENCES["non_saturating"](), {"p": want})
    found = loss_of(game, "critic", play_of(game))[penalty]
    assert torch.allclose(found, loss_of(contest_of_one, "critic", play_of(contest_of_one))["p"])


@pytest.mark.parametrize(
    ("real", "fake", "critic_moves", "generator_moves"),
    [
        (0.0, 0.0, True, True),  # both losses are log 2, near the equilibrium
        (3.0, -3.0, False, True),  # too good: it rests
        (-2.0, 2.0, True, False),  # too bad: the generator rests
        (3.0, 2.0, True, True),  # too good by one loss, too bad by the other: both move
        (3.0, 0.0, False, True),  # one loss is enough
        (0.0, 2.0, True, False),
    ],
)
def test_a_side_rests_while_the_critics_losses_are_far_from_the_equilibrium(real, fake, critic_moves, generator_moves):
    game = game_of(Flat(real, fake), gates=True, fidelity=0.5)
    play = play_of(game, offset=100.0)
    play.reconstruction = play.fake  # neither lies beyond 50
    against, towards = loss_of(game, "critic", play)["divergence"], loss_of(game, "generator", play)
    loss = softplus(torch.tensor(-real)) + softplus(torch.tensor(fake))
    assert float(against.detach()) == pytest.approx(float(loss) * critic_moves, abs=1e-6)
    answer = float(softplus(torch.tensor(-fake)))
    assert float(towards["divergence"].detach()) == pytest.approx(answer * generator_moves, abs=1e-6)
    assert towards["likeness"] > 0  # likeness is no part of the contest
    assert against.shape == ()
    (slope,) = torch.autograd.grad(against, game.networks["critic"].weight)
    assert bool(slope.any()) == critic_moves


def test_a_critic_at_rest_pays_no_penalties():
    game = game_of(Flat(3.0, -3.0), penalties=["r1"], gates=True)
    play = play_of(game, offset=100.0)
    play.reconstruction = play.fake
    assert all(float(term.detach()) == 0 for term in loss_of(game, "critic", play).values())


def test_what_gates_have_thinned_is_not_read_as_a_distance():
    assert game_of(gates=True).players[0].estimate is None
    assert game_of().players[0].estimate(0.0) == pytest.approx(math.log(2))


def test_open_gates_change_nothing():
    wide, none = game_of(gates=True, margin=50.0), game_of()
    for name in ("critic", "generator"):
        one, other = (loss_of(game, name, play_of(game)) for game in (wide, none))
        assert one.keys() == other.keys()
        assert all(torch.allclose(one[term], other[term]) for term in one)


@pytest.mark.parametrize("options", [{"margin": 0.0}, {"equilibrium": -1.0}, {"margin": math.nan}])
def test_gates_that_mean_nothing_are_refused(options):
    with pytest.raises(Refusal, match="above 0 is needed"):
        game_of(gates=True, **options)


def test_gates_read_logits_only():
    game_of(divergence="minimax", gates=True)
    with pytest.raises(Refusal, match="gates read scores as logits"):
        game_of(divergence="wasserstein", gates=True)
    assert Gates.__dataclass_params__.frozen
