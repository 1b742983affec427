"""Every value of every recipe can be changed, by a name that can be guessed."""

import dataclasses
import json

import pytest
import torch

from equilibria.core.catalogue import Catalogue
from equilibria.core.errors import Refusal
from equilibria.core.specs import make
from equilibria.games.critic_player import TURNS
from equilibria.networks import NETWORKS
from equilibria.recipes import RECIPES, Recipe
from equilibria.recipes.parts import SINGLE, options_of
from equilibria.recipes.settings import settings, with_changes
from equilibria.terms.penalties import PENALTIES, Duel
from equilibria.training.optimizers import OPTIMIZERS
from shares import one_in

EVERY = pytest.mark.parametrize("name", RECIPES)
MANY = pytest.mark.parametrize("name", one_in(9, list(RECIPES)))


@MANY
def test_a_setting_set_to_its_own_value_changes_nothing(name):
    recipe = RECIPES[name]()
    for path, setting in settings(recipe).items():
        assert with_changes(recipe, {path: setting.value}) == recipe, path
        text = json.dumps(setting.value) if path == "prior.parts" else str(setting.value)
        assert with_changes(recipe, {path: text}) == recipe, f"{path} as text"


@EVERY
def test_all_settings_at_once_are_the_recipe(name):
    recipe = RECIPES[name]()
    assert with_changes(recipe, {path: setting.value for path, setting in settings(recipe).items()}) == recipe


@EVERY
def test_a_changed_recipe_survives_being_stored(name):
    clip = {"clip": "1"} if "game.clip" in settings(RECIPES[name]()) else {}
    changes = {"lr": "3e-4", "generator": "dense", "generator.widths": "128, 256"} | clip
    recipe = with_changes(RECIPES[name](), changes)
    assert Recipe.from_json(recipe.to_json(), "here") == recipe


CATALOGUES = [*SINGLE.values(), TURNS, PENALTIES, OPTIMIZERS, *NETWORKS.values()]


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda catalogue: catalogue.kind)
def test_every_option_says_what_it_means(catalogue):
    silent = [f"{name}.{o}" for name in catalogue for o, s in options_of(catalogue[name]).items() if not s.help]
    assert not silent, f"say so in the docstring, after the name in backticks, or in recipes/parts.py: {silent}"


@MANY
def test_a_slip_of_the_hand_is_answered_with_the_name_that_was_meant(name):
    recipe = RECIPES[name]()
    for path in settings(recipe):
        place, dot, option = path.rpartition(".")
        if len(option) > 3 and place != "penalties":  # a penalty may have any key
            with pytest.raises(Refusal, match="Did you mean"):
                with_changes(recipe, {f"{place}{dot}{option[1]}{option[0]}{option[2:]}x": 1})


