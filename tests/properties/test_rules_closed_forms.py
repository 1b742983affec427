"""Update rules in closed form: the bilinear game, and a small game that is not linear."""

import math

import pytest
import torch

from equilibria.terms.penalties import PENALTIES
from equilibria.training.loop import run_rounds, training_mode
from equilibria.training.optimizers import optimistic
from equilibria.training.step import differentiate
from scalars import GAMMA, RATE, bent, drawn, field, numbers, scalars


def played(rule, rounds, **fields):
    """The bilinear game: the Dirac-GAN with Wasserstein losses has v = i w at w = theta + i psi."""
    return numbers(run_rounds(scalars("wasserstein", rule, **fields), rounds))


@pytest.mark.parametrize(
    ("rule", "weight", "factor"),
    [
        ("simultaneous", None, math.hypot(1, RATE)),
        ("extragradient", None, math.hypot(1 - RATE**2, RATE)),
        ("consensus", 0.0, math.hypot(1, RATE)),
        ("consensus", 0.5, math.hypot(1 - RATE * 0.5, RATE)),
        ("consensus", 1.0, math.hypot(1 - RATE, RATE)),
    ],
)
def test_on_the_bilinear_game_every_round_scales_the_norm(rule, weight, factor):
    for rounds in (1, 2, 50):
        norm = float(played(rule, rounds, weight=weight).norm())
        assert norm == pytest.approx(math.sqrt(2) * factor**rounds, rel=1e-12)


def test_simultaneous_descent_spirals_out_where_extragradient_and_consensus_contract():
    assert played("simultaneous", 100).norm() > 9
    assert played("extragradient", 100).norm() < 0.3
    assert played("consensus", 100, weight=1.0).norm() < 1e-5


def test_alternating_descent_stays_on_its_ellipse():
    """The critic first: theta^2 + psi^2 - h theta psi is the same in every round."""
    for rounds in (0, 1, 7, 100):
        theta, psi = played("alternating", rounds).tolist()
        assert theta**2 + psi**2 - RATE * theta * psi == pytest.approx(2 + RATE, rel=1e-12)


def test_optimistic_descent_contracts_as_its_recurrence_does():
    """w' = w - 2 h i w + h i w_before, which one complex number carries out."""
    past, now = 0, 1 - 1j
    for _ in range(200):
        past, now = now, now - 2 * RATE * 1j * now + RATE * 1j * past
    reached = played("simultaneous", 200, optimizer=lambda ps: optimistic(torch.optim.SGD(ps, lr=RATE)))
    assert reached.tolist() == pytest.approx([now.real, now.imag], rel=1e-9, abs=1e-15)
    assert reached.norm() < 0.05


def test_simultaneous_steps_are_those_of_the_joint_gradient():
    run = bent("simultaneous")
    w = numbers(run)
    for draw in range(3):
        w = w - RATE * field(w, *drawn(run, draw)).detach()
    assert torch.allclose(numbers(run_rounds(run, 3)), w, rtol=1e-12)


def test_extragradient_steps_from_where_it_was_along_the_gradient_ahead():
    run = bent("extragradient")
    w = numbers(run)
    for draw in (0, 2, 4):
        ahead = w - RATE * field(w, *drawn(run, draw)).detach()
        w = w - RATE * field(ahead, *drawn(run, draw + 1)).detach()
    assert torch.allclose(numbers(run_rounds(run, 3)), w, rtol=1e-12)


def test_consensus_descends_the_squared_length_of_the_joint_gradient_too():
    run = bent("consensus", weight=GAMMA)
    w = numbers(run)
    for draw in range(3):
        material = drawn(run, draw)
        v = field(w, *material).detach()
        jacobian = torch.autograd.functional.jacobian(lambda w, m=material: field(w, *m), w)
        w = w - RATE * (v + GAMMA * jacobian.T @ v)
    assert torch.allclose(numbers(run_rounds(run, 3)), w, rtol=1e-12)


@pytest.mark.parametrize("names", [[], ["gradient_penalty"], ["divergence_penalty"], ["r1", "r2", "gradient_penalty"]])
def test_the_slope_of_consensus_agrees_with_finite_differences(names):
    """Of |v|^2 / 2, v from players who each freeze the other: no derivative across the two is lost."""
    run = bent("consensus", {name: PENALTIES[name]() for name in names}, weight=1.0)
    parameters = [run.game.networks["generator"].theta, run.game.networks["critic"].psi]
    w = numbers(run)

    def v(at):
        with torch.no_grad():
            parameters[0].copy_(at[:2]), parameters[1].copy_(at[2:])
        run.draws = 0
        critic, generator = differentiate(run, run.game.players)
        return torch.cat([*generator, *critic])

    with training_mode(run):
        nudges = torch.eye(4, dtype=torch.float64) * 1e-6
        slope = torch.stack([(v(w + e).square().sum() - v(w - e).square().sum()) / 4e-6 for e in nudges])
        expected = w - RATE * (v(w) + slope)
    run.draws = 0
    assert torch.allclose(numbers(run_rounds(run, 1)), expected, rtol=1e-6)
