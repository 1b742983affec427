"""What `auto` stands for is decided by the samples and the penalties, and written out."""

import pytest
import torch

from equilibria.data import Data
from equilibria.data.spaces import Image
from equilibria.recipes import RECIPES
from equilibria.recipes.build import resolve, resolve_network
from equilibria.recipes.settings import with_changes

IMAGE, POINT = (1, 28, 28), (2,)
IMAGES = Data("images", Image(1, 8, 8), torch.zeros(8, 1, 8, 8).byte(), torch.zeros(2, 1, 8, 8).byte())


@pytest.mark.parametrize(
    ("role", "shape", "penalized", "expected"),
    [
        ("generator", POINT, True, {"name": "dense", "norm": "none"}),
        ("critic", POINT, False, {"name": "dense", "norm": "none"}),
        ("generator", IMAGE, True, {"name": "dcgan", "hidden": 256, "norm": "batch", "upsample": "nearest"}),
        ("generator", IMAGE, False, {"name": "dcgan", "hidden": 256, "norm": "batch", "upsample": "nearest"}),
        ("critic", IMAGE, True, {"name": "dcgan", "hidden": 256, "norm": "none"}),
        ("critic", IMAGE, False, {"name": "dcgan", "hidden": 256, "norm": "batch"}),
        ("encoder", POINT, True, {"name": "dense", "norm": "none"}),
        ("encoder", IMAGE, True, {"name": "dcgan", "hidden": 256, "norm": "batch"}),
        ("prior", POINT, True, {"name": "dense"}),
        ("prior", IMAGE, False, {"name": "dense"}),
    ],
)
def test_points_are_dense_images_are_dcgan_and_a_penalized_critic_has_no_norm(role, shape, penalized, expected):
    assert resolve_network(role, {"name": "auto"}, shape, penalized) == expected


@pytest.mark.parametrize(
    ("name", "device", "sizes"),
    [
        ("gan-ns", "cpu", {"width": 16, "hidden": 128}),
        ("r3gan", "cpu", {"width": 16, "hidden": 128}),
        ("gan-ns", "cuda", {"hidden": 256}),
        ("vae-gan", "cpu", {"hidden": 256}),
        ("sgan", "cpu", {"hidden": 256}),
        ("dcgan", "cpu", {}),
    ],
)
def test_processors_get_networks_of_half_the_size_in_games_of_generator_and_critic(name, device, sizes):
    networks = resolve(RECIPES[name](), IMAGES, device).networks
    for role in ("generator", "critic"):
        assert {key: value for key, value in networks[role].items() if key in ("width", "hidden")} == sizes


@pytest.mark.parametrize(("width", "hidden"), [(8, 64), (32, 256)])
def test_the_fully_connected_layer_follows_the_width(width, hidden):
    networks = resolve(with_changes(RECIPES["gan-ns"](), {"critic.width": width}), IMAGES).networks
    assert (networks["critic"]["hidden"], networks["generator"]["hidden"]) == (hidden, 128)
    assert resolve(with_changes(RECIPES["gan-ns"](), {"critic.hidden": 32}), IMAGES).networks["critic"]["hidden"] == 32


def test_options_are_kept():
    spec = {"name": "auto", "width": 32, "norm": "layer", "hidden": 0}
    assert resolve_network("critic", spec, IMAGE, True) == {"name": "dcgan", "width": 32, "norm": "layer", "hidden": 0}
    assert spec["name"] == "auto"


def test_a_network_with_a_name_is_left_alone():
    assert resolve_network("critic", {"name": "residual", "width": 8}, IMAGE, True) == {"name": "residual", "width": 8}
    assert resolve_network("critic", {"name": "mine:critic"}, POINT, False) == {"name": "mine:critic"}


@pytest.mark.parametrize(
    ("role", "shape", "expected"),
    [
        ("generator", IMAGE, "concat"),
        ("critic", IMAGE, "projection"),
        ("generator", POINT, "concat"),
        ("critic", POINT, "concat"),
        ("encoder", IMAGE, "concat"),
        ("encoder", POINT, "concat"),
    ],
)
def test_only_conditional_networks_are_told_and_what_was_said_is_kept(role, shape, expected):
    assert resolve_network(role, {"name": "auto"}, shape, True, True)["conditioning"] == expected
    assert resolve_network(role, {"name": "auto", "conditioning": "film"}, shape, True, True)["conditioning"] == "film"
    assert "conditioning" not in resolve_network(role, {"name": "auto"}, shape, True, False)


def test_a_prior_sees_nothing_but_the_condition_and_needs_no_way_of_being_told():
    assert resolve_network("prior", {"name": "auto", "width": 8}, IMAGE, True, True) == {"name": "dense", "width": 8}