@pytest.mark.parametrize(
    ("recipe", "short", "value", "where", "stored"),
    [
        ("wgan", "clip", "0.001", ("game", "clip"), 0.001),
        ("wgan", "clip", "none", ("game", "clip"), None),
        ("wgan-gp", "n-critic", "3", ("game", "n_critic"), 3),
        ("wgan-gp", "n_critic", "bursts", ("game", "n_critic"), {"name": "bursts"}),
        ("wgan-gp", "n_critic", '{"name": "bursts", "first": 3}', ("game", "n_critic"), {"name": "bursts", "first": 3}),
        ("wgan-gp", "penalty.weight", 5, ("penalties", "gradient_penalty", "weight"), 5.0),
        ("wgan-gp", "penalty.one-sided", "yes", ("penalties", "gradient_penalty", "one_sided"), True),
        ("wgan-gp", "penalty", "r1", ("penalties",), {"r1": {"name": "r1"}}),
        ("wgan-gp", "penalty", "none", ("penalties",), {}),
        ("r3gan", "penalties.r1", None, ("penalties",), {"r2": {"name": "r2", "weight": 0.1}}),
        ("gan", "penalties.smooth", "r1", ("penalties",), {"smooth": {"name": "r1"}}),
        ("gan", "generator.width", "32", ("networks", "generator"), {"name": "auto", "width": 32}),
        ("gan", "generator.widths", "128,256", ("networks", "generator", "widths"), [128, 256]),
        ("hinge", "critic", "residual", ("networks", "critic"), {"name": "residual", "norm": "spectral"}),
        ("gan", "divergence", "hinge", ("divergence",), {"name": "hinge"}),
        ("gan", "prior", "uniform", ("prior",), {"name": "uniform"}),
        ("gan", "data", "mnist", ("data",), {"name": "mnist"}),
        ("gan", "data", "my/pictures", ("data",), {"name": "my/pictures"}),
        ("gan", "optimizers.critic.lr", "1", ("optimizers", "critic", "lr"), 1.0),
        ("gan", "optimizer", "sgd", ("optimizers",), {"critic": {"name": "sgd"}, "generator": {"name": "sgd"}}),
        ("gan", "schedule", "cosine", ("schedule",), {"name": "cosine"}),
        ("cvae", "prior.size", "5", ("prior",), {"name": "normal", "size": 5}),
        ("cvae", "prior", "uniform", ("prior",), {"name": "uniform"}),
        ("cvae", "networks.prior.width", "5", ("networks", "prior"), {"name": "auto", "width": 5}),
        ("cvae", "encoder.width", "5", ("networks", "encoder", "width"), 5),
        ("infogan", "prior.parts", '[{"name": "categorical"}]', ("prior", "parts"), [{"name": "categorical"}]),
        ("vae", "likelihood.noise", "1", ("likelihood", "noise"), 1.0),
        ("vae", "warmup", "9", ("game", "warmup"), 9),
    ],
)
def test_short_names_stand_for_long_ones(recipe, short, value, where, stored):
    found = json.loads(with_changes(RECIPES[recipe](), {short: value}).to_json())
    for step in where:
        found = found[step]
    assert found == stored


def test_lr_is_every_optimizers_and_one_players_own_wins():
    recipe = with_changes(RECIPES["gan"](), {"optimizers.critic.lr": "1", "lr": "2"})
    assert [recipe.optimizers[player]["lr"] for player in ("critic", "generator")] == [1.0, 2.0]


def test_options_come_after_the_parts_they_belong_to():
    recipe = with_changes(
        RECIPES["gan"](), {"penalty.weight": 3, "penalty": "r2", "n_critic.first": 9, "n_critic": "bursts"}
    )
    assert recipe.penalties == {"r2": {"name": "r2", "weight": 3.0}}
    assert recipe.game["n_critic"] == {"name": "bursts", "first": 9}


def test_changing_leaves_the_original_alone():
    recipe = RECIPES["wgan-gp"]()
    with_changes(recipe, {"lr": 1, "penalty.weight": 1, "clip": 1, "critic.width": 8, "rounds": 3})
    assert recipe == RECIPES["wgan-gp"]()


@pytest.mark.parametrize(
    ("recipe", "change", "sentence"),
    [
        (
            "wgan-gp",
            {"penalties.gradient_penalty.wieght": 5},
            "is not an option of 'gradient_penalty'. Did you mean",
        ),
        ("wgan-gp", {"clpi": 1}, "clpi is no setting of the recipe 'wgan-gp'. Did you mean 'clip'?"),
        ("wgan-gp", {"critic.lr": 1}, "Did you mean 'optimizers.critic.lr'?"),
        ("wgan-gp", {"weight": 1}, "Did you mean 'penalty.weight'?"),
        ("r3gan", {"penalty.weight": 1}, "Say penalties.r1.weight or penalties.r2.weight."),
        ("gan", {"penalty.weight": 1}, "has no penalty"),
        ("gan", {"clip": "small"}, "game.clip is 'small': it must be a number or none."),
        ("gan", {"lr": "nan"}, "must be a number"),
        ("gan", {"batch": "1.5"}, "batch is '1.5': it must be a whole number."),
        ("gan", {"batch": True}, "batch is True: it must be a whole number."),
        ("gan", {"n_critic": 1.5}, "it must be a whole number or a schedule."),
        ("gan", {"divergence": "wasserstien"}, "Did you mean 'wasserstein'?"),
        ("gan", {"critic": "resdiual"}, "No critic is called 'resdiual'. Did you mean 'residual'?"),
        ("gan", {"critic": '{"name": "dense", "wdith": 3}'}, "networks.critic.wdith is not an option of 'dense'"),
        ("gan", {"critic": 3}, "it must be a name"),
        ("gan", {"networks.encoder": "dense"}, "networks.encoder is no setting"),
        ("gan", {"critic": "no_such_module:thing"}, "cannot be imported"),
        ("gan", {"about": "mine"}, "about is no setting"),
    ],
)
def test_what_cannot_be_set_is_refused_in_a_sentence(recipe, change, sentence):
    with pytest.raises(Refusal) as refused:
        with_changes(RECIPES[recipe](), change)
    assert sentence in str(refused.value)


