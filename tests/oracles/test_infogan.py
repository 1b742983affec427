"""What a reader finds of the code: all of a class, nothing, or numbers up to its mistakes."""

import math

import pytest
import torch
from torch import nn

from equilibria.core.errors import Refusal
from equilibria.core.posteriors import Gaussian
from equilibria.core.priors import PRIORS
from equilibria.core.seeding import reseed
from equilibria.core.types import Batch
from equilibria.games import GAMES
from equilibria.games.infogan import code_loss, entropy
from equilibria.games.play import Play
from equilibria.terms.divergences import DIVERGENCES
from equilibria.toys.dirac import encoder_game, play_of

PARTS = [{"name": "categorical", "classes": 4}, {"name": "normal", "size": 3}, {"name": "uniform", "size": 2}]


class Copy(nn.Module):
    """G(z) = z, so that all of the code is in the sample."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, z, y=None):
        return self.scale * z.double()


class Reader(nn.Module):
    """Says of each number `certainty` times what it sees, with this deviation."""

    def __init__(self, certainty, deviation=1.0):
        super().__init__()
        self.certainty, self.log_variance = nn.Parameter(torch.tensor(certainty)), 2 * math.log(deviation)

    def forward(self, x, y=None):
        return Gaussian(self.certainty * x, torch.full_like(x, self.log_variance))


class Sum(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, x, y=None):
        return self.weight * x.sum(dim=1)


def found(reader, parts, information=1.0, count=4000):
    """The terms of a generator's move, and the information that is reported of it."""
    prior = PRIORS["joint"](parts)
    game = GAMES["infogan"](Copy(), reader, Sum(), prior, DIVERGENCES["wasserstein"](), {}, information=information)
    reseed(0)
    play = Play(game.networks, Batch(torch.zeros(count, prior.size).double()), prior)
    player = game.players[-1]
    terms = player.loss(play)
    return terms, float(player.report(play, terms)["information"].detach())


def test_a_reader_of_classes_finds_their_entropy():
    assert found(Reader(1e3), PARTS[:1])[1] == pytest.approx(math.log(4), abs=1e-6)


def test_a_reader_who_sees_nothing_finds_nothing():
    assert found(Reader(0.0), PARTS[:1])[1] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("deviation", [0.1, 1 / math.sqrt(3), 1.0])
def test_of_numbers_a_reader_who_sees_nothing_finds_less_than_nothing(deviation):
    """log 2 - log(2 pi s^2) / 2 - 1 / (6 s^2) a number, at most -0.176."""
    want = 2 * (math.log(2) - math.log(2 * math.pi * deviation**2) / 2 - 1 / 3 / (2 * deviation**2))
    got = found(Reader(0.0, deviation), PARTS[2:])[1]
    assert got == pytest.approx(want, rel=0.05)
    assert got < 0


def test_of_numbers_read_exactly_is_found_what_the_reader_trusts_itself_with():
    want = 2 * (math.log(2) - math.log(2 * math.pi * 0.01**2) / 2)
    assert found(Reader(1.0, 0.01), PARTS[2:])[1] == pytest.approx(want, abs=1e-6)


def test_what_is_found_adds_up_over_the_parts_and_noise_is_not_read():
    classes, numbers, whole = (found(Reader(0.7, 0.5), parts)[1] for parts in (PARTS[:1], PARTS[2:], PARTS))
    assert whole == pytest.approx(classes + numbers, abs=0.1)
    prior = PRIORS["joint"](PARTS)
    code = [part for part in prior.parts if part.kind != "normal"]
    z, read = prior.draw(5), Gaussian(torch.zeros(5, 9), torch.zeros(5, 9))
    other = z.clone()
    other[:, 4:7] += 1
    assert torch.equal(code_loss(code, read, z), code_loss(code, read, other))
    assert code_loss(code, read, z).shape == (5,)


def test_a_category_is_read_by_a_softmax_over_its_own_numbers():
    prior = PRIORS["joint"](PARTS)
    z, mean = prior.draw(6), torch.randn(6, 9)
    want = nn.functional.cross_entropy(mean[:, :4], z[:, :4].argmax(dim=1), reduction="none")
    assert torch.allclose(code_loss([prior.parts[0]], Gaussian(mean, torch.zeros(6, 9)), z), want)


def test_entropies_are_those_of_equal_chances():
    kinds = {part.kind: entropy(part) for part in PRIORS["joint"](PARTS).parts}
    assert kinds["categorical"] == pytest.approx(math.log(4))
    assert kinds["uniform"] == pytest.approx(2 * math.log(2))


@pytest.mark.parametrize("weight", [0.1, 1.0, 3.0])
def test_mistakes_are_weighed_and_reported_unweighted(weight):
    terms, told = found(Reader(0.7), PARTS[:1], weight)
    same, untouched = found(Reader(0.7), PARTS[:1])
    assert float(terms["information"].detach()) == pytest.approx(weight * float(same["information"].detach()), rel=1e-5)
    assert told == pytest.approx(untouched, rel=1e-5)


def test_mistakes_pull_at_reader_and_generator():
    game = encoder_game("infogan")
    play, player = play_of(game), game.players[-1]
    slopes = torch.autograd.grad(player.loss(play)["information"], game.parameters(player))
    assert player.networks == ("generator", "encoder")
    assert sum(bool(slope.abs().sum() > 0) for slope in slopes) == len(slopes)


def test_a_prior_without_a_code_is_refused():
    with pytest.raises(Refusal, match="needs a categorical or uniform part"):
        found(Reader(1.0), [{"name": "normal", "size": 3}])


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ({"size": 3}, "must be"),
        ("normal", "must be"),
        ({"name": "nromal"}, "Did you mean 'normal'"),
        ({"name": "normal", "sise": 3}, "Did you mean 'size'"),
        ({"name": "normal", "size": "3"}, "it must be a whole number"),
        ({"name": "joint"}, "needs parts"),
    ],
)
def test_a_part_that_is_none_is_refused_in_a_sentence(part, sentence):
    with pytest.raises(Refusal) as refused:
        PRIORS["joint"]([part])
    assert sentence in str(refused.value)
