"""Without a recipe, settings follow the data, the budget and the device; what a user sets wins."""

import shlex
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest
import torch

import equilibria as eq
from equilibria.apps.flags import split_words
from equilibria.data import Data
from equilibria.data.spaces import Image
from equilibria.recipes import DEFAULT, DEFAULT_FOR_FEW, DEFAULT_FOR_POINTS, RECIPES
from equilibria.recipes.defaults import Facts, choices, default_recipe, flags, without
from equilibria.recipes.settings import paths, settings, with_changes
from equilibria.runs.session import train
from sessions import Silent

PHOTOS = Facts((3, 32, 32), 360, 300.0, "cpu", side=480)
CASES = {  # what is chosen, in part; None: left as in the recipe
    "photos, minutes": (PHOTOS, {"data.size": 32, "augmentation": "diffaugment", "conditional": None}),
    "photos, a minute": (replace(PHOTOS, seconds=60.0), {"augmentation": None, "lr": None}),
    "fewer photos, seconds": (replace(PHOTOS, count=54, seconds=25.0), {"augmentation": None, "batch": 32}),
    "fewer photos, minutes": (replace(PHOTOS, count=54, seconds=90.0), {"augmentation": "diffaugment"}),
    "photos, hours": (replace(PHOTOS, seconds=7200.0), {"data.size": 64}),
    "photos, GPU": (replace(PHOTOS, device="cuda"), {"data.size": 64}),
    "photos, GPU, an hour": (replace(PHOTOS, device="cuda", seconds=3600.0), {"data.size": 128}),
    "small files": (replace(PHOTOS, side=28), {"data.size": None}),
    "an array": (replace(PHOTOS, side=None), {"data.size": None}),
    "many photos": (replace(PHOTOS, count=50_000), {"augmentation": None, "batch": 32, "lazy": 4}),
    "many photos with labels": (replace(PHOTOS, count=50_000, classes=3, rarest=90), {"lazy": None}),
    "classes": (replace(PHOTOS, classes=3, rarest=90), {"conditional": True}),
    "a rare class": (replace(PHOTOS, classes=3, rarest=2), {"conditional": None}),
    "digits": (Facts((1, 8, 8), 1609, 300.0), {"augmentation": None, "critic.width": None}),
    "many gray images": (Facts((1, 28, 28), 60_000, 300.0), {"batch": 32, "lr": 8e-4, "halflife": None}),
    "many gray images, days": (Facts((1, 28, 28), 60_000, 86400.0), {"halflife": 2000.0}),
    "large": (
        Facts((3, 136, 72), 1000, 300.0),
        {"critic": "residual", "critic.attention": 34, "critic.recompute": True},
    ),
    "points": (Facts((2,), 10_000, 300.0), {}),
}
EACH = [pytest.param(facts, expected, id=name) for name, (facts, expected) in CASES.items()]


def settings_of(facts):
    return {name: value for choice in choices(facts) for name, value in choice.settings.items()}


def recipe_for(facts, changes):
    recipe = RECIPES[default_recipe(facts)[0]]()
    return with_changes(replace(recipe, data={"name": "folder", "path": "."}), changes)


@pytest.mark.parametrize(("facts", "expected"), EACH)
def test_settings_follow_the_facts(facts, expected):
    chosen = settings_of(facts)
    assert {name: chosen.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("recipe", "changes"),
    [
        (DEFAULT_FOR_POINTS, {"shape": (2,)}),
        (DEFAULT_FOR_FEW, {"count": 60_000}),
        (DEFAULT_FOR_FEW, {"shape": (1, 32, 32)}),
        (DEFAULT_FOR_FEW, {"shape": (1, 28, 28), "count": 60_000, "classes": 10, "rarest": 6000}),
        (DEFAULT, {"shape": (1, 28, 28), "count": 60_000}),
        (DEFAULT, {"shape": (1, 28, 28), "count": 60_000, "classes": 10, "rarest": 2}),
    ],
)
def test_points_and_few_colored_or_labeled_images_have_a_recipe_with_penalties(recipe, changes):
    assert default_recipe(replace(PHOTOS, **changes))[0] == recipe


