"""What the LeCam penalty remembers, in closed form."""

import copy

import pytest
import torch

from equilibria.core.errors import Refusal
from equilibria.terms.penalties import PENALTIES, Duel
from equilibria.training.loop import run_rounds
from games import run_of, weights

HEIGHTS = ((3.0, -1.0), (2.0, 0.5), (-4.0, 1.0))  # real and fake scores of three moves


def flat_duel(real, fake, count=4, together=False):
    """A critic whose score is the sample."""
    sides = (torch.full((count, 1), real), torch.full((count, 1), fake))
    return Duel(lambda x: x[:, 0], (sides[0],), (sides[1],), together)


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("count", [1, 16, 64])
def test_scores_pay_for_their_distance_to_the_other_sides_average_before_the_move(count, together):
    penalty, real_average, fake_average = PENALTIES["lecam"](weight=0.5, decay=0.75), 0.0, 0.0
    for real, fake in HEIGHTS:
        expected = 0.5 * ((real - fake_average) ** 2 + (fake - real_average) ** 2)
        costs = penalty(flat_duel(real, fake, count, together))
        assert torch.allclose(costs, torch.full((count,), expected))
        real_average, fake_average = 0.75 * real_average + 0.25 * real, 0.75 * fake_average + 0.25 * fake
        assert penalty.averages.tolist() == pytest.approx([real_average, fake_average])


def test_no_gradient_flows_through_what_is_remembered():
    penalty, offset = PENALTIES["lecam"](), torch.zeros((), requires_grad=True)
    duel = Duel(lambda x: x[:, 0] + offset, (torch.ones(4, 1),), (torch.zeros(4, 1),))
    first, second = penalty(duel).mean(), penalty(flat_duel(1.0, 0.0)).mean()
    assert first.requires_grad
    assert not second.requires_grad
    assert not any(value.requires_grad for value in penalty.buffers())


def test_a_run_keeps_the_averages_and_goes_on_from_them():
    whole, first, second = (run_of("gan-ns", penalties={"lecam": {"name": "lecam"}}) for _ in range(3))
    state = copy.deepcopy(run_rounds(first, 2).state_dict())
    assert (state["memories"]["lecam.averages"] != 0).all()
    second.load_state_dict(state)
    assert torch.equal(weights(run_rounds(whole, 4)), weights(run_rounds(second, 4)))
    assert torch.equal(whole.game.memories["lecam"].averages, second.game.memories["lecam"].averages)


@pytest.mark.parametrize("decay", [-0.1, 1.0, float("nan")])
def test_impossible_decays_are_refused(decay):
    with pytest.raises(Refusal, match="at least 0 and below 1"):
        PENALTIES["lecam"](decay=decay)
