"""Imports only go down: a package imports itself and strictly lower floors."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "equilibria"
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
FLOORS = {
    "core": 0,
    "terms": 1,
    "drawing": 1,
    "networks": 1,
    "data": 1,
    "games": 2,
    "records": 2,
    "training": 3,
    "evaluation": 4,
    "recipes": 4,
    "models": 5,
    "toys": 4,
    "verify": 5,
    "lab": 5,
    "runs": 6,
    "studies": 7,
    "apps": 8,
}
SURFACE = 7  # what equilibria/__init__.py offers: only apps may lean on it
TORCH_ONLY = ("core", "terms", "networks", "games")


def imported(source: str, module: str) -> Iterator[tuple[int, str]]:
    """Line and absolute name of everything that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=base, names=names, level=level):
                start = "." * level + (base or "")
                yield from ((node.lineno, absolute(start, module) + "." + alias.name) for alias in names)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield node.lineno, absolute(name, module)


def absolute(name: str, module: str) -> str:
    """The full name of what a module calls by leading dots."""
    level = len(name) - len(name.lstrip("."))
    package = ["equilibria", *module.split("/")[:-1]]
    return ".".join(filter(None, [*(package[: len(package) - level + 1] if level else []), name[level:]]))


def climbs(source: str, module: str) -> list[str]:
    """The imports that do not go down, a sentence each."""
    package, *rest = module.split("/")
    if not rest:
        return []  # the public surface sees everything
    found = []
    for line, name in imported(source, module):
        whole, _, below = name.partition(".")
        other = below.split(".")[0]
        floor = FLOORS.get(other, SURFACE)
        if whole == "equilibria" and other != package and floor >= FLOORS[package]:
            found.append(f"{module}:{line}: {package} (floor {FLOORS[package]}) imports {name} (floor {floor})")
    return found


def strangers(source: str, module: str) -> list[str]:
    """The imports of libraries where torch alone is allowed, a sentence each."""
    if module.split("/")[0] not in TORCH_ONLY:
        return []
    known = {"equilibria", "torch", *sys.stdlib_module_names}
    return [
        f"{module}:{line}: imports {name}, and this floor stands on torch only"
        for line, name in imported(source, module)
        if name.split(".")[0] not in known
    ]


@pytest.mark.parametrize("law", [climbs, strangers])
def test_imports_only_go_down(law):
    found = [fault for module in MODULES for fault in law((PACKAGE / module).read_text("utf-8"), module)]
    assert not found, "\n".join(found)


def test_every_package_has_a_floor():
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert packages <= set(FLOORS), f"without a floor: {sorted(packages - set(FLOORS))}"


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("terms/gradients.py", "from ..games import GAMES"),
        ("terms/gradients.py", "from .. import games"),
        ("terms/divergences/base.py", "from ...networks.blocks import residual"),
        ("terms/divergences/base.py", "def late():\n    from equilibria.data import Data"),
        ("games/gan.py", "import equilibria.training.loop as loop"),
        ("training/loop.py", "from importlib import import_module\nimport_module('equilibria.evaluation')"),
        ("training/loop.py", "import importlib\nimportlib.import_module('..recipes', __package__)"),
        ("recipes/build.py", "from equilibria import train"),
        ("core/types.py", "if TYPE_CHECKING:\n    from ..data import Data"),
    ],
)
def test_an_import_that_climbs_is_found(module, source):
    line = len(source.splitlines())
    assert [fault.split(": ")[0] for fault in climbs(source, module)] == [f"{module}:{line}"]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("terms/divergences/base.py", "from ..gradients import input_gradient\nfrom ...core.types import Views"),
        ("apps/cli.py", "from .. import __version__\nfrom ..recipes import RECIPES"),
        ("__init__.py", "from .recipes import Recipe"),
        ("games/gan.py", "import torch\nimport equilibrium"),
    ],
)
def test_an_import_that_goes_down_is_let_through(module, source):
    assert climbs(source, module) == []


@pytest.mark.parametrize("source", ["import numpy as np", "from PIL import Image", "def late():\n    import scipy"])
def test_a_stranger_at_the_bottom_is_found(source):
    assert strangers(source, "core/types.py")
    assert not strangers(source, "data/dataset.py")
