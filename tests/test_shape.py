"""The shape of the house: few files, one concept each, no two of one name, no circles of imports."""

import ast
from collections import Counter, defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src" / "equilibria"
MODULES = {path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
ON_TWO_FLOORS = {  # one concept each, on two floors
    "__init__.py": "a package",
    "base.py": "the record that every module of its package imports",
    "critic.py": "the critic, as diagnostics measure it and as the doctor judges it",
    "dirac.py": "the Dirac-GAN, and the experiment about it",
    "f_divergences.py": "f-divergences, and the contract that they keep",
    "divergences.py": "divergences, and the contract that they keep",
    "gradients.py": "gradients, as they are taken and measured",
    "hub.py": "the Hugging Face hub, of data sets and of models",
    "likelihoods.py": "likelihoods, and the claims about them",
    "penalties.py": "penalties, and the contract that they keep",
    "play.py": "the material of one step, and the play of an experiment",
}
LABORATORY = (
    "lab/",
    "drawing/",
    "toys/mixtures.py",
    "apps/verbs/lab.py",
    "apps/verbs/studio.py",
    "apps/studio/",
)  # parts of their own: as large as the experiments and the page


def imports(module: str, source: str) -> set[str]:
    """The files of the package that a module imports when it is imported itself."""
    here, found = module.split("/")[:-1], set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*here[: len(here) - node.level + 1], *(node.module.split(".") if node.module else [])]
            for alias in node.names:
                inside, itself = "/".join([*base, alias.name]), "/".join(base)
                names = (f"{inside}.py", f"{inside}/__init__.py", f"{itself}.py", f"{itself}/__init__.py".lstrip("/"))
                found |= {name for name in names if name in MODULES and name != module} and {
                    next(name for name in names if name in MODULES)
                }
    return found - {module}


EDGES = {module: imports(module, source) for module, source in MODULES.items()}


def test_there_are_few_files_and_lines():
    # 206 files of 24,847 lines when it was put in order; since then: the safety of stored files (985 lines), and the
    # first hour with one's own data (a plan from the data, fine-tuning, films, labels, links, folders against folders,
    # Python's own objects, attention and checkpointing, costs of metrics, a doctor of short runs; images of several
    # sizes, archives, and folders with labels against each other; the lock of a run names its process). The laboratory
    # and the studio are parts of their own.
    house = {m: source for m, source in MODULES.items() if not m.startswith(LABORATORY)}
    assert len(house) <= 222
    assert sum(len(source.splitlines()) for source in house.values()) <= 29_600


def test_no_two_files_share_a_name_unless_they_are_one_concept_on_two_floors():
    names = Counter(module.split("/")[-1] for module in MODULES)
    assert [name for name, count in names.items() if count > 1 and name not in ON_TWO_FLOORS] == []


def test_a_small_file_with_a_single_importer_is_part_of_it():
    importers = defaultdict(set)
    for module, targets in EDGES.items():
        for target in targets:
            importers[target].add(module)
    small = [m for m, source in MODULES.items() if len(source.splitlines()) < 60 and not m.endswith("__init__.py")]
    table = "/__init__.py"  # an entry of a table is imported by the table alone
    owners = {m: owner for m in small if len(importers[m]) == 1 for owner in importers[m]}
    assert [f"{m} belongs to {owner}" for m, owner in owners.items() if not owner.endswith(table)] == []


def test_no_file_is_much_longer_than_one_concept():
    assert {m: n for m, source in MODULES.items() if (n := len(source.splitlines())) > 300} == {}


def test_imports_make_no_circle():
    left = {module: set(targets) for module, targets in EDGES.items() if not module.endswith("__init__.py")}
    while leaves := [module for module, targets in left.items() if not targets & left.keys()]:
        for module in leaves:
            del left[module]
    assert sorted(left) == []
