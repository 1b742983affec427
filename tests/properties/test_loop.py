"""Laws of the loop, for every formulation."""

import copy
import dataclasses
import io

import pytest
import torch
from torch import nn

from equilibria.core.types import Batch
from equilibria.games.play import Play
from equilibria.networks.norms import reestimate_batchnorm
from equilibria.runs.plan import rehearse
from equilibria.training.loop import run_rounds
from equilibria.training.run import Average
from equilibria.training.step import draw, move
from games import FAMILIES, run_of, weights
from shares import one_in

every_family = pytest.mark.parametrize("family", FAMILIES)


@every_family
def test_a_player_moves_its_own_networks_and_no_other(family):
    run = run_of(family)
    for player in run.game.players:
        before = copy.deepcopy({name: dict(net.named_parameters()) for name, net in run.game.networks.items()})
        move(run, (player,))
        for name, network in run.game.networks.items():
            moved = any(not torch.equal(before[name][key], value) for key, value in network.named_parameters())
            assert moved == (name in player.networks), (player.name, name)


@every_family
def test_no_gradient_is_built_for_a_network_that_does_not_move(family):
    run = run_of(family)
    for player in run.game.players:
        play = draw(run)
        with run.game.only(player):
            sum(player.loss(play).values()).backward()
        for name, network in run.game.networks.items():
            assert any(p.grad is not None for p in network.parameters()) == (name in player.networks)
        run.game.networks.zero_grad()


@every_family
def test_resuming_from_a_saved_state_is_bit_for_bit(family):
    whole, half = run_rounds(run_of(family), 7), run_rounds(run_of(family), 3)
    file = io.BytesIO()
    torch.save(half.state_dict(), file)
    again = run_of(family)
    again.load_state_dict(torch.load(io.BytesIO(file.getvalue()), weights_only=True))
    torch.randn(1000)  # other randomness in between changes nothing
    run_rounds(again, 7)
    assert torch.equal(weights(whole), weights(again))
    assert whole.statistics.read() == again.statistics.read()


def test_observers_that_look_do_not_change_the_run():
    def look(run):
        torch.randn(17)
        run.game.networks["critic"](torch.randn(8, 2))
        run.average.networks["generator"](torch.randn(8, 4))

    assert torch.equal(weights(run_rounds(run_of("wgan-gp"), 4)), weights(run_rounds(run_of("wgan-gp"), 4, [look])))


def test_a_rehearsal_is_taken_back_whole():
    run, untouched = run_rounds(run_of("wgan-gp"), 2), run_rounds(run_of("wgan-gp"), 2)
    told = rehearse(run, 0.05)
    assert set(told.steps) == {"critic", "generator"}
    run_rounds(run, 5)
    assert torch.equal(weights(run), weights(run_rounds(untouched, 5)))


def test_playing_leaves_the_callers_randomness_alone():
    run = run_of("wgan-gp")
    torch.manual_seed(1)
    expected = torch.randn(3)
    torch.manual_seed(1)
    run_rounds(run, 2)
    assert torch.equal(torch.randn(3), expected)


def test_turns_may_depend_on_the_round():
    run = run_of("wgan", game={"name": "gan", "n_critic": {"name": "bursts", "burst": 7, "first": 2, "every": 5}})
    run_rounds(run, 6)  # rounds 0, 1 and 5 are bursts
    assert run.draws == 3 * 7 + 3 * 5 + 6


def test_a_run_stops_after_the_round_in_which_it_is_told_to():
    def tell(run):
        run.stop = "enough" if run.step == 2 else None

    assert run_rounds(run_of("gan"), 100, [tell]).step == 2


def test_clipping_follows_the_step_and_spares_the_scales_of_norms():
    run = run_of("wgan")
    run.game.networks["critic"].append_norm = nn.LayerNorm(4)
    move(run, run.game.players[:1])
    bounds = {name: p.abs().max() for name, p in run.game.networks["critic"].named_parameters()}
    assert all(bound <= 0.01 for name, bound in bounds.items() if "append_norm" not in name)
    assert bounds["append_norm.weight"] == 1


