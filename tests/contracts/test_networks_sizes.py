"""What is promised of sizes: of images, of maps, and of the layers of the networks that papers describe."""

from itertools import pairwise, product
from math import prod

import numpy as np
import pytest
import torch
from torch import nn

import equilibria as eq
from equilibria.core.errors import Refusal
from equilibria.data import load_data
from equilibria.networks import CRITICS, GENERATORS
from equilibria.networks.blocks import PiecewiseReLU
from equilibria.networks.resampling import pyramid
from equilibria.networks.residual import Recomputation
from equilibria.recipes.settings import with_changes

IMAGES = [name for name in GENERATORS if name != "dense"]
LARGEST = {"dcgan": 128, "residual": 256}  # pixels a side


def count(network):
    return sum(p.numel() for p in network.parameters())


def test_a_pyramid_halves_rounding_up_to_a_seed_of_at_most_seven():
    for height, width in product(range(8, 129), (8, 13, 29, 100, 128)):
        sizes = pyramid("dcgan", (3, height, width))
        assert sizes[0] == (height, width)
        assert max(sizes[-1]) <= 7
        assert len(sizes) == 3 or max(sizes[-2]) > 7
        for (tall, wide), half in pairwise(sizes):
            assert half == (-(-tall // 2), -(-wide // 2))


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("size", [(8, 8), (9, 9), (8, 128), (127, 9), (13, 33), (28, 28), (15, 17), (128, 128)])
def test_any_size_comes_out_exactly_and_goes_in(name, size):
    generator = GENERATORS[name]((2, *size), 4, 0, nn.Identity(), width=2, norm="none")
    images = generator(torch.randn(2, 4))
    assert images.shape == (2, 2, *size)
    assert CRITICS[name]((2, *size), 4, 0, width=2, norm="none")(images).shape == (2,)


@pytest.mark.parametrize(("name", "most"), LARGEST.items())
@pytest.mark.parametrize("size", [(7, 28), (28, 7), (1, 64), (64, 1)])
def test_images_that_are_too_small_or_too_large_are_refused_with_the_limits(name, most, size):
    size = tuple(most + 1 if side == 1 else side for side in size)
    with pytest.raises(Refusal, match=f"8 to {most} pixels a side, and these are {size[0]} x {size[1]}"):
        GENERATORS[name]((1, *size), 4, 0, nn.Tanh())
    with pytest.raises(Refusal, match=f"8 to {most}"):
        CRITICS[name]((1, *size), 4, 0)


def test_a_residual_network_of_large_images_widens_towards_the_seed():
    options = {"width": 2, "growth": 4, "attention": 16, "recompute": True}
    generator = GENERATORS["residual"]((3, 256, 256), 4, 0, nn.Tanh(), norm="none", **options)
    critic = CRITICS["residual"]((3, 256, 256), 4, 0, norm="none", **options)
    images = generator(torch.randn(2, 4))
    assert images.shape == (2, 3, 256, 256)
    assert critic(images).shape == (2,)
    blocks = [m for m in generator.modules() if isinstance(m, Recomputation)]
    assert [block.layers.long[-1].out_channels for block in blocks] == [8, 8, 8, 8, 4, 2]
    assert critic.head.in_features == 8


@pytest.mark.parametrize("networks", [GENERATORS, CRITICS])
def test_attention_where_there_is_no_feature_map_is_refused_with_the_sides_that_there_are(networks):
    output_activation = {"output_activation": nn.Tanh()} if networks is GENERATORS else {}
    with pytest.raises(Refusal, match=r"attention is 20: .* have 32, 16, 8 pixels a side"):
        networks["residual"]((3, 64, 64), 4, 0, **output_activation, width=2, attention=20)


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("upsample", ["transposed", "nearest"])
def test_both_ways_of_upsampling_give_the_same_sizes(name, upsample):
    generator = GENERATORS[name]((1, 9, 13), 4, 0, nn.Tanh(), width=2, upsample=upsample)
    assert generator(torch.randn(2, 4)).shape == (2, 1, 9, 13)


def test_the_last_pixels_of_odd_images_are_seen():
    for name in CRITICS:
        x = torch.randn(1, 1, 9, 13, requires_grad=True)
        CRITICS[name]((1, 9, 13), 4, 0, width=8, norm="none")(x).sum().backward()
        assert x.grad[..., -1, :].abs().max() > 0
        assert x.grad[..., :, -1].abs().max() > 0


def test_the_classical_generator_has_exactly_the_documented_layers():
    widths = (100, 128, 256, 512, 1024, 784)
    generator = GENERATORS["dense"](
        (1, 28, 28), 100, 0, nn.Tanh(), widths=widths[1:-1], norm="batch", skip_first_norm=True, activation="leaky_relu"
    )
    weights, biases = sum(a * b for a, b in pairwise(widths)), 128 + 784
    assert count(generator) == weights + biases + 2 * (256 + 512 + 1024)
    kinds = [type(m).__name__ for m in generator.layers if not isinstance(m, nn.Identity)]
    hidden = ["Linear", "BatchNorm1d", "PiecewiseReLU"]
    assert kinds == ["Linear", "PiecewiseReLU", *hidden * 3, "Linear", "Unflatten"]
    assert {m.eps for m in generator.modules() if isinstance(m, nn.BatchNorm1d)} == {1e-5}
    assert {m.negative_slope for m in generator.modules() if isinstance(m, PiecewiseReLU)} == {0.2}


def test_the_classical_critic_has_exactly_the_documented_layers():
    critic = CRITICS["dense"]((1, 28, 28), 100, 0, widths=(512, 256))
    assert count(critic) == 784 * 512 + 512 + 512 * 256 + 256 + 256 + 1
    assert [type(m).__name__ for m in critic.trunk if not isinstance(m, nn.Identity)] == ["Linear", "PiecewiseReLU"] * 2


def test_dcgan_has_the_papers_layers():
    """Radford et al. 2016 at 64 pixels: 1024-512-256-128 channels from a 4 x 4 seed, batch norm between, N(0, 0.02)."""
    generator = GENERATORS["dcgan"]((3, 64, 64), 100, 0, nn.Tanh(), width=128)
    critic = CRITICS["dcgan"]((3, 64, 64), 100, 0, width=128)
    maps = list(zip((1024, 512, 256, 128), (512, 256, 128, 3), strict=True))
    assert [(m.in_channels, m.out_channels) for m in generator.modules() if isinstance(m, nn.ConvTranspose2d)] == maps
    assert [(m.out_channels, m.in_channels) for m in critic.modules() if isinstance(m, nn.Conv2d)] == maps[::-1]
    assert sum(isinstance(m, nn.BatchNorm2d) for m in generator.modules()) == 4
    assert sum(isinstance(m, nn.BatchNorm2d) for m in critic.modules()) == 3
    assert not [m for m in critic.trunk[:3] if isinstance(m, nn.BatchNorm2d)]
    for weight in [p for network in (generator, critic) for p in network.parameters() if p.ndim > 1]:
        assert weight.std().item() == pytest.approx(0.02, rel=0.05)


@pytest.mark.parametrize("name", CRITICS)
def test_without_a_norm_scales_survive_the_layers(name):
    torch.manual_seed(0)
    images = GENERATORS[name]((3, 64, 64), 64, 0, nn.Identity(), width=32, norm="none")(torch.randn(16, 64))
    scores = CRITICS[name]((3, 64, 64), 64, 0, width=32, norm="none").features(torch.randn(16, 3, 64, 64))
    assert 0.02 < images.std().item() < 20
    assert 0.02 < scores.std().item() < 20


def test_a_residual_critic_may_have_no_flat_blocks_but_not_fewer():
    shorter, longer = (CRITICS["residual"]((1, 8, 8), 4, 0, width=2, flat=flat) for flat in (0, 1))
    assert count(longer) - count(shorter) == 2 * (2 * 2 * 9 + 2)
    with pytest.raises(Refusal, match="flat -1"):
        CRITICS["residual"]((1, 8, 8), 4, 0, flat=-1)


def test_residual_shares_one_width():
    for table in (GENERATORS, CRITICS):
        output_activation = {"output_activation": nn.Tanh()} if table is GENERATORS else {}
        network = table["residual"]((3, 32, 32), 128, 0, **output_activation, width=16)
        channels = {m.out_channels for m in network.modules() if isinstance(m, nn.Conv2d)}
        assert channels <= {16, 3}
    assert prod(network.head.weight.shape) == 16


@pytest.mark.parametrize("side", [(7, 7), (130, 130), (1, 131)])
@pytest.mark.parametrize("name", ["gan", "wgan-gp", "vae", "bigan", "aae"])
def test_a_side_that_no_convolution_takes_is_refused_with_the_flags_that_help(tmp_path, name, side):
    np.save(tmp_path / "sides.npy", np.random.default_rng(0).integers(0, 256, (100, *side, 2), dtype=np.uint8))
    data, recipe = load_data(str(tmp_path / "sides.npy")), eq.RECIPES[name]()
    with pytest.raises(Refusal, match=f"{side[0]} x {side[1]}: .*`--") as refusal:
        eq.build(recipe, data)
    words = str(refusal.value).split("`")[1].replace("--", "").split()
    settings = dict(zip(words[::2], words[1::2], strict=True))
    assert eq.build(with_changes(recipe, settings), data).game
