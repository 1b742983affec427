"""Laws of every update rule, for every formulation."""

import copy
import dataclasses
import io
import math
from itertools import product

import pytest
import torch

from equilibria.core.catalogue import options
from equilibria.core.errors import Refusal
from equilibria.games import GAMES
from equilibria.games.game import Player
from equilibria.recipes.build import build
from equilibria.recipes.settings import with_changes
from equilibria.runs.observers import NonFinite, examine
from equilibria.runs.plan import rehearse
from equilibria.runs.session import resume, train
from equilibria.training.loop import run_rounds
from equilibria.training.optimizers import SCHEDULES
from equilibria.training.update_rules import RULES
from games import FAMILIES, points, run_of, small, weights
from scalars import numbers, scalars
from sessions import TINY, Silent, StopsAt, assert_equal, assert_same_run
from shares import one_in

AT_ONCE = [name for name in RULES if name != "alternating"]
every_rule = pytest.mark.parametrize("rule", RULES)
at_once = pytest.mark.parametrize("rule", AT_ONCE)
every_family = pytest.mark.parametrize("family", FAMILIES)


def ruled(rule, family="wgan-gp", **fields):
    """A run under a rule, one turn each."""
    game = small(family).game
    if "n_critic" in options(GAMES[game["name"]]):
        game = {**game, "n_critic": 1}
    game = game | fields.pop("game", {})
    return run_of(family, game=game, rule={"name": rule}, **fields)


@pytest.mark.parametrize(("family", "rule"), one_in(2, list(product(FAMILIES, RULES))))
def test_every_formulation_plays_under_every_rule(rule, family):
    run = ruled(rule, family)
    before = weights(run)
    run_rounds(run, 3)
    assert weights(run).isfinite().all()
    assert not torch.equal(weights(run), before)
    assert set(run.statistics.read()) == {player.name for player in run.game.players}
    assert all(p.grad is None for p in run.game.networks.parameters())


@pytest.mark.parametrize(("family", "rule"), one_in(11, list(product(FAMILIES, RULES))))
def test_resuming_is_bit_for_bit_under_every_rule(rule, family):
    first, *others = run_of(family).optimizers
    chosen = {key: {"name": "sgd", "momentum": 0.5} for key in others} | {first: {"name": "optimistic_adam"}}
    fields = {"optimizers": chosen}
    whole, half = run_rounds(ruled(rule, family, **fields), 5), run_rounds(ruled(rule, family, **fields), 2)
    torch.save(half.state_dict(), file := io.BytesIO())
    again = ruled(rule, family, **fields)
    again.load_state_dict(torch.load(io.BytesIO(file.getvalue()), weights_only=True))
    torch.randn(1000)
    run_rounds(again, 5)
    assert_equal(again.state_dict(), whole.state_dict())


def test_a_recorded_run_under_another_rule_goes_on_bit_for_bit(tmp_path):
    wish = TINY | {"n_critic": 1, "rule": "extragradient", "optimizer": "optimistic_adam", "rounds": 5}
    whole = train("wgan-gp", Silent(), name="whole", runs=tmp_path, **wish).folder
    stopped = train("wgan-gp", StopsAt(3), name="stopped", runs=tmp_path, **wish)
    assert (stopped.stop, stopped.step) == ("interrupted", 3)
    assert resume(stopped.folder, Silent()).step == 5
    assert_same_run(whole, stopped.folder)


@every_rule
def test_what_was_frozen_before_is_frozen_after_and_nothing_else(rule):
    run = ruled(rule)
    frozen = next(run.game.networks["critic"].parameters()).requires_grad_(False)
    before = [p.requires_grad for p in run.game.networks.parameters()]
    run_rounds(run, 2)
    assert [p.requires_grad for p in run.game.networks.parameters()] == before
    assert not frozen.requires_grad


@at_once
@pytest.mark.parametrize(
    ("game", "sentence"),
    [
        ({"n_critic": 5}, "'critic' has 5 turns: use --n-critic 1, or --rule alternating."),
        ({"n_critic": {"name": "bursts"}}, "'critic' has turns that depend on the round: use --n-critic 1, or"),
        (
            {"n_critic": 1, "lazy": 4},
            "'penalties' has turns that depend on the round: use --lazy 1, or --rule alternating.",
        ),
    ],
)
def test_other_turns_than_one_are_refused_in_a_sentence(rule, game, sentence):
    with pytest.raises(Refusal) as refused:
        run_of("wgan-gp", game={"name": "gan", **game}, rule={"name": rule})
    assert f"The update rule {rule!r} moves all players once a round" in str(refused.value)
    assert sentence in str(refused.value)


