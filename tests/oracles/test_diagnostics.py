"""What diagnostics say of games whose answer is known on paper."""

import copy
import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from equilibria.core.posteriors import Gaussian, Point
from equilibria.core.priors import PRIORS
from equilibria.evaluation.diagnostics import DIAGNOSTICS
from equilibria.evaluation.diagnostics.critic import higher
from equilibria.evaluation.metrics import METRICS
from equilibria.evaluation.metrics.wasserstein import sliced_wasserstein
from equilibria.games.game import Game, Player
from equilibria.games.weight_clipping import WeightClipping
from scenes import Plain, Reader, line_game, scene_of

SOURCE = torch.Generator().manual_seed(5)
X = torch.randn(64, 3, generator=SOURCE)
MORE = torch.randn(64, 3, generator=SOURCE)


def see(name, scene):
    return DIAGNOSTICS[name](scene)


def test_a_straight_critic_is_as_steep_as_its_weights_everywhere():
    found = see("slopes", scene_of(line_game((3.0, 4.0, 0.0)), X))
    assert found["mean"] == pytest.approx(5)
    assert found["deviation"] == pytest.approx(0, abs=1e-5)
    assert found["from_one"] == pytest.approx(4)
    assert found["input_gradient_generated"] == pytest.approx(5)
    assert (int(sum(found["counts"])), len(found["edges"])) == (32, len(found["counts"]) + 1)


def test_slopes_are_measured_between_data_and_samples():
    class Bent(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(1, 1))

        def forward(self, x, y=None):
            return self.weight[0, 0] * x.square().sum(dim=1) / 2  # slope |x|

    game = line_game((1.0,), Plain(1, shift=0.0, scale=0.0))
    game.networks["critic"] = Bent()
    scene = scene_of(Game(game.networks, game.players, game.prior, contest=game.contest), torch.ones(256, 1), batch=128)
    found = see("slopes", scene)
    assert found["mean"] == pytest.approx(0.5, abs=0.06)  # uniform on the segment from 0 to 1
    assert found["input_gradient_generated"] == pytest.approx(0, abs=1e-6)


def test_scores_are_those_of_the_critic_and_pairs_are_ranked():
    found = see("scores", scene_of(line_game((1.0, 0.0, 0.0), Plain(3, shift=-9.0)), X, X + torch.tensor([9.0, 0, 0])))
    assert found["train"] == pytest.approx(float(X[:, 0].mean()), abs=1e-5)
    assert found["held_out"] == pytest.approx(float(X[:, 0].mean()) + 9, abs=1e-5)
    assert found["generated"] == pytest.approx(-9, abs=0.5)
    assert found["deviation"] == pytest.approx(1, abs=0.2)
    assert (found["told_apart"], found["told_apart_held_out"], found["memorized"]) == (1, 1, 0)


def test_a_critic_that_is_blind_to_the_split_has_memorized_nothing():
    mixed = torch.cat([X, X])
    found = see("scores", scene_of(line_game(), mixed, mixed.flip(0)))
    assert found["memorized"] == pytest.approx(0.5)


def test_a_flat_critic_cannot_tell():
    assert see("scores", scene_of(line_game((0.0, 0.0, 0.0)), X))["told_apart"] == 0.5


def test_ties_count_half():
    assert higher(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.0])) == 7 / 8


def test_the_share_of_clipped_weights_is_that_of_the_planted_ones():
    game = line_game((0.01, -0.01, 0.005, 0.00995), clip=0.01)
    assert see("clipped", scene_of(game, torch.randn(16, 4))) == {"bound": 0.01, "share": 0.75}
    assert see("clipped", scene_of(line_game(), X)) == {}


def test_norm_scales_are_not_counted_among_the_clipped():
    network = nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2))
    assert sum(w.numel() for w in WeightClipping(0.01).weights(network)) == 6
    assert sum(w.numel() for w in WeightClipping(0.01, norms=True).weights(network)) == 10


def test_gradients_are_those_of_each_player_s_own_loss():
    scene = scene_of(line_game((3.0, 4.0, 0.0), Plain(3, shift=1.0)), X)
    found, play = see("gradients", scene), scene.play(0)
    critic = play.fake.mean(dim=0) - play.x.mean(dim=0)  # of mean D(fake) - mean D(real)
    assert found["critic"] == {"weight": pytest.approx(float(critic.norm()), rel=1e-5)}
    weight = torch.tensor([3.0, 4.0, 0.0])  # the generator lowers -w (shift + scale z)
    pulled = torch.cat([weight, weight * play.z.mean(dim=0)])
    assert found["norm"]["generator"] == pytest.approx(float(pulled.norm()), rel=1e-5)
    assert found["players"].keys() == {"critic", "generator"}