@pytest.mark.parametrize(("facts", "_"), EACH)
def test_each_choice_is_a_setting_of_the_recipe_and_each_other_value_can_be_typed(facts, _):
    for choice in choices(facts):
        for values in (choice.settings, choice.instead):
            _, typed = split_words(shlex.split(flags(values)))
            changed = recipe_for(facts, typed)
            for name, value in values.items():
                known = settings(changed) | {"data.size": None}
                assert set(paths(changed, name)) <= set(known)
                assert name == "data.size" or known[paths(changed, name)[0]].value == value
        assert not set(choice.settings.items()) & set(choice.instead.items())
        assert str(choice).endswith(f"; or {flags(choice.instead)}.")


@pytest.mark.parametrize(("facts", "_"), EACH)
def test_what_a_user_sets_is_not_chosen(facts, _):
    for choice in choices(facts):
        for name, value in choice.instead.items():
            recipe = RECIPES[default_recipe(facts)[0]]()
            assert without(choice, recipe, [name]).settings.keys() == choice.settings.keys() - {name}
            recipe = recipe_for(facts, settings_of(facts) | {name: value})
            assert name == "data.size" or settings(recipe)[paths(recipe, name)[0]].value == value


def test_networks_of_large_images_are_built():
    facts = replace(CASES["large"][0], shape=(3, 72, 66))
    recipe = with_changes(
        RECIPES[DEFAULT_FOR_FEW](), settings_of(facts) | {"batch": 4, "generator.width": 1, "critic.width": 1}
    )
    x = torch.randint(256, (12, *facts.shape), dtype=torch.uint8)
    run = eq.build(recipe, Data("large", Image(*facts.shape), x[:8], x[8:]))
    samples = run.game.networks["generator"](torch.randn(2, 64))
    assert run.game.networks["critic"](samples).shape == (2,)


def test_a_part_that_a_user_replaces_has_no_chosen_options():
    recipe, many = RECIPES[DEFAULT](), replace(PHOTOS, shape=(1, 28, 28), count=60_000, seconds=3600.0)
    (widths,) = (choice for choice in choices(many) if "critic.width" in choice.settings)
    assert without(widths, recipe, ["critic"]).settings.keys() == {"generator.width"}
    (rates,) = (choice for choice in choices(many) if "lr" in choice.settings)
    assert "lr" not in without(rates, recipe, ["optimizer"]).settings
    assert "lr" in without(rates, recipe, ["optimizers.critic.lr"]).settings


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder, chance = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for number in range(24):
        PIL.Image.fromarray(chance.integers(0, 256, (48, 40, 3), np.uint8)).save(folder / f"{number}.png")
    return folder


def begun(tmp_path, recipe=None, **keywords):
    """The stored recipe, and what was said."""
    fixed = {"runs": tmp_path, "rounds": 1, "watch": 0, "threads": 1, "matmul": "default"}
    run = train(recipe, display := Silent(), **fixed | keywords)
    return eq.Recipe.load(run.folder / "recipe.json"), " ".join("\n".join(display.said).split())


def test_a_run_without_a_recipe_stores_what_was_chosen_and_says_why(photos, tmp_path):
    recipe, said = begun(tmp_path, data=photos, batch=8, critic="dense", **{"generator.width": 4})
    assert (recipe.batch, recipe.data["size"], recipe.augmentation) == (8, 32, {"name": "none"})
    assert recipe.networks["generator"]["width"] == 4
    assert recipe.networks["critic"] == {"name": "dense"}
    assert "--data.size 32: the files have about 40 pixels" in said
    assert "--generator.width" not in said
    assert "--batch" not in said
    assert eq.resume(tmp_path / f"{recipe.name}-{photos.name}", Silent(), rounds=2).step == 2


def test_a_game_that_learns_classes_is_not_also_conditional(tmp_path):
    own = {"data": "digits", "game": "sgan", "labelled": 20, "batch": 20}
    assert not begun(tmp_path, **own | {"generator.width": 4, "critic.width": 4})[0].conditional


def test_a_named_recipe_is_left_alone(photos, tmp_path):
    small = {"generator.width": 4, "critic.width": 4, "batch": 8}
    recipe, said = begun(tmp_path, DEFAULT, data=photos, **small)
    assert recipe.augmentation == {"name": "none"}
    assert recipe.data == {"name": str(photos)}
    assert "; or " not in said
