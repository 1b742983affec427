"""Configurations that are sick by construction are found to be so; the whole table is `benchmarks/doctor.py`."""

import re
import sys
from pathlib import Path

import pytest

from equilibria.evaluation.doctor import FINDINGS, findings
from equilibria.evaluation.doctor.base import REMARK
from equilibria.records.history import read_history

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
        import doctor_table

        yield doctor, doctor_cases, doctor_table
    for name in ("doctor", "doctor_cases", "doctor_table"):
        sys.modules.pop(name, None)


def found(bench, name, folder):
    """What the doctor finds of one run of the case, played here."""
    assert bench[0].train(name, bench[1].CASES[name], SEED, folder)
    assert not bench[0].train(name, bench[1].CASES[name], SEED, folder)  # what is finished is not played again
    return findings(read_history(folder / f"{name}-{SEED}"))


@pytest.mark.parametrize("name", QUICK)
def test_a_planted_sickness_is_found(bench, name, tmp_path):
    assert bench[1].CASES[name].finding in [finding.name for finding in found(bench, name, tmp_path)]


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


def test_every_finding_is_planted_somewhere(bench):
    assert {case.finding for case in bench[1].PLANTED.values()} == set(FINDINGS)


def test_the_table_of_the_page_has_every_finding():
    page = (BENCHMARKS.parent / "docs" / "guides" / "doctor.md").read_text(encoding="utf-8")
    columns = re.search(r"^Columns: (.*?)\. Bold", page, flags=re.MULTILINE)
    assert columns, "run `python benchmarks/doctor.py --runs FOLDER --count`"
    assert [each.split()[1].strip("`") for each in columns[1].split(", ")] == list(FINDINGS)
