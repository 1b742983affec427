"""Runs and recipes that an earlier version stored stay readable: see tests/fixtures/README.md."""

import json
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest

import equilibria as eq
from shares import one_in

ARCHIVE = Path(__file__).parents[1] / "fixtures" / "old_runs.tar.xz"
REPORTS = ("numbers", "vae")  # without and with closer looks
COUNT = "active units"  # a whole number, which another processor may round to the next one


def names(folder):
    """What lies in a folder of the archive."""
    with tarfile.open(ARCHIVE) as archive:
        parts = [name.split("/") for name in archive.getnames()]
    return sorted({second for first, second, *_ in (p for p in parts if len(p) > 1) if first == folder})


RUNS, RECIPES = names("runs"), names("recipes")


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """The unpacked archive; paths of data lead into it."""
    place = tmp_path_factory.mktemp("old")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(place, filter="data")
    for path in [*place.glob("runs/*/recipe.json"), *place.glob("recipes/*.json")]:
        path.write_text(path.read_text().replace("@PLACE@", place.as_posix()))
    return place


def events(folder, kind):
    lines = (folder / "events.jsonl").read_text().splitlines()
    return {event["step"]: event for event in map(json.loads, lines) if event["kind"] == kind}


def test_every_recipe_of_the_catalogue_has_a_fixture():
    assert {f"{name}.json" for name in eq.RECIPES} <= set(RECIPES)


@pytest.mark.parametrize("name", RUNS)
def test_an_old_model_draws_what_it_drew(old, tmp_path, name):
    folder = old / "runs" / name
    assert len(eq.load(folder).sample(2)) == 2
    drawn = eq.sample(folder, 4, 1, tmp_path / "drawn.npz")
    with np.load(drawn) as new, np.load(folder / "drawn.npz") as before:
        assert new.files == before.files
        for part in before.files:
            np.testing.assert_allclose(new[part].astype(float), before[part].astype(float), atol=1.01, rtol=1e-3)


@pytest.mark.parametrize("name", one_in(2, list(RUNS)))
def test_an_old_run_is_resumed_with_the_losses_it_had_then(old, tmp_path, name):
    folder = tmp_path / name
    shutil.copytree(old / "runs" / name, folder)
    assert eq.resume(folder, rounds=6).step == 6
    reports, expected = events(folder, "report"), json.loads((old / "expected.json").read_text())[name]
    assert list(reports) == [1, 2, 3, 4, 5, 6]
    for step, players in expected.items():
        terms = reports[int(step)]["terms"]
        assert sorted(terms) == sorted(players)
        for player, losses in players.items():
            assert list(terms[player]) == list(losses)
            for loss in losses.keys() - {COUNT}:
                assert terms[player][loss] == pytest.approx(losses[loss], rel=0.01, abs=1e-3)


@pytest.mark.parametrize("name", RUNS)
def test_the_doctor_reads_an_old_run(old, name):
    checkup = eq.doctor(old / "runs" / name)
    looks = events(old / "runs" / name, "diagnosis")
    assert (checkup.verdict, checkup.diagnostics) == ("unknown", 0) or checkup.diagnostics == len(looks)
    assert str(checkup)


@pytest.mark.parametrize("name", REPORTS)
def test_an_old_run_has_a_report(old, tmp_path, name):
    page = eq.report(old / "runs" / name, tmp_path / "page.html").read_text()
    assert page.count("<svg") >= len(events(old / "runs" / name, "report")[4]["terms"])


@pytest.mark.parametrize("name", one_in(8, RECIPES))
def test_an_old_recipe_is_played(old, tmp_path, name):
    run = eq.train(
        str(old / "recipes" / name),
        rounds=1,
        watch=0,
        threads=1,
        matmul="default",
        device="cpu",
        runs=tmp_path,
        name="run",
    )
    assert run.step == 1