def test_learning_rates_follow_their_schedule():
    run = run_of("gan", schedule={"name": "linear", "end": 0.0}, rounds=4)
    rates, first = [], run.optimizers["critic"].param_groups[0]["lr"]
    run_rounds(run, 4, [lambda run: rates.append(run.optimizers["critic"].param_groups[0]["lr"])])
    assert rates == pytest.approx([first * share for share in (1, 0.75, 0.5, 0.25)])


# Each divergence, penalty and game with an encoder compiles by itself in the claims; here, what they are played with.
@pytest.mark.parametrize("family", one_in(3, ["pacgan", "unrolled-gan", "cgan-projection", "sgan", "acgan", "cvae"]))
def test_every_loss_compiles_as_one_graph_and_agrees_with_eager(family):
    eager, compiled = run_of(family), run_of(family)
    torch._dynamo.reset()
    players = tuple(
        dataclasses.replace(p, loss=torch.compile(p.loss, backend="aot_eager", fullgraph=True))
        for p in compiled.game.players
    )
    compiled.game = dataclasses.replace(compiled.game, players=players)
    assert torch.allclose(weights(run_rounds(eager, 2)), weights(run_rounds(compiled, 2)), atol=1e-5)


def test_networks_in_bf16_still_give_fp32_scores_and_close_losses():
    exact, cast = run_of("wgan-gp"), run_of("wgan-gp")
    cast.precision = "bf16"
    play = Play(cast.game.networks, cast.stream.batch(0), cast.game.prior)
    with cast.autocast():
        assert play.fake.dtype == torch.float32
    run_rounds(exact, 1), run_rounds(cast, 1)
    one, other = exact.statistics.read(), cast.statistics.read()
    for player, terms in one.items():
        for term, value in terms.items():
            assert other[player][term] == pytest.approx(value, rel=0.05, abs=0.02)


class TestAverage:
    """The slow copy."""

    @staticmethod
    def networks(value):
        net = nn.Linear(2, 2)
        nn.init.constant_(net.weight, value), nn.init.constant_(net.bias, value)
        return nn.ModuleDict({"generator": net})

    def test_forgets_the_initial_weights(self):
        """After n rounds the initial weights keep less than a hundred-thousandth, whatever the half-life."""
        average = Average(self.networks(1.0), halflife=1e9)
        for step in range(500):
            average.update(self.networks(0.0), step)
        assert average.networks["generator"].weight.abs().max() < 1e-5

    def test_halves_the_distance_in_a_halflife(self):
        average = Average(self.networks(1.0), halflife=10)
        for step in range(1000, 1010):
            average.update(self.networks(0.0), step)
        assert torch.allclose(average.networks["generator"].weight, torch.full((2, 2), 0.5))

    def test_batch_norm_statistics_are_those_of_the_averaged_network(self):
        source = torch.Generator().manual_seed(0)
        inputs = [torch.randn(64, 3, generator=source) * 2 + 5 for _ in range(8)]
        net = nn.Sequential(nn.BatchNorm1d(3)).eval()
        reestimate_batchnorm(net, lambda i: net(inputs[i]), batches=8)
        assert torch.allclose(net[0].running_mean, torch.stack([x.mean(0) for x in inputs]).mean(0), atol=1e-4)
        assert torch.allclose(net[0].running_var, torch.stack([x.var(0) for x in inputs]).mean(0), atol=1e-4)
        assert not net[0].training
        assert net[0].momentum == 0.1


def test_one_game_can_be_played_with_anybodys_networks():
    """No recipe, no catalogue: a game made by hand from plain modules."""
    from equilibria.core.priors import PRIORS
    from equilibria.games import GAMES
    from equilibria.terms.divergences import DIVERGENCES

    class Flat(nn.Linear):
        def forward(self, x):
            return super().forward(x).squeeze(1)

    generator = type("Anybody", (nn.Linear,), {"forward": lambda self, z, y=None: nn.Linear.forward(self, z)})(4, 2)
    game = GAMES["gan"](generator, Flat(2, 1), PRIORS["normal"](4), DIVERGENCES["hinge"](), {})
    play = Play(game.networks, Batch(torch.randn(8, 2)), game.prior)
    with game.only(game.players[1]):
        game.players[1].loss(play)["divergence"].backward()
    assert generator.weight.grad.abs().sum() > 0
