"""Watching changes nothing, sees what every game allows, and goes on where a run goes on."""

import copy
import dataclasses
import json

import pytest
import torch
from torch import nn

from equilibria import RECIPES
from equilibria.core.errors import Refusal
from equilibria.data import Labels
from equilibria.evaluation.diagnostics import DIAGNOSTICS, diagnose
from equilibria.evaluation.diagnostics.base import plain
from equilibria.recipes.build import build
from equilibria.recipes.options import Options
from equilibria.runs.session import resume, train
from equilibria.runs.watch import FEWEST_DIAGNOSES, MOST_DIAGNOSES, MOST_SHARE, SHARE, diagnoser, watch_every
from equilibria.training.loop import run_rounds
from games import points, small
from scenes import line_game, scene_of
from sessions import TINY, Silent, StopsAt, assert_equal, assert_same_run, events, timeless
from shares import one_in

EVERYBODY = {"gradients", "diversity", "steps", "strides", "weights", "average", "neighbours", "coverage", "likeness"}
CONTEST = {"scores", "slopes", "burst", "rotation"}
ENCODER = {"posterior", "agreement"}
ALSO = (
    {"wgan": CONTEST | {"clipped"}}
    | dict.fromkeys(("vae", "cvae", "iwae"), ENCODER)
    | dict.fromkeys(("vae-gan", "bigan", "ali", "aae"), CONTEST | ENCODER)
)
VARIANTS = {
    "packed": ("wgan-gp", {"game": {"name": "gan", "pack": 2, "n_critic": 2}}),
    "noisy": ("gan-ns", {"game": {"name": "gan", "noise": 0.1, "noise_rounds": 10}}),
    "lazy": ("r3gan", {"game": {"name": "gan", "lazy": 4}}),
    "remembering": ("hinge", {"penalties": {"lecam": {"name": "lecam"}}}),
    "consensus": ("gan-ns", {"rule": {"name": "consensus"}}),
    "ahead": ("gan-ns", {"rule": {"name": "extragradient"}, "optimizers": {"critic": {"name": "optimistic_adam"}}}),
    "gated": ("vae-gan", {"game": {"name": "vae_gan", "gates": True}}),
    "taught by labels alone": ("sgan", {"game": {"name": "sgan", "unlabelled": False}, "penalties": {}}),
    "told classes": ("cgan", {"conditional": True}),
    "uniform latents": ("bigan", {"prior": {"name": "uniform", "size": 4}}),
}


def watched(name, **fields):
    """A run of three rounds, and who watches it."""
    fields |= {"labelled": 20} if name == "sgan" else {}
    recipe = dataclasses.replace(small(name), **fields)
    run = run_rounds(build(recipe, points()), 3)
    return run, diagnoser(run, recipe)


def state(run):
    """All that a look could disturb."""
    parts = [*run.game.networks.parameters(), *run.average.parameters()]
    frozen = [(p.requires_grad, p.grad is None) for p in parts]
    modes = [m.training for m in [*run.game.networks.modules(), *run.average.modules()]]
    return copy.deepcopy([run.state_dict(), frozen, modes, torch.get_rng_state(), run.stop])


@pytest.mark.parametrize("name", one_in(2, list(RECIPES)))
def test_a_look_changes_nothing_and_sees_what_the_game_allows(name):
    run, watching = watched(name)
    before = state(run)
    seen, unseen = watching.diagnose(run)
    assert unseen == {}
    assert set(seen) == EVERYBODY | ALSO.get(name, CONTEST)
    assert_equal(before, state(run))
    assert json.loads(json.dumps(seen, allow_nan=False)) == seen


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_look_serves_every_variant(variant):
    name, fields = VARIANTS[variant]
    run, watching = watched(name, **fields)
    before = state(run)
    seen, unseen = watching.diagnose(run)
    assert unseen == {}
    assert set(seen) >= EVERYBODY
    assert ("scores" in seen) == (variant != "taught by labels alone")
    assert ("burst" in seen) == (variant not in ("taught by labels alone", "gated"))
    assert_equal(before, state(run))


def test_the_same_round_looks_the_same_however_often_it_was_looked_at():
    run, watching = watched("aae")
    first = watching.diagnose(run)
    assert watching.diagnose(run) == first
    assert watched("aae")[1].diagnose(run) == first
    assert watching.diagnose(run_rounds(run, 4)) != first


def test_a_diagnostic_does_not_see_what_another_has_done():
    run, watching = watched("hinge", penalties={"lecam": {"name": "lecam"}})
    together = watching.diagnose(run).values
    for name in ("gradients", "rotation", "burst", "steps", "scores"):
        with run.restored():
            run.average.networks.train()
            alone = diagnose(watching.state(run), {name: DIAGNOSTICS[name]}, lambda _: None).values
        assert alone[name] == together[name]


def test_what_breaks_is_said_and_the_others_see_on():
    def breaks(scene):
        raise RuntimeError("derivative is not implemented\nin a layer of somebody's own")

    found = diagnose(scene_of(line_game(), torch.ones(8, 3)), {"bad": breaks, "weights": DIAGNOSTICS["weights"]}, print)
    assert set(found.values) == {"weights"}
    assert found.errors == {"bad": "RuntimeError: derivative is not implemented"}


