"""The house is in order: versions, the text of the repository, and an import without effects."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import equilibria

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# Spelled in pieces, so that this file passes its own test.
FORBIDDEN = {
    "a path of one machine": r"(?<![\w.:/-])/(" + "|".join(["wo" + "rk", "ro" + "ot", "home/" + r"\w+"]) + r")/",
    "a number of an issue": r"(?i)\bissue" + r"s? #?\d",
    "a debt without an owner": r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b",
}


def tracked() -> list[Path]:
    """The files that belong to the repository."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def slips(text: str) -> list[str]:
    """The forbidden words in a text, with their lines."""
    return [
        f"{number}: {what}: {line.strip()[:100]}"
        for number, line in enumerate(text.splitlines(), start=1)
        for what, pattern in FORBIDDEN.items()
        if re.search(pattern, line)
    ]


def test_constraints_are_exact_versions_without_torch():
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    odd = [line for line in lines if not re.fullmatch(r"[A-Za-z0-9][\w.-]*==[\w.]+", line)]
    assert not odd, f"not name==version: {odd}"
    names = [line.split("==")[0].lower().replace("_", "-") for line in lines]
    builds = [n for n in names if n in ("torch", "triton", "torchvision") or n.startswith(("nvidia-", "cuda-"))]
    assert not builds, f"these belong to one build of torch: {builds}"
    assert len(set(names)) == len(names)


def test_every_dependency_is_constrained():
    constrained = {line.split("==")[0].lower().replace("_", "-") for line in _lines("constraints.txt")}
    extras = PROJECT["optional-dependencies"]
    wanted = [*PROJECT["dependencies"], *extras["dev"], *extras["docs"]]
    names = {re.split(r"[^A-Za-z0-9-]", want)[0].lower() for want in wanted} - {"torch"}
    assert names <= constrained, f"missing in constraints.txt: {sorted(names - constrained)}"


def test_the_pin_of_torch_satisfies_the_project():
    (pin,) = set(re.findall(r"torch==([\d.]+)", "\n".join(_lines("Makefile"))))
    (least,) = (want.removeprefix("torch>=") for want in PROJECT["dependencies"] if want.startswith("torch>="))
    assert [int(n) for n in pin.split(".")] >= [int(n) for n in least.split(".")]


def test_the_package_knows_the_version_of_the_project():
    assert equilibria.__version__ == PROJECT["version"]


def test_importing_the_package_has_no_effects():
    looking = "import sys; before = set(sys.modules); import equilibria; print(*sorted(set(sys.modules) - before))"
    run = subprocess.run([sys.executable, "-c", looking], capture_output=True, text=True, check=True)
    heavy = {"torch", "numpy", "PIL", "rich", "tyro"} & {name.split(".")[0] for name in run.stdout.split()}
    assert not heavy, f"`import equilibria` imports {sorted(heavy)}: help must not wait for them"
    assert not run.stderr


def test_the_repository_speaks_to_strangers():
    found = []
    for path in tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # pictures, archives
        found += [f"{path.relative_to(ROOT)}:{slip}" for slip in slips(text)]
    assert not found, "\n".join(found)


def test_slips_are_found():
    planted = ["see /wo" + "rk/main/x", "(/ro" + "ot/.cache/)", "as in iss" + "ue #2", "# TO" + "DO later"]
    assert [slip.split(":")[0] for slip in slips("\n".join(planted))] == ["1", "2", "3", "4"]
    assert slips("https://example.org/work/paper and ./work/x, an issue, R_root/x") == []


def _lines(name: str) -> list[str]:
    return (ROOT / name).read_text("utf-8").splitlines()
