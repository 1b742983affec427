"""The planted defects can be planted, and are caught."""

from collections import Counter

import pytest

import mutants
from planted import MUTANTS


def test_there_are_many_and_no_two_have_one_name():
    assert len(MUTANTS) >= 30
    assert [name for name, times in Counter(mutant.name for mutant in MUTANTS).items() if times > 1] == []


def test_every_one_has_exactly_one_place():
    assert [said for mutant in MUTANTS if (said := mutants.staleness(mutant))] == []


def test_every_one_changes_something_that_still_compiles():
    for mutant in MUTANTS:
        assert mutant.before != mutant.after, mutant.name
        compile(mutant.planted((mutants.PACKAGE / mutant.file).read_text("utf-8")), mutant.name, "exec")


def test_every_one_names_tests_that_exist():
    for mutant in MUTANTS:
        assert mutant.tests, mutant.name
        for test in mutant.tests:
            file, *names = test.split("::")
            text = (mutants.TESTS / file).read_text("utf-8")
            assert all(f"def {name}(" in text or f"class {name}:" in text for name in names), (mutant.name, test)


def test_an_unknown_name_is_answered_with_the_nearest(capsys):
    assert mutants.main(["r1-without-the-hal"]) == 2
    assert "Did you mean 'r1-without-the-half'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("code", "said", "caught"),
    [
        (1, "FAILED tests/a.py::test_b[x - y] - assert 1 == 2", True),
        (1, "FAILED tests/a.py::test_b - torch.autograd.gradcheck.GradcheckError: no", True),
        (0, "3 passed", False),
        (1, "FAILED tests/a.py::test_b - NameError: name 'x' is not defined", False),
        (1, "ERROR tests/a.py::test_b - AssertionError", False),
        (2, "ERROR tests/a.py - SyntaxError", False),
        (4, "no tests ran", False),
    ],
)
def test_only_a_test_that_fails_by_what_it_finds_counts(code, said, caught):
    assert mutants.judged(mutants.subprocess.CompletedProcess([], code, said, ""))[0] == caught


@pytest.mark.long
def test_every_one_is_caught(capfd):
    assert mutants.main([]) == 0, capfd.readouterr().out
