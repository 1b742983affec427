"""Optimizers made for games: optimistic ones, and two time scales."""

import copy
import io
import math

import pytest
import torch

from equilibria.core.errors import Refusal
from equilibria.recipes.build import build
from equilibria.recipes.settings import with_changes
from equilibria.training.loop import run_rounds
from equilibria.training.optimizers import OPTIMIZERS, optimistic
from games import points, small


def slopes(count):
    """Gradients of two parameters, one of which is not always reached."""
    source = torch.Generator().manual_seed(5)
    for step in range(count):
        first, second = torch.randn(3, generator=source).double(), torch.randn(2, 2, generator=source).double()
        yield first, second if step % 3 else None


def pair():
    return [torch.nn.Parameter(torch.ones(3).double()), torch.nn.Parameter(torch.ones(2, 2).double())]


def stepped(optimizer, parameters, gradients):
    for found in gradients:
        for parameter, gradient in zip(parameters, found, strict=True):
            parameter.grad = None if gradient is None else gradient.clone()
        optimizer.step()


def test_optimistic_adam_steps_twice_and_takes_the_last_step_back():
    """theta -= 2 lr m_t / sqrt(v_t) - lr m_(t-1) / sqrt(v_(t-1)), moments corrected for their start."""
    lr, beta1, beta2, eps = 0.01, 0.5, 0.9, 1e-8
    parameters = pair()
    stepped(OPTIMIZERS["optimistic_adam"](parameters, lr, beta1, beta2, eps), parameters, slopes(7))
    for place, parameter in enumerate(parameters):
        theta, m, v, last, t = torch.ones_like(parameter), 0.0, 0.0, 0.0, 0
        for g in (found[place] for found in slopes(7) if found[place] is not None):
            t, m, v = t + 1, beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
            now = lr * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + eps)
            theta, last = theta - 2 * now + last, now
        assert torch.allclose(parameter, theta, rtol=1e-9)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_goes_on_from_its_state(name):
    whole, parameters = pair(), pair()
    stepped(OPTIMIZERS[name](whole), whole, slopes(6))
    first = OPTIMIZERS[name](parameters)
    stepped(first, parameters, list(slopes(6))[:3])
    torch.save(first.state_dict(), file := io.BytesIO())
    second = OPTIMIZERS[name](parameters)
    second.load_state_dict(torch.load(io.BytesIO(file.getvalue()), weights_only=True))
    stepped(second, parameters, list(slopes(6))[3:])
    assert all(torch.equal(a, b) for a, b in zip(whole, parameters, strict=True))


def test_going_back_to_a_state_forgets_the_steps_since():
    parameters = pair()
    optimizer = optimistic(torch.optim.SGD(parameters, lr=0.1))
    before, start = copy.deepcopy(optimizer.state_dict()), [p.detach().clone() for p in parameters]
    stepped(optimizer, parameters, slopes(2))
    once = [p.detach().clone() for p in parameters]
    optimizer.load_state_dict(before)
    with torch.no_grad():
        torch._foreach_copy_(parameters, start)
    stepped(optimizer, parameters, slopes(2))
    assert all(torch.equal(a, b) for a, b in zip(once, parameters, strict=True))


def test_a_rate_that_falls_takes_back_the_last_step_as_long_as_it_was():
    parameter = torch.nn.Parameter(torch.zeros(1).double())
    optimizer = optimistic(torch.optim.SGD([parameter], lr=1.0))
    for lr, expected in ((1.0, -2.0), (0.25, -1.5), (0.0, -1.25)):
        optimizer.param_groups[0]["lr"], parameter.grad = lr, torch.ones(1).double()
        optimizer.step()
        assert parameter.item() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [(name, "lr", lr) for name in OPTIMIZERS for lr in (0.0, -1e-4, math.nan, math.inf)]
    + [("adam", "beta1", 1.0), ("adam", "beta2", -0.1), ("optimistic_adam", "beta2", 1.5), ("adam", "eps", -1.0)]
    + [("rmsprop", "decay", 2.0), ("rmsprop", "eps", math.nan), ("sgd", "momentum", -1.0), ("sgd", "momentum", 1.0)],
)
def test_steps_that_stand_still_climb_or_never_fade_are_refused(name, option, value):
    with pytest.raises(Refusal, match=f"An optimizer has {option} {value:g}: .* is needed"):
        OPTIMIZERS[name](pair(), **{option: value})


def test_players_may_have_a_time_scale_each():
    """Two time scales (Heusel et al. 2017) are two learning rates."""
    recipe = with_changes(small("gan-ns"), {"optimizers.critic.lr": "4e-4", "optimizers.generator.lr": "1e-4"})
    run = build(recipe, points())
    assert {name: o.param_groups[0]["lr"] for name, o in run.optimizers.items()} == {"critic": 4e-4, "generator": 1e-4}
    before = [p.detach().clone() for p in run.game.networks.parameters()]
    run_rounds(run, 1)
    moved = [float((p - b).detach().abs().max()) for p, b in zip(run.game.networks.parameters(), before, strict=True)]
    count = len(list(run.game.networks["generator"].parameters()))
    assert max(moved[:count]) == pytest.approx(1e-4, rel=0.01)  # Adam's first step is as long as its rate
    assert max(moved[count:]) == pytest.approx(4e-4, rel=0.01)
