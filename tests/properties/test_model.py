"""Laws of a saved model."""

import pytest
import torch

import equilibria as eq
from equilibria.core.priors import PRIORS
from equilibria.data.spaces import Plane
from equilibria.networks import GENERATORS
from equilibria.recipes.model import Model
from equilibria.recipes.session import train
from sessions import TINY, Silent

SPECS = {
    "normal": {"size": 6},
    "uniform": {"size": 6},
    "categorical": {"classes": 6},
    "joint": {"parts": [{"name": "normal", "size": 4}, {"name": "categorical", "classes": 2}]},
}


@pytest.fixture(params=SPECS)
def model(request):
    torch.manual_seed(0)
    prior = PRIORS[request.param](**SPECS[request.param])
    generator = GENERATORS["dense"]((2,), prior.size, 0, torch.nn.Identity(), width=16, norm="batch")
    return Model(torch.nn.ModuleDict({"generator": generator}).eval(), Plane(), prior)


@pytest.mark.parametrize("count", [1, 63, 64, 65, 130])
def test_a_sample_depends_on_the_seed_and_its_place_alone(model, count):
    assert torch.equal(model.sample(count, seed=3), model.sample(200, seed=3)[:count])


def test_other_seeds_and_other_places_give_other_samples(model):
    first = model.sample(128, seed=0)
    assert not torch.equal(first, model.sample(128, seed=1))
    assert not torch.equal(first[:64], first[64:])


def test_sampling_leaves_the_callers_randomness_alone(model):
    torch.manual_seed(1)
    expected = torch.randn(3)
    torch.manual_seed(1)
    model.sample(10)
    assert torch.equal(torch.randn(3), expected)


def test_no_samples_are_an_empty_tensor(model):
    assert model.sample(0).shape == (0, 2)


@pytest.mark.parametrize("name", PRIORS)
def test_priors_have_the_moments_they_are_named_for(name):
    prior = PRIORS[name](**SPECS[name])
    z = prior.draw(200_000, torch.Generator().manual_seed(0))
    assert z.shape == (200_000, prior.size)
    means = {"normal": [0.0] * 6, "uniform": [0.0] * 6, "categorical": [1 / 6] * 6, "joint": [0.0] * 4 + [0.5] * 2}
    spreads = {
        "normal": [1.0] * 6,
        "uniform": [1 / 3] * 6,
        "categorical": [5 / 36] * 6,
        "joint": [1.0] * 4 + [0.25] * 2,
    }
    assert torch.allclose(z.mean(0), torch.tensor(means[name]), atol=0.01)
    assert torch.allclose(z.var(0), torch.tensor(spreads[name]), atol=0.01)


def test_a_loaded_model_needs_neither_data_nor_training(tmp_path, monkeypatch):
    """Once trained, the data may go: the model draws the same samples."""
    import numpy as np

    monkeypatch.chdir(tmp_path)
    np.save("points.npy", np.random.default_rng(0).normal(size=(64, 2)).astype("float32"))
    run = eq.train("gan", _Quiet(), data="points.npy", rounds=2, batch=8, threads=1, **{"generator.width": 8})
    before = eq.load(run.folder).sample(5, seed=2)
    (tmp_path / "points.npy").unlink()
    assert torch.equal(eq.load(run.folder).sample(5, seed=2), before)


class _Quiet:
    def say(self, text):
        pass

    def show(self, event):
        pass


def test_the_model_of_a_packed_game_is_found_again(tmp_path):
    said = TINY | {"n_critic": 1, "rounds": 2, "runs": tmp_path}
    run = train("pacgan", Silent(), **said)
    model = eq.load(run.folder)
    assert model.packed == 2
    assert model.networks["critic"](torch.zeros(3, 4)).shape == (3,)
    assert model.sample(5).shape == (5, 2)