def test_rules_are_settings_like_others():
    recipe = with_changes(small("gan"), {"rule": "consensus", "rule.weight": "0.5"})
    assert recipe.rule == {"name": "consensus", "weight": 0.5}
    assert build(recipe, points()).rule.draws == 1
    with pytest.raises(Refusal, match="Did you mean 'extragradient'"):
        build(dataclasses.replace(recipe, rule={"name": "extragradent"}), points())
    with pytest.raises(Refusal, match=r"weight -1"):
        build(with_changes(recipe, {"rule.weight": -1}), points())


def told(run, note):
    """The same run, whose players note each play when they have scored it."""

    def noting(player):
        def loss(play):
            terms = player.loss(play)
            note(player.name, play)
            return terms

        return dataclasses.replace(player, loss=loss)

    run.game = dataclasses.replace(run.game, players=tuple(noting(player) for player in run.game.players))
    return run


@at_once
def test_players_who_move_at_once_see_one_draw_and_one_point(rule):
    seen = []
    run = ruled(rule, game={"noise": 0.5})  # noise on the data is drawn before the samples are made
    now = lambda play: torch.cat([p.detach().flatten() for p in play.networks.parameters()])  # noqa: E731
    run_rounds(told(run, lambda name, play: seen.append((name, play.x, play.z, now(play)))), 1)
    critic, generator = seen[:2]
    assert (critic[0], generator[0]) == ("critic", "generator")
    assert all(torch.equal(a, b) for a, b in zip(critic[1:], generator[1:], strict=True))


def test_players_who_alternate_see_what_the_others_did():
    seen = []
    now = lambda play: torch.cat([p.detach().flatten() for p in play.networks["critic"].parameters()])  # noqa: E731
    run_rounds(told(ruled("alternating"), lambda name, play: seen.append((play.z, now(play)))), 1)
    assert not any(torch.equal(a, b) for a, b in zip(*seen, strict=True))


def test_consensus_without_weight_is_simultaneous():
    one, other = (run_rounds(run, 3) for run in (ruled("simultaneous"), ruled("consensus")))
    assert not torch.allclose(weights(one), weights(other))
    free = ruled("consensus")
    free.rule = RULES["consensus"](weight=0.0)
    assert torch.allclose(weights(one), weights(run_rounds(free, 3)), atol=1e-6)


@every_rule
def test_the_images_that_the_critic_saw_are_counted(rule):
    run = run_rounds(ruled(rule), 2)
    critic_draws = {"alternating": 1, "simultaneous": 1, "extragradient": 2, "consensus": 1}[rule]
    assert run.images_at(0) == 16 * critic_draws
    assert run.draws == 2 * (2 if rule in ("alternating", "extragradient") else 1)


@every_rule
def test_constraints_hold_after_every_round_and_at_every_point(rule):
    run, largest = ruled(rule, "wgan", game={"clip": 0.01}), []
    critic = run.game.networks["critic"]
    note = lambda name, play: largest.append(max(float(p.detach().abs().max()) for p in critic.parameters()))  # noqa: E731
    run_rounds(told(run, note), 3)
    assert max(float(p.detach().abs().max()) for p in critic.parameters()) <= 0.010001
    assert all(bound <= 0.010001 for bound in largest[2:])  # but for the initial weights, which nobody has moved


@every_rule
def test_schedules_set_the_rate_of_every_player(rule):
    run, rates = ruled(rule, "gan", schedule={"name": "linear"}, rounds=4), []
    first = [o.param_groups[0]["lr"] for o in run.optimizers.values()]
    run_rounds(run, 4, [lambda run: rates.append([o.param_groups[0]["lr"] for o in run.optimizers.values()])])
    assert rates == [pytest.approx([rate * share for rate in first]) for share in (1, 0.75, 0.5, 0.25)]


