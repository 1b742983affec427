"""The weight that a recipe leaves to the samples is decided by them, played and written out."""

import pytest
import torch

from equilibria.core.errors import Refusal
from equilibria.data import Data
from equilibria.data.spaces import Image, Plane
from equilibria.games.play import Play
from equilibria.recipes import RECIPES, Recipe
from equilibria.recipes.build import build, resolve
from equilibria.recipes.settings import with_changes

POINTS = Data("points", Plane(), torch.zeros(64, 2), torch.zeros(16, 2))
IMAGES = Data("images", Image(1, 8, 8), torch.zeros(8, 1, 8, 8).byte(), torch.zeros(2, 1, 8, 8).byte())
EVERY = pytest.mark.parametrize("name", RECIPES)


def weight(recipe, data):
    return resolve(recipe, data).penalties["gradient_penalty"]["weight"]


def test_the_slope_of_wgan_gp_is_cheap_for_points_and_dear_for_images():
    recipe = RECIPES["wgan-gp"]()
    assert (weight(recipe, POINTS), weight(recipe, IMAGES)) == (0.1, 10.0)


@pytest.mark.parametrize("data", [POINTS, IMAGES], ids=["points", "images"])
def test_a_weight_that_was_said_is_kept(data):
    for said in (10.0, 0.1, 3.0):
        assert weight(with_changes(RECIPES["wgan-gp"](), {"penalty.weight": said}), data) == said


@EVERY
@pytest.mark.parametrize("data", [POINTS, IMAGES], ids=["points", "images"])
def test_no_weight_is_left_open_and_the_recipe_itself_is_not_changed(name, data):
    recipe = RECIPES[name]()
    weights = [spec["weight"] for spec in resolve(recipe, data).penalties.values()]
    assert all(isinstance(weight, float) for weight in weights)
    assert recipe == RECIPES[name]()
    assert resolve(resolve(recipe, data), data) == resolve(recipe, data)


def test_other_options_of_the_penalty_stay():
    recipe = with_changes(RECIPES["wgan-gp"](), {"penalty.one_sided": True})
    assert resolve(recipe, POINTS).penalties["gradient_penalty"] == {
        "name": "gradient_penalty",
        "weight": 0.1,
        "one_sided": True,
    }


def test_what_is_played_costs_as_much_as_the_weight_that_was_chosen():
    def paid(**changes):
        run = build(with_changes(RECIPES["wgan-gp"](), changes), POINTS)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            play = Play(run.game.networks, run.stream.batch(0), run.game.prior)
            return run.game.players[0].loss(play)["gradient_penalty"].item()

    assert paid() == pytest.approx(paid(**{"penalty.weight": 0.1}))
    assert paid() == pytest.approx(paid(**{"penalty.weight": 10.0}) / 100)


def test_a_recipe_that_leaves_the_weight_open_can_be_stored():
    recipe = RECIPES["wgan-gp"]()
    assert weight(Recipe.from_json(recipe.to_json(), "here"), POINTS) == 0.1


def test_only_a_penalty_with_known_weights_may_leave_it_open():
    stored = with_changes(RECIPES["gan"](), {"penalty": "r1"}).to_json().replace('"r1"\n', '"r1", "weight": "auto"\n')
    with pytest.raises(Refusal, match=r"penalties\.r1\.weight is 'auto': it must be a number"):
        build(Recipe.from_json(stored, "here"), POINTS)
