"""The reference pages hold what the catalogues, the command line and the package offer."""

import importlib.util
from pathlib import Path

import pytest

import equilibria as eq

DOCS = Path(__file__).parents[1] / "docs"
_spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
generate = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(generate)
PUBLIC = {
    "recipes": eq.RECIPES,
    "divergences": eq.DIVERGENCES,
    "penalties": eq.PENALTIES,
    "games": eq.GAMES,
    "generators": eq.GENERATORS,
    "critics": eq.CRITICS,
    "encoders": eq.ENCODERS,
    "optimizers": eq.OPTIMIZERS,
    "priors": eq.PRIORS,
    "data": eq.DATASETS,
    "metrics": eq.METRICS,
    "features": eq.FEATURES,
}


@pytest.fixture(scope="module")
def pages():
    return generate.pages()


@pytest.mark.parametrize("table", PUBLIC)
def test_a_printed_table_is_read_as_its_catalogue(table):
    """Wrapped lines included: names, first docstring lines and options are those of the catalogue."""
    read = [(p.name, p.summary, [o.name for o in p.options]) for p in generate.parts(table)]
    assert read == [(e.name, e.summary, list(e.options)) for e in PUBLIC[table].describe()] or table == "recipes"
    assert [name for name, _, _ in read] == list(PUBLIC[table])


@pytest.mark.parametrize("table", ["recipes", *generate.TABLES])
def test_every_entry_says_in_one_line_what_it_is(table):
    for part in generate.parts(table):
        assert part.summary.endswith("."), part.name
        assert len(part.summary) <= 120, part.name


def test_every_recipe_verb_finding_and_public_name_has_a_section(pages):
    for page, names in {
        "recipes": list(eq.RECIPES),
        "verbs": ["train", "features train", "data check", "sample", "doctor"],
        "findings": list(generate.FINDINGS),
        "diagnostics": list(generate.DIAGNOSTICS),
        "api": [f"eq.{name}" for name in ("train", "load", "Recipe", "compare")],
    }.items():
        missing = [name for name in names if f"## `{name}`" not in pages[page]]
        assert not missing, f"{page}: {missing}"


def test_every_public_name_is_on_the_page_of_python(pages):
    missing = [name for name in eq.__all__ if not name.startswith("_") and f"`eq.{name}`" not in pages["api"]]
    assert not missing


def test_pages_keep_no_path_of_a_module_and_no_address(pages):
    assert "equilibria." not in pages["api"].replace("equilibria.compare", "")
    assert " at 0x" not in pages["api"]


def test_prose_is_plain_in_markdown():
    assert generate.escaped("(N, *shape) and `*shape`, a_b <c>") == r"(N, \*shape) and `*shape`, a\_b \<c\>"
