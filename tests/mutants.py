"""Plant mathematical defects in a copy of the package, one at a time: the tests that each names must notice it."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import NamedTuple

from planted import MUTANTS, Mutant

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "src" / "equilibria"
_BROKEN = ("NameError", "AttributeError", "TypeError", "ImportError", "ModuleNotFoundError", "UnboundLocalError")
_START = """
import sys, equilibria, pytest
assert equilibria.__file__.startswith(sys.argv[1]), f"{equilibria.__file__} is imported instead of the copy"
sys.exit(pytest.main(sys.argv[2:]))
"""
_CACHES = shutil.ignore_patterns("__pycache__")
_SECONDS = 300.0  # that the tests of a mutant may take


class Verdict(NamedTuple):
    """What became of a mutant."""

    caught: bool
    by: str  # the first test that failed, or what happened instead
    seconds: float


def main(words: Sequence[str] | None = None) -> int:
    """0 when every mutant is caught, 1 when not, 2 for an unknown name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="mutants to plant; all of them without names")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="mutants at a time (default: %(default)s)"
    )
    wish = parser.parse_args(words)
    known = {mutant.name: mutant for mutant in MUTANTS}
    for name in wish.names:
        if name not in known:
            nearest = "".join(f" Did you mean {near!r}?" for near in get_close_matches(name, known, 1))
            return _complain(f"No mutant is called {name!r}.{nearest}", 2)
    return play([known[name] for name in wish.names] or MUTANTS, max(wish.jobs, 1))


def play(mutants: Sequence[Mutant], jobs: int) -> int:
    """Run them all, and print a row for each."""
    if stale := [said for mutant in mutants if (said := staleness(mutant))]:
        return _complain("\n".join(stale), 1)
    named = sorted({test for mutant in mutants for test in mutant.tests})
    survivors, width = [], max(len(mutant.name) for mutant in mutants)
    with copied() as copy, ThreadPoolExecutor(jobs) as pool:
        if fault := unsound(copy, named):
            return _complain(fault, 1)
        for mutant, verdict in zip(mutants, pool.map(partial(tried, copy), mutants), strict=True):
            word = "caught  " if verdict.caught else "SURVIVED"
            print(f"{word} {mutant.name:{width}} {verdict.seconds:4.0f} s  {verdict.by}  ({mutant.about})", flush=True)
            survivors += [] if verdict.caught else [mutant.name]
    print(f"{len(mutants) - len(survivors)} of {len(mutants)} are caught.")
    return _complain("Not caught: " + ", ".join(survivors), 1) if survivors else 0


def staleness(mutant: Mutant) -> str:
    """Why a mutant can no longer be planted; empty where it can."""
    path = PACKAGE / mutant.file
    if not path.is_file():
        return f"{mutant.name} is stale: there is no {mutant.file}."
    try:
        mutant.planted(path.read_text("utf-8"))
    except ValueError as error:
        return str(error)
    return ""


def unsound(copy: Path, tests: Sequence[str]) -> str:
    """What is wrong before anything is planted; empty where the tests pass."""
    print(f"Without a defect, in {copy}: ", end="", flush=True)
    ran = _pytest(copy, copy / "src", tests)
    print("the tests pass." if ran.returncode == 0 else "the tests fail.", flush=True)
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr


def tried(copy: Path, mutant: Mutant) -> Verdict:
    """Plant one defect, and run its tests."""
    start, source = time.monotonic(), copy / mutant.name
    shutil.copytree(copy / "src", source, ignore=_CACHES)
    path = source / "equilibria" / mutant.file
    path.write_text(mutant.planted(path.read_text("utf-8")), "utf-8")
    try:
        caught, by = judged(_pytest(copy, source, mutant.tests))
    except subprocess.TimeoutExpired:
        caught, by = False, f"its tests take longer than {_SECONDS:.0f} s"
    shutil.rmtree(source)
    return Verdict(caught, by, time.monotonic() - start)


def judged(ran: "subprocess.CompletedProcess[str]") -> tuple[bool, str]:
    """A test must fail by what it finds: code that no longer runs is no mathematical defect."""
    failed = re.search(r"^FAILED tests/(\S+)(?:.*? - (.*))?$", ran.stdout, re.MULTILINE)
    if ran.returncode == 0:
        return False, "all its tests pass"
    if ran.returncode != 1 or failed is None or re.search(r"^ERROR ", ran.stdout, re.MULTILINE):
        last = (ran.stdout + ran.stderr).strip().splitlines()[-1:]
        return False, f"its tests cannot be run: {' '.join(last)}"
    test, reason = failed[1], failed[2] or ""
    return not reason.startswith(_BROKEN), test if not reason.startswith(_BROKEN) else f"{test} stumbles: {reason}"


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of the package and of the tests, so that both may be edited meanwhile; taken away afterwards."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        shutil.copytree(PACKAGE, Path(folder, "src", "equilibria"), ignore=_CACHES)
        shutil.copytree(TESTS, Path(folder, "tests"), ignore=_CACHES)
        shutil.copy(TESTS.parent / "pyproject.toml", folder)
        yield Path(folder)


def _pytest(copy: Path, source: Path, tests: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    """The tests, with the package from `source`; a failure where another one is imported."""
    options = ("-x", "--tb=no", "-rfE", "-p", "no:cacheprovider")
    words = [sys.executable, "-c", _START, str(source), *options, *(f"tests/{test}" for test in tests)]
    here = {"PYTHONPATH": str(source), "PYTEST_ADDOPTS": "", "OMP_NUM_THREADS": "1", "COLUMNS": "400"}
    return subprocess.run(words, cwd=copy, env=os.environ | here, capture_output=True, text=True, timeout=_SECONDS)


def _complain(text: str, code: int) -> int:
    print(text, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
