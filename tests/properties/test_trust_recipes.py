"""A stored file never names code: recipes, runs and models of strangers run nothing."""

import dataclasses
import json

import pytest

import equilibria as eq
from equilibria.apps.cli import main
from equilibria.core.errors import Refusal
from equilibria.recipes import RECIPES, Recipe

HOSTILE = {"name": "os:system", "command": "touch escaped"}
PLACES = {
    "divergence": HOSTILE,
    "prior": HOSTILE,
    "schedule": HOSTILE,
    "game": {"name": "gan", "n_critic": HOSTILE},
    "networks": {"generator": HOSTILE, "critic": {"name": "dense"}},
    "penalties": {"cost": HOSTILE},
    "optimizers": {"critic": HOSTILE},
}
PART = '''
from pathlib import Path
from equilibria.terms.divergences import Divergence

Path("imported").touch()

def own(scale: float = 1.0) -> Divergence:
    """Scores, scaled."""
    return Divergence(lambda real, fake: scale * (fake - real), lambda real, fake: -scale * fake)
'''


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def trained(here, **keywords):
    """The folder of a short run on points."""
    small = {"generator.width": 8, "critic.width": 8, "rounds": 2, "batch": 8, "threads": 1, "matmul": "default"}
    return here / eq.train("gan", Quiet(), data="ring", **small, **keywords).folder


class Quiet:
    def say(self, text):
        pass

    def show(self, event):
        pass


def rewritten(path, **fields):
    stored = json.loads(path.read_text())
    path.write_text(json.dumps(stored | fields))


@pytest.mark.parametrize("place", PLACES)
def test_a_hostile_recipe_file_is_refused_wherever_it_names_code(here, place, capsys):
    recipe = dataclasses.replace(RECIPES["gan"](), **{place: PLACES[place]})
    (here / "gift.json").write_text(recipe.to_json())
    assert main(["train", "gift.json", "--data", "ring", "--rounds", "1"]) == 2
    assert "names custom code" in capsys.readouterr().err
    assert not (here / "escaped").exists()
    assert not (here / "runs").exists()


def test_a_hostile_run_is_neither_resumed_nor_sampled(here, capsys):
    folder = trained(here)
    rewritten(folder / "recipe.json", divergence=HOSTILE)
    assert main(["resume", str(folder)]) == 2
    rewritten(folder / "model" / "config.json", networks={"generator": HOSTILE})
    assert main(["sample", str(folder)]) == 2
    assert "may not name" in capsys.readouterr().err
    rewritten(folder / "model" / "config.json", prior=HOSTILE)
    with pytest.raises(Refusal, match="os:system"):
        eq.load(folder)
    assert not (here / "escaped").exists()


def test_a_model_that_hides_code_in_a_nested_prior_is_refused(here):
    folder = trained(here)
    rewritten(folder / "model" / "config.json", prior={"name": "joint", "parts": [HOSTILE]})
    with pytest.raises(Refusal):
        eq.load(folder)
    assert not (here / "escaped").exists()


def test_a_part_of_ones_own_is_imported_when_typed_and_resumed_only_on_trust(here, capsys):
    (here / "mine.py").write_text(PART)
    words = ["--data", "ring", "--rounds", "2", "--name", "own", "--generator.width", "8", "--critic.width", "8"]
    assert main(["train", "gan", "--divergence", "mine:own", "--divergence.scale", "2", *words]) == 0
    assert (here / "imported").exists()
    assert json.loads((here / "runs/own/recipe.json").read_text())["divergence"] == {"name": "mine:own", "scale": 2.0}
    capsys.readouterr()
    assert main(["resume", "runs/own", "--rounds", "4"]) == 2
    assert "--trust" in capsys.readouterr().err
    assert main(["resume", "runs/own", "--rounds", "4", "--trust"]) == 0
    assert main(["sample", "runs/own", "--count", "2", "--out", "two.npz"]) == 0


def test_a_newer_format_is_one_sentence(here):
    folder = trained(here)
    rewritten(folder / "model" / "config.json", format=99)
    with pytest.raises(Refusal, match=r"format 99.*upgrade"):
        eq.load(folder)
    with pytest.raises(Refusal, match=r"format 99.*upgrade"):
        Recipe.from_json('{"format": 99}', "a gift")


def test_a_damaged_model_is_one_sentence(here):
    folder = trained(here)
    weights = folder / "model" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-50])
    with pytest.raises(Refusal, match="damaged"):
        eq.load(folder)
    (folder / "model" / "config.json").write_text("{")
    with pytest.raises(Refusal, match="cannot be read"):
        eq.load(folder)
    with pytest.raises(Refusal, match="no model"):
        eq.load(here / "nowhere")