def test_schedules_come_to_their_end_at_the_pace_that_is_set_and_that_a_run_keeps():
    run = run_of("gan", schedule={"name": "linear"}, rounds=8)
    optimizer, rates = run.optimizers["critic"], []
    first = optimizer.param_groups[0]["lr"]
    run_rounds(run, 2)
    for until, rounds in ((3, 3), (5, 4)):  # the second time no longer at the place that is the round
        run.set_pace(8, rounds)
        run_rounds(run, until, [lambda run: rates.append(optimizer.param_groups[0]["lr"])])
    again = run_of("gan", schedule={"name": "linear"}, rounds=8)
    again.load_state_dict(copy.deepcopy(run.state_dict()))
    run_rounds(again, 7, [lambda run: rates.append(run.optimizers["critic"].param_groups[0]["lr"])])
    assert rates == pytest.approx([first * share for share in (0.75, 0.5, 0.375, 0.25, 0.125)])


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_rate_is_reached_in_a_straight_line_and_then_follows_its_schedule(name):
    plain, warmed = SCHEDULES[name](100), SCHEDULES[name](100, warmup=10)
    assert [warmed(step) / plain(step) for step in (0, 4, 9, 50)] == pytest.approx([0.1, 0.5, 1.0, 1.0])
    with pytest.raises(Refusal, match="The schedule has warmup -1"):
        SCHEDULES[name](100, warmup=-1)


@pytest.mark.parametrize("end", [-1.0, math.nan, math.inf])
@pytest.mark.parametrize("name", ["linear", "cosine"])
def test_schedules_that_end_in_a_climb_are_refused(name, end):
    with pytest.raises(Refusal, match=f"The schedule has end {end:g}: a finite number of at least 0"):
        SCHEDULES[name](10, end=end)


@every_rule
def test_what_is_no_longer_finite_is_noticed(rule):
    run = ruled(rule, optimizers={name: {"name": "sgd", "lr": 1e30} for name in ("critic", "generator")})
    run_rounds(run, 4)
    with pytest.raises(NonFinite, match="no longer finite"):
        examine(run, 0)


@every_rule
@pytest.mark.parametrize("family", ["wgan-gp", "r3gan"])
def test_networks_in_bf16_lose_about_the_same_under_every_rule(rule, family):
    exact, cast = ruled(rule, family), ruled(rule, family)
    cast.precision = "bf16"
    one, other = (run_rounds(run, 1).statistics.read() for run in (exact, cast))
    for player, terms in one.items():
        for term, value in terms.items():
            assert other[player][term] == pytest.approx(value, rel=0.05, abs=0.03)


@every_rule
def test_a_rehearsal_restores_the_run_and_times_its_rounds(rule):
    run = run_rounds(ruled(rule, optimizers={"critic": {"name": "optimistic_adam"}}), 2)
    before = copy.deepcopy(run.state_dict())
    cost = rehearse(run, 0.02)
    assert_equal(run.state_dict(), before)
    assert set(cost.steps) == ({"critic", "generator"} if rule == "alternating" else {"critic+generator"})
    assert cost.seconds(run, 2, 12) == pytest.approx(10 * (sum(cost.steps.values()) + cost.between))


def test_a_rehearsal_counts_turns_by_the_round():
    run = run_of("wgan", game={"name": "gan", "n_critic": {"name": "bursts", "burst": 7, "first": 2, "every": 5}})
    cost = rehearse(run, 0.02)
    expected = (3 * 7 + 3 * 5) * cost.steps["critic"] + 6 * (cost.steps["generator"] + cost.between)
    assert cost.seconds(run, 0, 6) == pytest.approx(expected)


@at_once
def test_players_who_share_networks_step_once_along_the_sum(rule):
    """Half the critic's loss, twice, is the critic's loss: two players, one optimizer."""
    whole, split = scalars("minimax", rule), scalars("minimax", rule)
    critic, generator = split.game.players
    half = lambda play: {name: term / 2 for name, term in critic.loss(play).items()}  # noqa: E731
    halves = tuple(Player(name, ("critic",), half) for name in ("critic", "twin"))
    split.game = dataclasses.replace(split.game, players=(*halves, generator))
    assert torch.allclose(numbers(run_rounds(whole, 3)), numbers(run_rounds(split, 3)), rtol=1e-12)


@at_once
def test_players_who_share_some_networks_add_their_steps(rule):
    """A pair that moves both networks, and one who moves the generator for nothing, are simultaneous players."""
    whole, shared = scalars("minimax", rule), scalars("minimax", rule)
    critic, generator = shared.game.players
    nothing = lambda play: {"nothing": 0 * play.fake.mean()}  # noqa: E731
    idle = Player("idle", ("generator", "critic"), nothing)
    shared.game = dataclasses.replace(shared.game, players=(critic, generator, idle))
    shared.optimizers[idle.optimizer] = torch.optim.SGD(shared.game.parameters(idle), lr=0.2)
    assert torch.allclose(numbers(run_rounds(whole, 3)), numbers(run_rounds(shared, 3)), rtol=1e-12)
