"""Laws of the bends between layers."""

import pytest
import torch
from torch.nn.functional import leaky_relu

from equilibria.networks.blocks import ACTIVATIONS, PiecewiseReLU


@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_a_kink_is_leaky_relu_in_value_and_derivatives(slope):
    x = torch.tensor([-2.0, -0.0, 0.0, 0.5, 3.0], dtype=torch.float64)
    weight = torch.tensor([0.3, -1.0, 2.0, 0.7, 1.1], dtype=torch.float64)

    def slopes(bend):
        point, scale = x.clone().requires_grad_(), weight.clone().requires_grad_()
        value = bend(scale * point)
        (first,) = torch.autograd.grad(value.sum(), point, create_graph=True)
        (second,) = torch.autograd.grad(first.square().sum(), scale)
        return value, first, second

    for ours, torchs in zip(slopes(PiecewiseReLU(slope)), slopes(lambda v: leaky_relu(v, slope)), strict=True):
        assert torch.equal(ours, torchs)


def test_a_slope_differentiated_again_does_not_walk_back_through_the_scores():
    """A bias moves no slope of a piecewise linear critic: it is not even reached."""
    x, bias = torch.randn(4, 3, requires_grad=True), torch.zeros(3, requires_grad=True)
    (slope,) = torch.autograd.grad(PiecewiseReLU(0.2)(x + bias).sum(), x, create_graph=True)
    assert not slope.requires_grad


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_keep_shape_and_type(name):
    for kind in (torch.float32, torch.float64):
        for x in (torch.randn(2, 3, 4, dtype=kind), torch.randn(2, 3, dtype=kind, requires_grad=True)):
            y = ACTIVATIONS[name]()(x)
            assert y.shape == x.shape
            assert y.dtype == kind