def test_layers_are_named_from_input_to_output_with_what_is_parametrized():
    game = line_game((1.0, 1.0, 1.0))
    score = nn.Sequential(nn.utils.parametrizations.spectral_norm(nn.Linear(3, 4)), nn.Linear(4, 1), nn.Flatten(0))
    game.networks["critic"] = score
    found = see("gradients", scene_of(Game(game.networks, game.players, game.prior, contest=game.contest), X))
    assert list(found["critic"]) == ["0", "1"]


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_plain_descent_steps_along_its_gradient(optimizer):
    scene = scene_of(line_game(), X, optimizer=optimizer)
    found = see("steps", scene)
    pulls = torch.cat([pull.flatten() for pull in scene.gradients["critic"]])
    expected = 1.0 if optimizer == "sgd" else float(pulls.abs().sum() / (pulls.norm() * len(pulls) ** 0.5))
    assert found["critic"] == pytest.approx(expected, abs=1e-3)  # Adam's first step is the sign of the gradient


def test_planted_moments_turn_the_step_around():
    scene = scene_of(line_game(), X, optimizer="adam")
    (parameter,), (pull,) = scene.game.parameters(scene.game.players[0]), scene.gradients["critic"]
    scene.optimizers["critic"].state[parameter] = {
        "step": torch.tensor(100.0),
        "exp_avg": -100 * pull,
        "exp_avg_sq": torch.ones_like(pull),
    }
    assert see("steps", scene)["critic"] == pytest.approx(-1, abs=1e-3)


def test_strides_are_shares_of_the_weights():
    scene = scene_of(line_game((3.0, 4.0, 0.0)), X)
    assert see("strides", scene)["critic"] == pytest.approx(
        0.01 * float(scene.gradients["critic"][0].norm()) / 5, rel=1e-4
    )


def test_norms_of_weights_are_those_of_all_numbers_together():
    assert see("weights", scene_of(line_game((3.0, 4.0, 0.0), Plain(3)), X)) == {
        "critic": 5.0,
        "generator": pytest.approx(3**0.5),
    }


def test_a_bilinear_game_only_turns():
    scene = scene_of(line_game((0.7,), Plain(1, shift=0.3, scale=0.0)), torch.zeros(8, 1), batch=8)
    scene.game.networks["generator"].scale.requires_grad_(False)
    found = see("rotation", scene)  # v = (-psi, theta): J = (0 -1; 1 0), but for the scale, which z moves
    assert found["real"] == pytest.approx(0, abs=1e-6)
    assert found["angle"] == pytest.approx(90, abs=1e-3)
    assert found["imaginary"] >= 1 - 1e-6


def test_players_who_do_not_meet_never_turn():
    class Bowl(nn.Module):
        def __init__(self, start):
            super().__init__()
            self.weight = nn.Parameter(torch.tensor(start))

    networks = nn.ModuleDict({"generator": Bowl([1.0, -2.0]), "critic": Bowl([0.5, 3.0])})
    stiffness = {"generator": torch.tensor([1.0, 2.0]), "critic": torch.tensor([5.0, 0.5])}

    def falls(name):
        return lambda play: {"fall": (stiffness[name] * play.networks[name].weight.square()).sum() / 2}

    game = Game(networks, tuple(Player(name, (name,), falls(name)) for name in networks), PRIORS["normal"](1))
    found = see("rotation", scene_of(game, X))
    v = torch.cat([stiffness[name] * networks[name].weight.detach() for name in networks])
    bend = torch.cat(list(stiffness.values()))
    assert found["angle"] == pytest.approx(0, abs=1e-3)
    assert found["imaginary"] == pytest.approx(0, abs=1e-6)
    assert found["real"] == pytest.approx(float((bend * v * v).sum() / v.square().sum()), rel=1e-5)


def test_products_are_those_of_the_jacobian():
    from equilibria.evaluation.diagnostics.rotation import products

    game = line_game((0.7, -0.4), Plain(2, shift=0.3), divergence="minimax")
    scene = scene_of(game, X[:, :2])
    parameters = list(game.networks.parameters())
    owned = {player.name: game.parameters(player) for player in game.players}

    def field():
        found = {}
        for player in game.players:
            loss = player.loss(scene.play(0))["divergence"]
            pulls = torch.autograd.grad(loss, owned[player.name], create_graph=True)
            found |= dict(zip(owned[player.name], pulls, strict=True))
        return torch.cat([found[p].flatten() for p in parameters])

    v = field()
    jacobian = torch.stack([torch.cat([g.flatten() for g in _gradient(row, parameters)]) for row in v])
    u = torch.randn(len(v), generator=torch.Generator().manual_seed(1))
    parts = dict(zip(parameters, (t.view_as(p) for t, p in _split(u, parameters)), strict=True))
    along, against = products(scene, list(game.players), parts)
    for found, expected in ((along, jacobian @ u), (against, jacobian.T @ u)):
        assert torch.allclose(torch.cat([found[p].flatten() for p in parameters]), expected, atol=1e-5)


