"""Laws of a saved model."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch

import equilibria as eq
from equilibria.core.errors import Refusal
from equilibria.core.priors import PRIORS
from equilibria.data import Stream, load_data
from equilibria.data.spaces import Plane
from equilibria.models.model import Model
from equilibria.networks import GENERATORS
from equilibria.recipes import RECIPES
from equilibria.runs.session import train
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
    assert model.critic_input.packed == 2
    assert model.networks["critic"](torch.zeros(3, 4)).shape == (3,)
    assert model.sample(5).shape == (5, 2)


NORMED = {  # an averaged network beside the generator that has batch norm
    "encoder": ("vae", {"encoder.norm": "batch"}),
    "code": ("infogan", {"encoder.norm": "batch"}),
    "pairs": ("bigan", {"encoder.norm": "batch"}),
    "classes": ("sgan", {"critic.norm": "batch", "labelled": 100}),
}


@pytest.fixture(scope="module")
def all_normed(tmp_path_factory):
    """Runs of three rounds on data of their own, one of whose averaged networks takes its statistics from the data."""
    return {name: _normed_run(name, tmp_path_factory.mktemp(name)) for name in NORMED}


@pytest.fixture(params=NORMED)
def normed(request, all_normed):
    return all_normed[request.param]


def _normed_run(name, place):
    chance = np.random.default_rng(0)
    np.savez(place / "set.npz", samples=chance.integers(0, 256, (160, 8, 8), np.uint8), labels=np.arange(160) % 4)
    recipe, options = NORMED[name]
    parts = {role: "dense" for role in ("generator", "encoder", "critic") if role in RECIPES[recipe]().networks}
    wish = {**parts, **options, "data": str(place / "set.npz"), "batch": 16, "rounds": 3, "save_every": 2, "watch": 0}
    train(recipe, Silent(), name="run", runs=str(place), threads=1, matmul="default", **wish)
    return place / "run"


def test_the_last_checkpoint_is_the_model_at_the_end_of_the_run(normed):
    """Weights, and batch-norm statistics of every averaged network."""
    last, end = eq.load(normed, "last").networks.state_dict(), eq.load(normed).networks.state_dict()
    assert list(last) == list(end)
    assert [name for name in end if not torch.equal(last[name], end[name])] == []
    before = eq.load(normed, 2).networks.state_dict()
    assert [name for name in end if "running_mean" in name and not torch.equal(before[name], end[name])]


@pytest.mark.parametrize("checkpoint", [None, "last"])
def test_batch_norm_of_an_encoder_and_a_class_head_has_the_statistics_of_the_data(normed, checkpoint):
    """The mean of the first norm's input over the first sixteen batches of training."""
    model, recipe, inputs = eq.load(normed, checkpoint), eq.Recipe.load(normed / "recipe.json"), []
    network = model.networks["critic" if model.critic_input.classes else "encoder"]
    norm = next(part for part in network.modules() if isinstance(part, torch.nn.BatchNorm1d))
    norm.register_forward_pre_hook(lambda _, given: inputs.append(given[0].mean(0)))
    stream = Stream(load_data(recipe.data), recipe.batch, recipe.seed)
    for i in range(16):
        network(stream.batch(i).x)
    torch.testing.assert_close(norm.running_mean, torch.stack(inputs).mean(0))


def test_a_checkpoint_without_its_data_draws_and_does_not_encode(normed, tmp_path):
    folder = shutil.copytree(normed, tmp_path / "run")
    recipe = json.loads((folder / "recipe.json").read_text())
    recipe["data"]["name"] = str(tmp_path / "gone.npz")
    (folder / "recipe.json").write_text(json.dumps(recipe))
    assert eq.load(folder).networks
    assert eq.sample(folder, 4, out=tmp_path / "some.npz", checkpoint="last").is_file()
    with pytest.raises(Refusal, match=r"estimated from the training data.*gone\.npz"):
        eq.load(folder, "last")


def test_a_model_is_used_without_the_code_that_trains(all_normed, tmp_path):
    """Not a module of it is imported, with a checkpoint either."""
    code = "import sys, equilibria as eq\n"
    for run in all_normed.values():
        said = f"eq.sample({str(run)!r}, 4, out={str(tmp_path / 'some.png')!r}, force=True"
        code += f"{said}); {said}, checkpoint='last')\nmodel = eq.load({str(run)!r}); model.interpolate(0, 1)\n"
        code += "if 'encoder' in model.networks: model.reconstruct(count=2)\n"
    code += "print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    parts = {".".join(name.split(".")[:2]) for name in run.stdout.split() if name.startswith("equilibria.")}
    assert parts.isdisjoint({"equilibria.training", "equilibria.evaluation", "equilibria.studies", "equilibria.apps"})
