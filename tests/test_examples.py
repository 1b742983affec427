"""The examples in docstrings run, and everything public has one.

An example stands in a section `Example:` of a docstring. It may use `eq` and `torch`, and two prepared runs on digits:
`runs/digits`, conditional, with a class head, and `runs/pairs`, with an encoder. What it prints is compared with what
the docstring shows, where it shows anything.
"""

import doctest
import importlib
import inspect
import shutil
from pathlib import Path

import pytest
import torch

import equilibria as eq
from equilibria.models.model import Model
from sessions import Silent

PACKAGE = Path(eq.__file__).parent
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
RUNS = {"digits": "acgan", "pairs": "bigan"}
PENDING = {
    f"model.{name}" for name in ("asked", "batches", "draws", "drawn", "latent", "made", "material", "noise")
}  # no example yet


def examples() -> list[doctest.DocTest]:
    """Every docstring of the package that has an example."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if ">>> " in path.read_text(encoding="utf-8"):
            name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
            names = {"eq": eq, "torch": torch}
            found += doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name), globs=names)
    return [test for test in found if test.examples]


class Shown(doctest.OutputChecker):
    """Compares what is printed only where the docstring shows something."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return not want or super().check_output(want, got, optionflags)


def failures(test: doctest.DocTest) -> str:
    """What went wrong; nothing where all is as it should be."""
    lines: list[str] = []
    doctest.DocTestRunner(Shown(), verbose=False, optionflags=OPTIONS).run(test, out=lines.append, clear_globs=False)
    return "".join(lines)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """A folder with the runs that examples use."""
    folder = tmp_path_factory.mktemp("examples")
    for name, recipe in RUNS.items():
        widths = {f"{role}.width": 8 for role in eq.RECIPES[recipe]().networks}
        size = {"data": "digits", "rounds": 4, "batch": 16, "save_every": 2, "watch": 2, "threads": 1, **widths}
        eq.train(recipe, Silent(), name=name, runs=str(folder / "runs"), matmul="default", **size)
    return folder


@pytest.mark.parametrize("test", examples(), ids=lambda test: test.name.removeprefix("equilibria."))
def test_an_example_runs(test, prepared, tmp_path, monkeypatch):
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    assert not failures(test), failures(test)


def test_everything_public_has_an_example():
    public = {name: getattr(eq, name) for name in eq.__all__ if not name.startswith("_")}
    things = {name: thing for name, thing in public.items() if inspect.isfunction(thing) or inspect.isclass(thing)}
    methods = inspect.getmembers(Model, inspect.isfunction)
    things |= {f"model.{name}": method for name, method in methods if not name.startswith("_")}
    missing = {name for name, thing in things.items() if ">>> " not in (thing.__doc__ or "")}
    assert not missing


def test_an_example_that_fails_is_noticed():
    parse = doctest.DocTestParser().get_doctest
    assert not failures(parse(">>> print(1)\n1\n>>> print(2)\n", {}, "right", None, 0))
    assert "Expected" in failures(parse(">>> print(1)\n2\n", {}, "wrong", None, 0))
    assert "ZeroDivisionError" in failures(parse(">>> 1 / 0\n", {}, "broken", None, 0))
