"""Laws of what surrounds the critic: packing, noise, lazy payment, unrolling, classes, conditions."""

import dataclasses
import math

import pytest
import torch
from torch import nn

from equilibria.core.errors import Refusal
from equilibria.core.priors import PRIORS
from equilibria.core.seeding import reseed
from equilibria.core.types import Batch
from equilibria.data import DATASETS
from equilibria.games import GAMES
from equilibria.games.auxiliary_classifier import CLASS_LOSSES, AuxiliaryClassifier
from equilibria.games.contest import Contest
from equilibria.games.critic_player import TURNS
from equilibria.games.game import Game
from equilibria.games.play import Play
from equilibria.games.unrolled import INNER_OPTIMIZERS, unrolled
from equilibria.games.views import condition, data, noised, pack, packed, samples
from equilibria.recipes import RECIPES
from equilibria.recipes.build import build
from equilibria.recipes.settings import with_changes
from equilibria.terms.divergences import DIVERGENCES
from equilibria.terms.penalties import PENALTIES
from equilibria.training.loop import run_rounds
from games import points, run_of, small


class Shift(nn.Module):
    """G(z) = z + theta."""

    def __init__(self, theta):
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(float(theta)).double())

    def forward(self, z, y=None):
        return z.double() + self.theta


class Slope(nn.Module):
    """D(x) = psi x, with a class head that sees x."""

    def __init__(self, psi, classes=0):
        super().__init__()
        self.psi = nn.Parameter(torch.tensor(float(psi)).double())
        if classes:
            self.head = nn.Linear(1, classes).double()
            self.classify = self.head

    def forward(self, x, y=None):
        return self.psi * x.sum(dim=1) + (0 if y is None else y.sum(dim=1))


class Doubled(nn.Module):
    """An augmentation that doubles its views, and keeps what it is told."""

    def __init__(self):
        super().__init__()
        self.told = []

    def forward(self, *views):
        return tuple(2 * view for view in views)

    def watch(self, real_scores):
        self.told.append(real_scores.detach())


def play_of(theta=0.5, psi=2.0, size=8, y=None, step=0, **critic):
    networks = nn.ModuleDict({"generator": Shift(theta), "critic": Slope(psi, **critic)})
    reseed(0)
    play = Play(networks, Batch(torch.randn(size, 1).double(), y), PRIORS["normal"](1), step)
    play.z  # noqa: B018
    return play


def test_packing_loses_nothing():
    x = torch.arange(24.0).view(6, 2, 2)
    two = pack(x, 2)
    assert two.shape == (3, 4, 2)
    assert torch.equal(two.reshape(6, 2, 2), x)
    assert torch.equal(pack(x, 1), x)


def test_a_packed_critic_is_shown_several_samples_and_their_labels():
    y = torch.eye(2).repeat(4, 1).double()
    play = play_of(y=y)
    contest = Contest(
        DIVERGENCES["wasserstein"](), {}, packed(data, 2), packed(samples, 2), lambda play: condition(2, play)
    )
    duel = contest.duel(play)
    assert duel.real[0].shape == (4, 2)
    assert torch.equal(condition(2, play), y.view(4, 4))
    assert torch.allclose(duel.real_scores, 2 * play.x.view(4, 2).sum(1) + 2)
    assert torch.allclose(duel.fake_scores, 2 * play.fake.view(4, 2).sum(1) + 2)


def test_a_batch_that_cannot_be_packed_is_refused():
    with pytest.raises(Refusal, match=r"batch of 16 does not fit: it must be a multiple of 3 .*Use --batch 15"):
        run_of("gan-ns", game={"name": "gan", "pack": 3})