def test_buffers_are_put_back_even_if_something_breaks():
    game = line_game()
    game.networks["norm"] = nn.BatchNorm1d(3)

    def breaks(scene):
        scene.game.networks["norm"](torch.randn(4, 3))
        raise ValueError("no")

    diagnose(scene_of(game, torch.ones(8, 3)), {"bad": breaks}, lambda _: None)
    assert game.networks["norm"].num_batches_tracked == 0


def test_what_is_no_number_is_none():
    found = plain({"a": float("nan"), "b": [torch.inf, 0.1234567891], "c": torch.tensor([1.0, -torch.inf]), 4: True})
    assert found == {"a": None, "b": [None, 0.123457], "c": [1.0, None], "4": True}


def test_a_run_that_has_become_infinite_is_still_looked_at():
    run, watching = watched("wgan-gp")
    with torch.no_grad():
        next(run.game.networks["critic"].parameters()).fill_(float("nan"))
    seen, _ = watching.diagnose(run)
    assert seen["scores"]["train"] is None
    assert seen["weights"]["critic"] is None


WATCHED = TINY | {"rounds": 30, "save_every": 7, "watch": 4}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The same run, watched and not."""
    where = tmp_path_factory.mktemp("runs")
    wishes = {"watched": WATCHED, "alone": WATCHED | {"watch": 0}}
    return {name: train("wgan-gp", Silent(), name=name, runs=where, **wish).folder for name, wish in wishes.items()}


def test_a_run_is_the_same_watched_or_not(runs):
    def others(folder):
        return [event for event in timeless(folder) if event["kind"] != "diagnosis"]

    assert others(runs["watched"]) == others(runs["alone"])
    for pattern in ("model/*", "samples/*"):
        files = [{p.name: p.read_bytes() for p in runs[name].glob(pattern)} for name in runs]
        assert files[0] == files[1]
    states = [torch.load(runs[name] / "checkpoints/000030.pt", weights_only=True)["state"] for name in runs]
    assert_equal(*states)


def test_looks_are_taken_as_often_as_asked_for_and_at_the_end(runs):
    looks = [event for event in events(runs["watched"]) if event["kind"] == "diagnosis"]
    assert [event["step"] for event in looks] == [4, 8, 12, 16, 20, 24, 28, 30]
    assert all(event["unseen"] == {} for event in looks)
    assert "diagnosis" not in [event["kind"] for event in events(runs["alone"])]


@pytest.mark.parametrize("step", [4, 9])
def test_a_watched_run_goes_on_bit_for_bit(tmp_path, runs, step):
    stopped = train("wgan-gp", StopsAt(step), name="stopped", runs=tmp_path, **WATCHED)
    assert stopped.stop == "interrupted"
    resume(stopped.folder, Silent())
    assert_same_run(runs["watched"], stopped.folder)


@pytest.mark.parametrize("watch", [4, 7, 9])
def test_going_on_with_a_run_that_is_over_changes_no_event(tmp_path, watch):
    wish = WATCHED | {"rounds": 13, "watch": watch, "save_every": 4}
    run = train("wgan-gp", Silent(), runs=tmp_path, **wish)
    before = timeless(run.folder)
    assert resume(run.folder, Silent()).step == 13
    assert timeless(run.folder) == before


def test_a_run_of_an_older_version_goes_on_without_being_watched(tmp_path):
    run = train(
        "gan-ns", StopsAt(5), name="run", runs=tmp_path, **{k: v for k, v in WATCHED.items() if k != "n_critic"}
    )
    path = run.folder / "summary.json"
    summary = json.loads(path.read_text())
    del summary["cadence"]["watch"]
    path.write_text(json.dumps(summary))
    assert resume(run.folder, Silent()).step == 30
    assert [event["step"] for event in events(run.folder) if event["kind"] == "diagnosis"] == [4]


def test_diagnoses_cost_a_small_share_of_training_or_are_as_few_as_the_doctor_needs():
    for rounds, playing, look in ((200, 2.0, 0.05), (1000, 50.0, 1.0)):
        assert watch_every(rounds, playing, look) == rounds // FEWEST_DIAGNOSES
        assert FEWEST_DIAGNOSES * look <= MOST_SHARE * playing
    for rounds, playing, look in ((10_000, 100.0, 0.3), (1500, 75.0, 0.2), (200, 2.0, 0.01)):
        between = watch_every(rounds, playing, look)
        assert look / between <= SHARE * playing / rounds
    assert watch_every(100_000, 1000.0, 1e-6) == 100_000 // MOST_DIAGNOSES
    assert watch_every(7, 0.1, 1.0) == 7  # one look, at the end


def test_a_negative_number_of_rounds_is_refused():
    with pytest.raises(Refusal, match="watch is -1"):
        Options(watch=-1)


def test_data_without_classes_or_modes_have_no_coverage():
    data = dataclasses.replace(points(), labels=Labels("vector", ("height",)), y=None)
    run = run_rounds(build(small("gan-ns"), data), 1)
    assert "coverage" not in diagnoser(run, small("gan-ns")).diagnose(run).values
