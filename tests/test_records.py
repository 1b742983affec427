"""The files of a run folder are named, opened and missed in one package."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "equilibria"
FILES = ("recipe.json", "summary.json", "events.jsonl", "checkpoints/")
CONSTANTS = {"RECIPE", "SUMMARY", "EVENTS", "CHECKPOINTS"}
MODELS = ("hub", "model_folder", "rejection")  # a model's folder may hold a recipe without a run


def outside() -> dict[Path, str]:
    """The modules that are not of the package."""
    return {path: path.read_text("utf-8") for path in SOURCE.rglob("*.py") if path.parent.name != "records"}


def named(source: str) -> list[str]:
    """The files of a run that code names in a string of its own, not in a sentence."""
    strings = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    return [text for text in strings if isinstance(text, str) and " " not in text and text.startswith(FILES)]


def imported(source: str) -> set[str]:
    """The names of files that code takes from the package instead of asking a RunFolder."""
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    return CONSTANTS & {
        a.name for node in imports if (node.module or "").endswith("records.folder") for a in node.names
    }


def test_no_file_of_a_run_is_named_outside_the_package():
    assert {str(path): names for path, source in outside().items() if (names := named(source))} == {}


def test_only_the_folder_of_a_model_is_read_by_name():
    assert {str(path) for path, source in outside().items() if imported(source) and path.stem not in MODELS} == set()


def test_a_missing_run_is_reported_in_one_place():
    places = [path for path in SOURCE.rglob("*.py") for _ in range(path.read_text("utf-8").count("There is no run in"))]
    assert places == [SOURCE / "records" / "folder.py"]


@pytest.mark.parametrize("source", ['open(run / "recipe.json")', 'f = run / "checkpoints/000010.pt"'])
def test_a_reader_of_its_own_is_found(source):
    assert named(source)
    assert not named('raise Refusal(f"There is no recipe.json in {run} that says what data it was trained on.")')


def test_a_name_taken_from_the_package_is_found():
    assert imported("from ..records.folder import EVENTS, RunFolder") == {"EVENTS"}
