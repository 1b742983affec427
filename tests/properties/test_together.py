"""One pass may score both sides of a duel where the critic treats samples independently."""

import pytest
import torch
from torch import nn

from equilibria.core.priors import PRIORS
from equilibria.core.seeding import reseed
from equilibria.core.types import Batch
from equilibria.games.contest import Contest
from equilibria.games.play import Play
from equilibria.recipes.build import build
from equilibria.terms.divergences import DIVERGENCES
from equilibria.terms.penalties import PENALTIES
from games import points, small


class Generator(nn.Linear):
    def forward(self, z, y):
        return super().forward(z)


class Critic(nn.Module):
    """Scores pairs of a sample and its condition; counts its passes."""

    def __init__(self, condition):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2 + condition, 16), nn.Tanh(), nn.Linear(16, 1))
        self.passes = 0

    def forward(self, x, y=None):
        self.passes += 1
        return self.layers(x if y is None else torch.cat([x, y], dim=1)).flatten()


def played(together, penalties, conditional):
    """The critic's terms, the gradients of their sum, and the passes it took."""
    torch.manual_seed(0)
    networks = nn.ModuleDict({"generator": Generator(3, 2), "critic": Critic(3 if conditional else 0)}).double()
    batch = Batch(torch.randn(16, 2).double(), torch.randn(16, 3).double() if conditional else None)
    play = Play(networks, batch, PRIORS["normal"](size=3))
    play.z = torch.randn(16, 3).double()
    contest = Contest(
        DIVERGENCES["non_saturating"](), {name: PENALTIES[name]() for name in penalties}, together=together
    )
    reseed(0)
    terms = contest.critic_terms(play)
    gradients = torch.autograd.grad(sum(terms.values()), list(networks["critic"].parameters()))
    return terms, gradients, networks["critic"].passes


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("penalties", [(), ("gradient_penalty",), ("r1",), ("r1", "r2")])
def test_terms_and_gradients_are_those_of_two_passes(penalties, conditional):
    (apart, slopes, _), (together, same, _) = (played(t, penalties, conditional) for t in (False, True))
    assert list(apart) == list(together)
    assert all(torch.allclose(apart[name], together[name], rtol=1e-12) for name in apart)
    assert all(torch.allclose(a, b, rtol=1e-10, atol=1e-12) for a, b in zip(slopes, same, strict=True))


def test_sides_are_scored_in_one_pass_unless_a_penalty_reads_slopes_from_one_sides_scores():
    assert [played(True, penalties, False)[2] for penalties in ((), ("gradient_penalty",), ("r1",))] == [1, 2, 2]


@pytest.mark.parametrize(("norm", "passes"), [("none", 1), ("layer", 1), ("batch", 2)])
def test_a_built_run_mixes_the_sides_only_where_samples_do_not_influence_each_other(norm, passes):
    recipe = small("gan-ns")
    recipe.networks["critic"]["norm"] = norm
    run, calls = build(recipe, points()), []
    run.game.networks["critic"].register_forward_hook(lambda *_: calls.append(1))
    play = Play(run.game.networks, run.stream.batch(0), run.game.prior)
    run.game.players[0].loss(play)
    assert len(calls) == passes