def _gradient(value, parameters):
    return torch.autograd.grad(value, parameters, retain_graph=True, materialize_grads=True, allow_unused=True)


def _split(u, parameters):
    return zip(u.split([p.numel() for p in parameters]), parameters, strict=True)


def test_who_plays_alone_goes_round_nobody():
    game = line_game()
    alone = Game(game.networks, game.players[:1], game.prior, contest=game.contest)
    assert see("rotation", scene_of(alone, X)) == {}


def test_the_estimate_of_a_critic_that_is_held_does_not_grow():
    rest = see("burst", scene_of(line_game((0.0, 0.0, 0.0), clip=1e-12), X))
    assert rest["after"] == pytest.approx(rest["before"], abs=1e-9)


def test_the_estimate_of_the_best_critic_does_not_grow():
    class Flat(nn.Module):  # log p / q, where data and samples are the same
        def __init__(self):
            super().__init__()
            self.weight, self.bias = nn.Parameter(torch.zeros(1, 3)), nn.Parameter(torch.zeros(1))

        def forward(self, x, y=None):
            return (x @ self.weight.T + self.bias).squeeze(1)

    same = torch.zeros(16, 3)  # and the generator's one point is the data's
    game = line_game((0.0, 0.0, 0.0), Plain(3, shift=0.0, scale=0.0), divergence="non_saturating")
    game.networks["critic"] = Flat()
    found = see("burst", scene_of(Game(game.networks, game.players, game.prior, contest=game.contest), same))
    assert (found["before"], found["growth"]) == (pytest.approx(0, abs=1e-6), pytest.approx(0, abs=1e-6))


def test_the_estimate_of_a_fresh_critic_grows_as_descent_says():
    scene = scene_of(line_game((1.0, 0.0, 0.0), Plain(3, shift=2.0, scale=0.0)), torch.zeros(16, 3))
    before = copy.deepcopy(scene.game.networks.state_dict())
    found = see("burst", scene)  # each step of .01 along (2, 2, 2) lowers D(fake) - D(real) by .01 times 12
    assert (found["before"], found["moves"]) == (pytest.approx(-2 + 0.01 * 12), 10)  # the critic has had its turn
    assert found["after"] == pytest.approx(-2 + 11 * 0.01 * 12, rel=1e-4)
    assert found["growth"] == pytest.approx(1.2 / 1.88, rel=1e-4)
    assert all(
        torch.equal(a, b) for a, b in zip(before.values(), scene.game.networks.state_dict().values(), strict=True)
    )


def test_samples_like_the_data_are_as_diverse():
    found = see("diversity", scene_of(line_game(), X, MORE, fake=MORE))
    assert (found["ratio"], found["nearest_ratio"]) == (pytest.approx(1), pytest.approx(1))
    assert found["copies"] == found["copies_data"]


def test_one_sample_over_and_over_is_not_diverse():
    found = see("diversity", scene_of(line_game(), X, MORE, fake=torch.ones(64, 3) + 1e-5 * X))
    assert found["ratio"] < 1e-4
    assert found["copies"] == 1


def test_the_mean_distance_of_pairs_leaves_nobody_beside_himself():
    found = see("diversity", scene_of(line_game(), X, MORE, fake=torch.tensor([[0.0, 0, 0], [3.0, 4.0, 0]])))
    assert found["generated"] == pytest.approx(5)


def test_modes_without_a_near_sample_are_missing():
    centres = torch.tensor([[0.0, 0], [4.0, 0], [0, 4.0]])
    fake = torch.tensor([[0.0, 0.2], [0.1, 0], [4.0, 1.0], [0, 4.2]])  # the third is ten deviations off
    scene = scene_of(line_game((1.0, 1.0)), centres, centres.repeat(2, 1), fake=fake, centers=centres, std=0.1)
    found = see("coverage", scene)
    assert found["classes"].tolist() == [0.5, 0.25, 0.25]
    assert (found["missing"], found["missing_data"], found["of"], found["high_quality"]) == (1, 0, 3, 0.75)


def test_classes_far_below_their_usual_share_are_missing():
    centres = torch.tensor([[0.0, 0], [4.0, 0], [0, 4.0]])
    scene = scene_of(
        line_game((1.0, 1.0)), centres, centres.repeat(4, 1), fake=centres[:2].repeat(6, 1), centers=centres
    )
    found = see("coverage", scene)
    assert found["classes"].tolist() == [0.5, 0.5, 0]
    assert (found["missing"], found["missing_data"]) == (1, 0)
    assert "high_quality" not in found