@pytest.mark.parametrize(
    ("name", "samples", "batch", "limits"),
    [
        ("gan", 4, 1, ["at least 2 (the norm 'batch' of the generator and the critic)", "at most 4"]),
        ("gan", 4, 64, ["at most 4 (the training samples)"]),
        ("pacgan", 61, 33, ["a multiple of 2 (--pack)", "at least 4"]),
        ("pacgan", 61, 2, ["at least 4"]),
        ("pacgan", 2, 64, ["at least 4", "at most 2"]),
        ("vae", 1, 64, ["at least 2", "at most 1"]),
    ],
)
def test_a_batch_that_does_not_fit_is_refused_once_with_one_that_does(name, samples, batch, limits):
    recipe, few = small(name), dataclasses.replace(points(samples), labels=None, y=None, held_out_y=None)
    networks = {role: spec | {"norm": "batch"} for role, spec in recipe.networks.items()}
    recipe = dataclasses.replace(recipe, networks=networks, batch=batch)
    with pytest.raises(Refusal, match=f"A batch of {batch} does not fit") as refusal:
        build(recipe, few)
    assert all(limit in str(refusal.value) for limit in limits)
    words = str(refusal.value).rpartition("Use ")[2].rstrip(".").split()
    advice = {flag.removeprefix("--"): value for flag, value in zip(words[::2], words[1::2], strict=True)}
    recipe = dataclasses.replace(recipe, batch=int(advice.pop("batch")))
    run_rounds(build(with_changes(recipe, advice), few), 1)


@pytest.mark.parametrize("name", ["gan-ns", "wgan-gp", "r3gan", "cgan", "acgan"])
def test_packed_games_play(name):
    recipe = small(name, game={"name": "gan", "pack": 2})
    run = run_rounds(build(recipe, points()), 2)
    critic = run.game.networks["critic"]
    assert getattr(critic, "critic", critic).trunk[0].in_features == (8 if name == "cgan" else 4)
    assert all(p.isfinite().all() for p in run.game.networks.parameters())


@pytest.mark.parametrize(
    ("step", "rounds", "left"), [(0, 0, 1.0), (900, 0, 1.0), (0, 10, 1.0), (5, 10, 0.5), (20, 10, 0)]
)
def test_noise_has_the_deviation_asked_for_and_fades(step, rounds, left):
    play = play_of(size=20_000, step=step)
    (x,) = noised(data, 0.5, rounds)(play)
    assert float((x - play.x).std()) == pytest.approx(0.5 * left, rel=0.03)


@pytest.mark.parametrize("options", [{"std": -0.1}, {"std": math.nan}, {"std": 1.0, "rounds": -5}])
def test_impossible_noise_is_refused(options):
    with pytest.raises(Refusal, match="noise"):
        noised(data, **options)


def test_noise_is_anew_on_each_side():
    play = play_of()
    (x,), (same,) = noised(data, 0.5)(play), noised(data, 0.5)(play)
    assert not torch.equal(x, same)


def test_lazy_penalties_cost_the_same_in_the_long_run():
    def prices(lazy):
        game = GAMES["gan"](
            Shift(0), Slope(2), PRIORS["normal"](1), DIVERGENCES["minimax"](), {"r1": PENALTIES["r1"](3)}, lazy=lazy
        )
        paid = 0.0
        for step in range(8):
            for player in game.players:
                for _ in range(player.turns_at(step)):
                    terms = player.loss(Play(game.networks, Batch(torch.randn(4, 1).double()), game.prior))
                    paid += float(torch.as_tensor(terms.get("r1", 0)).detach())
        return paid, [p.optimizer for p in game.players]

    assert prices(1) == (pytest.approx(8 * 3 / 2 * 4), ["critic", "generator"])
    assert prices(4) == (pytest.approx(8 * 3 / 2 * 4), ["critic", "critic", "generator"])


def test_who_pays_lazily_shares_the_optimizer_of_the_critic():
    run = run_rounds(run_of("r3gan", game={"name": "gan", "lazy": 2}), 4)
    assert set(run.optimizers) == {"critic", "generator"}
    critic = run.optimizers["critic"]
    assert max(int(state["step"]) for state in critic.state.values()) == 4 + 2


def test_critic_and_generator_look_through_one_augmentation():
    play, contest = play_of(), Contest(DIVERGENCES["wasserstein"](), augmentation=Doubled())
    duel = contest.duel(play)
    assert torch.allclose(duel.real_scores, 4 * play.x[:, 0])
    assert torch.allclose(duel.fake_scores, 4 * play.fake[:, 0])
    assert torch.allclose(contest.generator_terms(play)["divergence"], -4 * play.fake.mean())


