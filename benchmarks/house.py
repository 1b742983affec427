"""Measure the shape of a source tree: files, lines, names, circles of imports, and how far requests travel.

    python benchmarks/house.py [SRC]

SRC is the folder that holds the package (default: src). The flows run in processes of their own.
"""

import ast
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

PARTICIPLES = frozenset(
    word
    for line in (
        "seen told found known asked given wanted kept chosen shown said settled drawn made looked brought meant named",
        "weighed wished boarded taken played judged passed placed opened fetched rebuilt learned measured collected",
    )
    for word in line.split()
)
_TRACE = """
import os, sys, time
from pathlib import Path
root, words = sys.argv[1], sys.argv[2:]
entered, stack, done = set(), set(), []
def name(frame):
    file = frame.f_code.co_filename
    return os.path.relpath(file, root) if file.startswith(root) else None
def watch(frame, event, _):
    if event != "call" or done:
        return
    here = name(frame)
    if here and frame.f_code.co_name != "<module>":
        entered.add(here)
        if here.endswith("training/loop.py") and frame.f_code.co_name == "run_rounds":
            done.append(True)
            while frame is not None:
                if name(frame):
                    stack.add(name(frame))
                frame = frame.f_back
            sys.setprofile(None)
from equilibria.apps.cli import main
sys.setprofile(watch)
try:
    main(words)
finally:
    sys.setprofile(None)
    loaded = [m for m in sys.modules if m == "equilibria" or m.startswith("equilibria.")]
    training = [m for m in loaded if m.startswith("equilibria.training")]
    print("TRACE", len(entered), len(stack), len(loaded), len(training))
"""


def files(package: Path) -> list[Path]:
    """Every module of the package."""
    return sorted(package.rglob("*.py"))


def names(tree: ast.AST) -> Iterator[str]:
    """Names of functions, classes, parameters and assigned variables."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name


def imports(package: Path) -> dict[str, set[str]]:
    """The modules of the package that each imports when it is imported."""
    modules = {
        ".".join(p.relative_to(package).with_suffix("").parts).removesuffix(".__init__"): p for p in files(package)
    }
    modules["__init__"] = package / "__init__.py"
    edges = dict[str, set[str]]()
    for module, path in modules.items():
        here = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
        edges[module] = set()
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ImportFrom) and node.level:
                base = [*here[: len(here) - node.level + 1], *(node.module.split(".") if node.module else [])]
                for alias in node.names:
                    for target in (".".join([*base, alias.name]), ".".join(base)):
                        if target in modules and target != module:
                            edges[module].add(target)
                            break
    return edges


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules that import each other in a ring."""

    def reached(start: str) -> set[str]:
        seen, todo = set[str](), list(edges[start])
        while todo:
            if (module := todo.pop()) not in seen:
                seen.add(module)
                todo += edges[module]
        return seen

    closure = {module: reached(module) for module in edges}
    rings = {
        frozenset(m for m in closure[module] if module in closure[m]) for module in edges if module in closure[module]
    }
    return [sorted(ring) for ring in rings]


def run(source: Path, *words: str) -> tuple[list[int], float]:
    """A command line under the tracer: modules entered, on the stack at the loop, loaded, loaded of training."""
    start = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-c", _TRACE, str(source / "equilibria"), *words],
        env=os.environ | {"PYTHONPATH": str(source), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    rows = [line.split()[1:] for line in ran.stdout.splitlines() if line.startswith("TRACE")]
    assert rows, ran.stdout + ran.stderr
    return [int(value) for value in rows[0]], time.perf_counter() - start


def seconds(source: Path, *words: str) -> float:
    """The median wall time of nine calls of a command line."""
    times = []
    for _ in range(9):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "equilibria", *words],
            env=os.environ | {"PYTHONPATH": str(source)},
            capture_output=True,
        )
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Print a row for each measure."""
    source = Path(sys.argv[1] if len(sys.argv) > 1 else "src").absolute()
    package = source / "equilibria"
    trees = {path: ast.parse(path.read_text("utf-8")) for path in files(package)}
    print("files", len(trees))
    print("lines", sum(len(path.read_text("utf-8").splitlines()) for path in trees))
    stems = Counter(path.name for path in trees if path.name != "__init__.py")
    print("files that share a basename", sum(count for count in stems.values() if count > 1))
    edges = imports(package)
    importers = Counter(target for targets in edges.values() for target in targets)
    small = [p for p in trees if p.name != "__init__.py" and len(p.read_text("utf-8").splitlines()) < 60]
    dotted = {p: ".".join(p.relative_to(package).with_suffix("").parts) for p in small}
    print("files under 60 lines", len(small), "with one importer", sum(importers[dotted[p]] == 1 for p in small))
    print("circles of imports", [len(ring) for ring in circles(edges)])
    used = Counter(name for tree in trees.values() for name in names(tree))
    print("participles as names", sum(used[name] for name in PARTICIPLES))
    defined = Counter(
        node.name
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    )
    print("functions and classes named by one", sum(defined[name] + defined[name.title()] for name in PARTICIPLES))
    print(
        "--help, seconds",
        round(seconds(source, "--help"), 3),
        "train --help",
        round(seconds(source, "train", "--help"), 3),
    )
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        small_run = ("--data", "ring", "--rounds", "4", "--critic.width", "16", "--threads", "1", "--name", "tiny")
        (entered, stack, loaded, _), _ = run(source, "train", "wgan-gp", *small_run)
        print("train to the loop: modules entered", entered, "on the stack", stack, "loaded in all", loaded)
        (entered, _, loaded, training), _ = run(source, "sample", "runs/tiny", "--out", "a.png")
        print("sample: modules entered", entered, "loaded", loaded, "of training", training)
        (entered, _, loaded, _), _ = run(source, "compare", "runs/tiny", "runs/tiny", "--out", "c")
        print("compare: modules entered", entered, "loaded", loaded)


if __name__ == "__main__":
    main()