def test_a_part_of_ones_own_is_known_by_its_signature(tmp_path, monkeypatch):
    (tmp_path / "my_terms_for_settings.py").write_text("def soft(weight: float = 1.0):\n    return lambda duel: duel\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    recipe = with_changes(RECIPES["gan"](), {"penalties.soft": "my_terms_for_settings:soft", "penalty.weight": "2"})
    assert recipe.penalties == {"soft": {"name": "my_terms_for_settings:soft", "weight": 2.0}}
    with pytest.raises(Refusal, match="Did you mean 'weight'"):
        with_changes(recipe, {"penalty.wieght": 2})


FORMER = [("gradient_penalty", "slope", "target_norm"), ("dragan", "slope", "target_norm"), ("dragan", "spread", "std")]


@pytest.mark.parametrize(("name", "old", "new"), FORMER)
def test_a_former_name_of_an_option_is_read_as_its_current_one(name, old, new):
    recipe = with_changes(RECIPES["gan"](), {"penalty": name})
    stored = dataclasses.replace(recipe, penalties={name: {"name": name, old: 0.7}})
    assert settings(stored)[f"penalties.{name}.{new}"].value == 0.7
    assert f"penalties.{name}.{old}" not in settings(stored)
    assert with_changes(stored, {f"penalty.{new}": 0.6}) == with_changes(recipe, {f"penalty.{old}": 0.6})
    assert with_changes(recipe, {"penalty": {"name": name, old: 0.7}}) == with_changes(stored, {})
    costs = [make(PENALTIES, {"name": name, option: 0.7}, "penalty")(_duel()) for option in (old, new)]
    assert torch.equal(*costs)
    assert not torch.equal(costs[0], PENALTIES[name]()(_duel()))


def _duel():
    torch.manual_seed(0)
    return Duel(lambda x: x.square().sum(dim=1), (torch.randn(5, 2),), (torch.randn(5, 2),))


@pytest.mark.parametrize(("name", "old", "new"), FORMER)
def test_an_option_cannot_be_set_by_both_its_names(name, old, new):
    recipe, both = with_changes(RECIPES["gan"](), {"penalty": name}), {old: 1.0, new: 2.0}
    with pytest.raises(Refusal, match=f"is the former name of penalty.{new}: set penalty.{new} only."):
        with_changes(recipe, {f"penalty.{option}": value for option, value in both.items()})
    for refused in (lambda spec: with_changes(recipe, {"penalty": spec}), lambda spec: make(PENALTIES, spec, "here")):
        with pytest.raises(Refusal, match=f"sets {new} twice, also by its former name {old}: set {new} only."):
            refused({"name": name, **both})


def test_a_user_s_builder_may_name_its_context_as_before():
    def mine(outlet, beside, output_activation, second_view):
        return (outlet, beside) == (output_activation, second_view) == (1, 2)

    assert make(Catalogue("network", mine=mine), {"name": "mine"}, "here", output_activation=1, second_view=2)