def test_an_augmentation_is_told_the_scores_of_the_data_in_each_move_of_the_critic_alone():
    play, doubled = play_of(), Doubled()
    contest = Contest(DIVERGENCES["wasserstein"](), augmentation=doubled)
    contest.generator_terms(play), contest.critic_terms(play)
    (told,) = doubled.told
    assert torch.allclose(told, 4 * play.x[:, 0])


def test_an_unrolled_generator_sees_the_critic_that_answers():
    """D = psi x before the WGAN loss: one step of descent on mean(fake - real) is psi - lr (mean fake - mean real)."""
    play, lr = play_of(), 0.1
    contest = Contest(DIVERGENCES["wasserstein"]())
    play.networks["critic"].requires_grad_(False)
    loss = sum(unrolled(contest, 3, lr)(play).values())
    gap = float((play.fake.mean() - play.x.mean()).detach())
    assert float(loss.detach()) == pytest.approx(-(2 - 3 * lr * gap) * float(play.fake.mean().detach()))
    (slope,) = torch.autograd.grad(loss, [play.networks["generator"].theta])
    assert float(slope) == pytest.approx(-(2 - 3 * lr * gap) + 3 * lr * float(play.fake.mean().detach()))


@pytest.mark.parametrize(
    ("by", "optimizer"),
    [
        ("descent", lambda parameters: torch.optim.SGD(parameters, lr=0.03)),
        ("adam", lambda parameters: torch.optim.Adam(parameters, lr=0.03, betas=(0.5, 0.999))),
    ],
)
def test_foreseen_answers_are_the_optimizers(by, optimizer):
    critic = torch.nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    x = torch.randn(16, 2, generator=torch.Generator().manual_seed(1)).double()
    weights, step = {n: p.detach().clone() for n, p in critic.named_parameters()}, optimizer(critic.parameters())
    answer = INNER_OPTIMIZERS[by](0.03)
    for _ in range(4):
        step.zero_grad()
        critic(x).square().mean().backward()
        weights = answer(weights, {n: p.grad for n, p in critic.named_parameters()})
        step.step()
    assert all(torch.allclose(weights[n], p, rtol=1e-5, atol=1e-6) for n, p in critic.named_parameters())


def test_adams_answers_are_differentiated_through():
    def last(push):
        answer, weights = INNER_OPTIMIZERS["adam"](0.1), {"w": torch.tensor([1.0, -2.0]).double()}
        for factor in (1.0, 2.0, -0.5):
            weights = answer(weights, {"w": factor * push + weights["w"]})
        return weights["w"]

    assert torch.autograd.gradcheck(last, torch.tensor([0.3, 0.7]).double().requires_grad_())


def test_without_steps_nothing_is_foreseen():
    play, contest = play_of(), Contest(DIVERGENCES["minimax"]())
    assert float(unrolled(contest, 0, 0.1)(play)["divergence"]) == float(contest.generator_terms(play)["divergence"])


def test_unrolling_leaves_the_critic_as_it_is():
    run = run_of("gan", game={"name": "gan", "unroll": 2})
    before = [p.clone() for p in run.game.networks["critic"].parameters()]
    game = Game(run.game.networks, run.game.players[1:], run.game.prior)
    run.game = game
    run_rounds(run, 1)
    assert all(torch.equal(a, b) for a, b in zip(before, game.networks["critic"].parameters(), strict=True))
    assert all(p.grad is None for p in game.networks["critic"].parameters())


def test_unrolling_spares_what_the_critic_does_not_use_for_its_scores():
    run = run_rounds(run_of("acgan", game={"name": "gan", "unroll": 2}), 1)
    assert all(p.isfinite().all() for p in run.game.networks.parameters())


def test_foreseen_moves_of_the_critic_are_not_remembered():
    run = run_of("gan", game={"name": "gan", "unroll": 2}, penalties={"lecam": {"name": "lecam"}})
    _, generator = run.game.players
    run.game = Game(run.game.networks, (generator,), run.game.prior, run.game.memories)
    run.game.memories["lecam"].averages.fill_(1.0)
    run_rounds(run, 1)
    assert torch.equal(run.game.memories["lecam"].averages, torch.ones(2))


@pytest.mark.parametrize("kind", CLASS_LOSSES)
def test_a_right_class_head_makes_no_mistake(kind):
    y = torch.eye(3)[torch.tensor([0, 2, 1, 1])]
    said = y if kind == "vector" else 60 * (2 * y - 1)
    assert float(CLASS_LOSSES[kind](said, y).abs().max()) < 1e-6


