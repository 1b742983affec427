"""What each norm does to a layer, by its formula."""

import pytest
import torch
from torch import nn

from equilibria.networks import CRITICS
from equilibria.networks.norms import NORMS

# Maps (4, 32, 5, 6) with the channels in groups, and what is averaged over.
AVERAGED = {
    "batch": ((32, 1), (0, 2, 3, 4)),
    "layer": ((1, 32), (1, 2, 3, 4)),
    "group": ((8, 4), (2, 3, 4)),
    "instance": ((32, 1), (2, 3, 4)),
}


@pytest.mark.parametrize("norm", AVERAGED)
def test_norms_after_a_layer_subtract_their_mean_and_divide_by_their_deviation(norm):
    torch.manual_seed(0)
    h = 3 + 2 * torch.randn(4, 32, 5, 6)
    groups, averaged = AVERAGED[norm]
    centred = h.unflatten(1, groups) - h.unflatten(1, groups).mean(averaged, keepdim=True)
    expected = centred / (centred.square().mean(averaged, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(NORMS[norm]().after(32, True)(h), expected.flatten(1, 2), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("norm", ["none", "weight", "spectral"])
def test_norms_around_a_layer_leave_its_output_alone(norm):
    h = torch.randn(4, 6)
    assert NORMS[norm]().after(6, False)(h) is h


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 7, 12, 20, 32, 100, 513])
def test_groups_divide_the_channels_and_are_never_so_small_that_nothing_is_left(channels):
    group = NORMS["group"]().after(channels, True)
    assert channels % group.num_groups == 0
    assert group.num_groups == 1 or channels // group.num_groups >= 4


@pytest.mark.parametrize("layer", [nn.Linear(6, 4), nn.Conv2d(6, 4, 3), nn.ConvTranspose2d(6, 4, 4)], ids=str)
def test_weight_norm_has_one_length_for_each_output(layer):
    plain = layer.weight.detach().clone()
    wrapped = NORMS["weight"]().around(layer)
    lengths, directions = wrapped.parametrizations.weight.original0, wrapped.parametrizations.weight.original1
    assert lengths.numel() == 4
    torch.testing.assert_close(wrapped.weight, plain)
    directions.data.mul_(3)
    torch.testing.assert_close(wrapped.weight, plain)


@pytest.mark.parametrize("name", CRITICS)
def test_spectral_norm_makes_every_layer_of_a_critic_a_contraction(name):
    torch.manual_seed(0)
    critic = CRITICS[name]((1, 9, 8), 4, 0, width=8, norm="spectral")
    for _ in range(100):  # power iterations
        critic(torch.randn(2, 1, 9, 8))
    layers = [m for m in critic.eval().modules() if isinstance(m, (nn.Linear, nn.Conv2d))]
    assert layers
    for layer in layers:
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_layers_whose_constant_would_be_lost_have_none(norm):
    critic = CRITICS["dcgan"]((1, 32, 32), 4, 0, width=8, norm=norm)
    first, *others = [m for m in critic.modules() if isinstance(m, nn.Conv2d)]
    assert first.bias is not None
    assert all(layer.bias is None for layer in others)
