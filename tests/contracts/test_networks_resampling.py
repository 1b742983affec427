"""A convolution folded with its resampling is the two steps, in value and in gradient, up to the borders."""

import pytest
import torch
from torch.nn.functional import avg_pool2d, conv2d, interpolate

from equilibria.networks.resampling import UPSAMPLINGS, Crop, DownConv, PadToEven, UpConv


def up(x, weight, bias):
    return conv2d(interpolate(x, scale_factor=2, mode="nearest"), weight, bias, padding=1)


def down(x, weight, bias):
    return avg_pool2d(conv2d(x, weight, bias, padding=1), 2)


@pytest.mark.parametrize(("layer", "two_steps"), [(UpConv, up), (DownConv, down)])
@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("channels", "out"), [(3, 5), (4, 1), (1, 4)])
def test_folded_equals_two_steps(layer, two_steps, memory, channels, out):
    torch.manual_seed(0)
    module = layer(channels, out).to(memory_format=memory)
    x = torch.randn(2, channels, 6, 4).contiguous(memory_format=memory).requires_grad_()
    inputs = (x, module.weight, module.bias)
    folded, expected = module(x), two_steps(*inputs)
    direction = torch.randn_like(expected)
    torch.testing.assert_close(folded, expected, rtol=0, atol=1e-5)
    for ours, theirs in zip(
        torch.autograd.grad(folded, inputs, direction), torch.autograd.grad(expected, inputs, direction), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("layer", [UpConv, DownConv])
def test_folded_layers_can_be_differentiated_twice(layer):
    torch.manual_seed(0)
    module = layer(2, 3).double()
    x = torch.randn(1, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(
        lambda x, w: torch.func.functional_call(module, {"weight": w}, x), (x, module.weight)
    )


@pytest.mark.parametrize("upsample", UPSAMPLINGS)
def test_upsampling_doubles_each_side(upsample):
    assert UPSAMPLINGS[upsample](2, 3)(torch.randn(1, 2, 5, 4)).shape == (1, 3, 10, 8)


def test_crop_undoes_even():
    x = torch.randn(2, 3, 5, 7)
    assert PadToEven()(x).shape == (2, 3, 6, 8)
    assert torch.equal(Crop(5, 7)(PadToEven()(x)), x)
    assert not PadToEven()(x)[..., 5:, :].any()
    assert not PadToEven()(x)[..., 7:].any()