def test_an_undecided_class_head_is_off_by_the_entropy():
    y, flat = torch.eye(4), torch.zeros(4, 4)
    assert float(CLASS_LOSSES["class"](flat, y).mean()) == pytest.approx(math.log(4))
    assert float(CLASS_LOSSES["multi-hot"](flat, y).mean()) == pytest.approx(4 * math.log(2))
    assert float(CLASS_LOSSES["vector"](flat, y).mean()) == pytest.approx(0.5)


def test_a_packed_class_head_is_asked_for_each_sample():
    critic, y = Slope(1), torch.eye(2).repeat(4, 1).double()
    critic.classify = lambda x: torch.cat([x, -x], dim=1)[:, [0, 2, 1, 3]]  # of both samples, for and against
    contest = Contest(DIVERGENCES["hinge"](), {}, packed(data, 2), packed(samples, 2))
    play = play_of(y=y)
    play.networks["critic"] = critic
    said = torch.cat([play.fake, -play.fake], dim=1)
    mistake = AuxiliaryClassifier(contest, CLASS_LOSSES["class"]).generator_terms(play)["class"]
    assert float(mistake) == pytest.approx(float(CLASS_LOSSES["class"](said, y).mean()))


def test_the_class_head_weighs_on_both_sides():
    generator, critic = Shift(0.3), Slope(1, classes=2)
    build_game = lambda **options: GAMES["gan"](  # noqa: E731
        generator, critic, PRIORS["normal"](1), DIVERGENCES["hinge"](), {}, labels="class", **options
    )
    game = build_game(class_weight=2.0, class_weight_generator=0.5)
    reseed(0)
    play = Play(game.networks, Batch(torch.randn(4, 1).double(), torch.eye(2).repeat(2, 1).double()), game.prior)
    mistakes = [CLASS_LOSSES["class"](critic.head(x), play.y).mean() for x in (play.x, play.fake)]
    critics, generators = (player.loss(play) for player in game.players)
    assert float(critics["class"]) == pytest.approx(2 * float(sum(mistakes)))
    assert float(generators["class"]) == pytest.approx(0.5 * float(mistakes[1]))


@pytest.mark.parametrize("option", ["class_weight", "class_weight_generator"])
def test_mistakes_of_the_class_head_are_no_gain(option):
    parts = (Shift(0.3), Slope(1, classes=2), PRIORS["normal"](1), DIVERGENCES["hinge"](), {})
    with pytest.raises(Refusal, match=f"{option} -1"):
        GAMES["gan"](*parts, labels="class", **{option: -1.0})


@pytest.mark.parametrize(
    ("name", "options", "moves"),
    [
        ("every", {"rounds": 4}, [1, 0, 0, 0, 1, 0]),
        ("decaying", {"start": 5, "end": 1, "rounds": 4}, [5, 4, 3, 2, 1, 1]),
        ("once_in", {"rounds": 4}, [1, 0, 0, 0, 1, 0]),  # by their former names, as old recipes have them
        ("fading", {"start": 5, "end": 1, "rounds": 4}, [5, 4, 3, 2, 1, 1]),
    ],
)
def test_turns_follow_their_schedule(name, options, moves):
    assert [TURNS[name](**options)(step) for step in range(6)] == moves


@pytest.mark.parametrize("name", ["wgan-gp", "r3gan", "lsgan", "kl"])
def test_ada_is_refused_where_the_sign_of_a_score_says_nothing(name):
    recipe = RECIPES[name]() if name in RECIPES else RECIPES["f-gan"]()
    divergence = recipe.divergence if name in RECIPES else {"name": name}
    with pytest.raises(Refusal, match="--augmentation diffaugment"):
        build(dataclasses.replace(recipe, divergence=divergence, augmentation={"name": "ada"}), DATASETS["digits"]())


def test_a_penalty_cannot_take_the_name_of_another_term():
    penalties = {"class": PENALTIES["r1"]()}
    with pytest.raises(Refusal, match="'class'"):
        GAMES["gan"](Shift(0), Slope(1), PRIORS["normal"](1), DIVERGENCES["hinge"](), penalties)
