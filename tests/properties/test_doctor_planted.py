"""Configurations that are sick by construction are found to be so; the whole table is `benchmarks/doctor.py`."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from equilibria.evaluation.doctor import FINDINGS, findings
from equilibria.evaluation.doctor.base import REMARK
from equilibria.evaluation.doctor.report import doctor
from equilibria.records.history import read_history
from equilibria.runs.session import train
from sessions import Silent
from shares import one_in

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SEED = 5  # of none of the table's runs
QUICK = ("nonfinite", "pinned")


@pytest.fixture(scope="module")
def bench():
    """The benchmark's modules."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        import doctor
        import doctor_cases
        import doctor_cures

        yield doctor, doctor_cases, doctor_cures
    for name in ("doctor", "doctor_cases", "doctor_cures"):
        sys.modules.pop(name, None)


def found(bench, name, folder):
    """What the doctor finds of one run of the case, played here."""
    assert bench[0].train(name, bench[1].CASES[name], SEED, folder)
    assert not bench[0].train(name, bench[1].CASES[name], SEED, folder)  # what is finished is not played again
    return findings(read_history(folder / f"{name}-{SEED}"))


@pytest.mark.parametrize("name", QUICK)
def test_a_planted_sickness_is_found(bench, name, tmp_path):
    assert bench[1].CASES[name].finding in [finding.name for finding in found(bench, name, tmp_path)]


def photos(folder, count):
    """Colored pictures with edges of all directions, in place of photographs."""
    chance = np.random.default_rng(0)
    x, y = np.meshgrid(np.linspace(-1, 1, 16), np.linspace(-1, 1, 16))
    turns, shifts = chance.uniform(0, 2 * np.pi, count), chance.uniform(-0.5, 0.5, count)
    sides = np.cos(turns)[:, None, None] * x + np.sin(turns)[:, None, None] * y > shifts[:, None, None]
    colors = chance.uniform(0, 255, (2, count, 1, 1, 3))
    np.save(folder / "photos.npy", np.where(sides[..., None], *colors).astype(np.uint8))
    return folder / "photos.npy"


SMALL = {"generator.width": 16, "critic.width": 16}
NOISE = {  # name: recipe, data or number of photos, rounds, settings
    "points, 4 rounds": ("gan-ns", "ring", 4, SMALL),
    "points, 10 rounds of r3gan": ("r3gan", "grid", 10, SMALL),
    "points, 40 rounds at a hundredth of the rate": ("wgan-gp", "ring", 40, SMALL | {"lr": 1e-6}),
    "points, 200 rounds without a rate": ("gan-ns", "grid", 200, SMALL | {"lr": 1e-9}),
    "digits, 12 rounds": ("gan-ns", "digits", 12, SMALL),
    "digits, 60 rounds": ("gan", "digits", 60, SMALL),
    "digits, 30 rounds of a vae": ("vae", "digits", 30, {"generator.width": 16, "encoder.width": 16, "lr": 1e-5}),
    "digits, 100 rounds of blank samples": ("gan", "digits", 100, SMALL | {"lr": 10.0}),
    "photos, 4 rounds": ("gan-ns", 300, 4, SMALL),
    "photos, 20 rounds": ("r3gan", 300, 20, SMALL),
    "photos, 60 rounds at a small rate": ("wgan-gp", 300, 60, SMALL | {"lr": 1e-7}),
    "few photos, 30 rounds": ("gan-ns", 60, 30, SMALL),
}


@pytest.mark.parametrize("looks", [1, 8])
@pytest.mark.parametrize("name", one_in(len(NOISE), list(NOISE)))
def test_a_run_whose_samples_are_noise_is_never_healthy(name, looks, tmp_path):
    recipe, data, rounds, settings = NOISE[name]
    data = photos(tmp_path, data) if isinstance(data, int) else data
    wish = {"batch": 16, "threads": 1, "matmul": "default", "watch": max(rounds // looks, 1), "runs": tmp_path}
    checkup = doctor(train(recipe, Silent(), data=data, rounds=rounds, name="run", **wish, **settings).folder)
    assert checkup.verdict in ("warning", "critical")
    assert {"unlike", "no_progress", "collapse"} & {finding.name for finding in checkup.findings}


@pytest.mark.long
def test_planted_sicknesses_are_found_and_healthy_runs_are_let_alone(bench, tmp_path):
    """One seed of the whole table; single runs may go another way."""
    right, alarms = [], []
    for name, case in bench[1].CASES.items():
        said = found(bench, name, tmp_path)
        if case.finding:
            right.append(case.finding in [finding.name for finding in said])
        else:
            alarms += [finding.name for finding in said if finding.severity != REMARK]
    assert sum(right) >= 0.85 * len(right)
    assert len(alarms) <= 2, alarms


@pytest.mark.long
@pytest.mark.parametrize("name", ["fast", "penalty_off", "noisy_decoder", "half_beta", "nonfinite"])
def test_a_run_with_the_first_advice_alone_no_longer_shows_what_was_planted(bench, name, tmp_path):
    finding, options, remains = bench[2].cure(name, SEED, tmp_path)
    assert (finding is not None, bool(options), remains) == (True, True, False)


@pytest.mark.long
def test_the_first_advice_cures_most_planted_runs(bench, tmp_path):
    """One seed of all cases; single runs may go another way."""
    cures = {name: bench[2].cure(name, SEED, tmp_path) for name in bench[1].PLANTED}
    remains = [name for name, (finding, _, remains) in cures.items() if finding is not None and remains]
    assert len(remains) <= 0.1 * len(cures), remains


def test_every_finding_is_planted_somewhere(bench):
    assert {case.finding for case in bench[1].PLANTED.values()} == set(FINDINGS)


def test_the_table_of_the_page_has_every_finding():
    page = (BENCHMARKS.parent / "docs" / "guides" / "doctor.md").read_text(encoding="utf-8")
    columns = re.search(r"^Columns: (.*?)\. Bold", page, flags=re.MULTILINE)
    assert columns, "run `python benchmarks/doctor.py --runs FOLDER --count`"
    assert [each.split()[1].strip("`") for each in columns[1].split(", ")] == list(FINDINGS)
