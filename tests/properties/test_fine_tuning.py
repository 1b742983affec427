"""A run that starts from other weights has them at round 0, and nothing else changes."""

import math
import shutil

import numpy as np
import PIL.Image
import pytest
import torch

import equilibria as eq
from equilibria.core.errors import Refusal
from equilibria.records import checkpoints
from equilibria.runs.session import resume, train
from sessions import TINY, Silent, assert_equal, assert_same_run

SHORT = TINY | {"rounds": 4, "save_every": 2, "watch": 0}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return train("wgan-gp", Silent(), name="source", runs=tmp_path_factory.mktemp("runs"), **SHORT | {"seed": 5}).folder


def begun(display=None, recipe=None, **keywords):
    """The networks and the averages of a run at round 0."""
    run = train(recipe, display or Silent(), dry_run=True, rounds=20, **keywords)
    return dict(run.game.networks.state_dict()), dict(run.average.state_dict())


def test_a_runs_own_and_averaged_weights_are_those_of_its_newest_checkpoint(source):
    display = Silent()
    networks, average = begun(display, from_=source)
    state = checkpoints.at(source, 4).state
    assert_equal(networks, dict(state["networks"]))
    assert_equal(average, dict(state["average"]))
    assert f"Weights from {source}, round 4: generator all" in " ".join(display.said[-1].split())


def test_a_models_weights_are_the_networks_and_the_averages(source):
    weights = eq.load(source).networks.state_dict()
    networks, average = begun(from_=source / "model")
    assert_equal(networks, {name: weights[name] for name in networks})
    assert_equal(average, {name: weights[name.removeprefix("networks.")] for name in average})


def test_the_recipe_and_the_data_are_the_sources_unless_others_are_named(source, tmp_path):
    run = train(None, Silent(), runs=tmp_path, name="run", from_=source, data="grid", rounds=1, watch=0)
    recipe, before = (eq.Recipe.load(folder / "recipe.json") for folder in (run.folder, source))
    assert (recipe.data, recipe.rounds) == ({"name": "grid"}, 1)
    assert (recipe.networks, recipe.penalties, recipe.batch) == (before.networks, before.penalties, before.batch)


def test_of_other_shapes_what_fits_is_taken_and_the_rest_is_as_without_a_source(tmp_path):
    chance = np.random.default_rng(0)
    for side in (8, 16):
        np.save(tmp_path / f"{side}.npy", chance.integers(0, 256, (80, side, side), np.uint8))
    wish = {"generator.width": 4, "critic.width": 4, "batch": 8, "threads": 1, "matmul": "default", "watch": 0}
    wish |= {"recipe": "gan-ns", "runs": tmp_path}
    small = train(display=Silent(), data=tmp_path / "8.npy", rounds=1, **wish).folder
    (fresh, _), display = begun(data=tmp_path / "16.npy", **wish), Silent()
    tuned, _ = begun(display, data=tmp_path / "16.npy", from_=small, **wish)
    theirs = checkpoints.at(small, 1).state["networks"]
    fit = {name for name in fresh if name in theirs and theirs[name].shape == fresh[name].shape}
    assert fit < set(fresh)
    assert any(theirs[name].ndim == 4 for name in fit)
    assert_equal(tuned, {name: theirs[name] if name in fit else fresh[name] for name in fresh})
    assert " there and (" in " ".join(display.said[-1].split())


def test_a_run_killed_before_its_first_checkpoint_starts_again_from_the_same_weights_or_not_at_all(source, tmp_path):
    other = shutil.copytree(source, tmp_path / "source")
    whole = train(None, Silent(), from_=other, runs=tmp_path, name="whole", rounds=4, save_every=2, watch=0).folder
    killed = shutil.copytree(whole, tmp_path / "killed")
    for part in ("checkpoints", "samples", "model"):
        shutil.rmtree(killed / part)
    (killed / "events.jsonl").unlink()
    resume(again := shutil.copytree(killed, tmp_path / "again"), Silent())
    assert_same_run(whole, again)
    weights = torch.load(other / "checkpoints" / "000004.pt", weights_only=True)
    next(iter(weights["state"]["networks"].values())).add_(1.0)
    torch.save(weights, other / "checkpoints" / "000004.pt")
    with pytest.raises(Refusal, match="which are others now"):
        resume(killed, Silent())


def test_a_source_of_which_nothing_fits_is_refused(source):
    networks = {"generator": "dense", "critic": "dense", "generator.widths": "20", "critic.widths": "20"}
    with pytest.raises(Refusal, match=r"No weight of .*source, round 4 fits .* there and \("):
        begun(recipe="wgan-gp", from_=source, data="digits", **networks)


class Small(torch.nn.Module):
    def __init__(self, latent, shape):
        super().__init__()
        self.layer = torch.nn.Linear(latent, math.prod(shape))

    def forward(self, z):
        return self.layer(z).tanh()


def test_from_a_generator_of_ones_own_a_run_on_a_folder_takes_its_weights(tmp_path):
    (tmp_path / "images").mkdir()
    for i in range(30):
        pixels = np.random.default_rng(i).integers(0, 256, (12, 12), np.uint8)
        PIL.Image.fromarray(pixels).save(tmp_path / "images" / f"{i}.png")
    wish = {"critic.width": 8, "batch": 8, "threads": 1, "watch": 0, "matmul": "default"}
    for part in (Small, Small(128, (1, 8, 8))):
        run = train("gan-ns", Silent(), data="digits", rounds=1, runs=tmp_path, generator=part, **wish)
        wish["data"] = tmp_path / "images"
        for from_, theirs in ((run, run.game.networks), (run.folder / "model", run.average.networks)):
            networks, _ = begun(from_=from_, generator=part, **wish)
            expected = theirs["generator"].state_dict()
            assert_equal({name: networks[f"generator.{name}"] for name in expected}, dict(expected))
        with pytest.raises(Refusal, match=r"type its name on the command line|pass it in Python, as generator=\.\.\."):
            begun(from_=run, **wish)
        del wish["data"]