def test_averages_that_lag_are_seen_in_weights_and_samples():
    game = line_game((1.0, 1.0, 1.0), Plain(3, shift=1.0, scale=1.0))
    behind = nn.ModuleDict({"generator": Plain(3, shift=0.0, scale=1.0)})
    found = see("average", scene_of(game, X, averaged=behind))
    assert found["gap"] == pytest.approx(math.sqrt(3 / 6))
    assert found["output"] == pytest.approx(1, abs=0.25)  # one away, where samples deviate by one
    assert see("average", scene_of(game, X)) == {"gap": 0, "output": 0}


def test_the_divergence_of_a_posterior_is_the_closed_form():
    game = line_game((1.0, 1.0, 1.0))
    game.networks["encoder"] = Reader(lambda x: Gaussian(0 * x + 2, 0 * x - 1))
    found = see("posterior", scene_of(game, X))
    assert found["kl"] == pytest.approx(3 * (4 + math.exp(-1) - 1 + 1) / 2, rel=1e-5)
    assert (found["active_units"], found["of"]) == (0, 3)
    assert found["used"] == pytest.approx(-4, abs=0.6)  # two away from data of variance one


def test_an_encoder_that_inverts_agrees_and_uses_every_latent():
    game = line_game((1.0, 1.0, 1.0))
    game.networks["encoder"] = Reader(Point)  # as the generator answers its latents
    assert see("agreement", scene_of(game, X)) == {"sample": 0, "code": 0}
    assert see("posterior", scene_of(game, X)) == {"active_units": 3, "of": 3, "used": 1}


def test_an_encoder_that_guesses_disagrees():
    game = line_game((1.0, 1.0, 1.0))
    game.networks["encoder"] = Reader(lambda x: Point(x.roll(1, dims=0)))
    found = see("agreement", scene_of(game, X))
    assert found == {"sample": pytest.approx(1), "code": pytest.approx(1)}


def test_what_reads_no_latents_is_not_asked_for_them():
    game = line_game((1.0, 1.0, 1.0))
    game.networks["encoder"] = Reader(Point)
    assert (
        see("agreement", scene_of(game, X, encoder_inverts=False))
        == see("posterior", scene_of(game, X, encoder_inverts=False))
        == {}
    )


def test_repeated_training_samples_are_nearest_to_themselves():
    found = see("neighbours", scene_of(line_game(), X, MORE, fake=X[:32] + 1e-6))
    assert (found["ratio"], found["nearer_train"]) == (pytest.approx(0, abs=1e-4), 1)


def test_copies_of_samples_beyond_the_size_of_the_held_out_part_are_found():
    found = see("neighbours", scene_of(line_game(), X, MORE[:4], fake=X[32:]))
    assert found["copied"] == pytest.approx(0, abs=1e-4)
    assert found["ratio"] > 0.5


def test_samples_of_nobody_are_as_near_to_either_part():
    fake = torch.randn(256, 3, generator=torch.Generator().manual_seed(9))
    found = see("neighbours", scene_of(line_game(), X, MORE, fake=fake))
    assert found["ratio"] == pytest.approx(1, abs=0.1)
    assert found["nearer_train"] == pytest.approx(0.5, abs=0.15)
    assert found["copied"] == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("shift", [0.0, 0.7])
def test_likeness_is_precision_recall_and_distance_as_the_metrics_have_them(shift):
    fake = torch.randn(64, 3, generator=torch.Generator().manual_seed(8)) + shift
    found = see("likeness", scene_of(line_game(), X, MORE, fake=fake))
    sets = SimpleNamespace(real=MORE, fake=fake, train=X)
    metric = {name: one.value for name, one in METRICS["precision_recall"](None).measure(sets).items()}
    assert {name: found[name] for name in metric} == pytest.approx(metric)
    data = METRICS["precision_recall"](None).measure(SimpleNamespace(real=MORE, fake=X, train=X))
    assert {name: found[f"{name}_data"] for name in metric} == pytest.approx({n: one.value for n, one in data.items()})
    assert found["distance"] == pytest.approx(sliced_wasserstein(MORE, fake, 64))
    assert (found["distance"] > 2 * found["distance_data"]) == (shift > 0)


@pytest.mark.parametrize("fake", [X[:1].repeat(64, 1), 0.01 * MORE])
def test_of_one_sample_and_of_blur_nothing_is_recalled(fake):
    assert see("likeness", scene_of(line_game(), X, MORE, fake=fake))["recall"] <= 0.02


def test_noise_lies_nowhere_among_data():
    noise = 9 * torch.randn(64, 3, generator=torch.Generator().manual_seed(6)) + 30
    found = see("likeness", scene_of(line_game(), X, MORE, fake=noise))
    assert (found["precision"], found["distance"] > 5 * found["distance_data"]) == (0.0, True)
