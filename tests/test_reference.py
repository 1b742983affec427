"""The reference pages hold what the catalogues, the command line and the package offer; all pages keep to it."""

import functools
import importlib.util
import re
from pathlib import Path

import pytest

import equilibria as eq
from equilibria.core.catalogue import options

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), *DOCS.glob("[!r_]*/*.md")])  # the reference is generated
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


def commands(text: str) -> list[list[str]]:
    """The words of every `equilibria ...` on a page, in blocks and in backticks, without comments."""
    lines = re.findall(r"\bequilibria ([a-z][^\n`|]*)", text.replace("\\\n", " "))
    return [line.partition("  #")[0].split() for line in lines]


def unknown_flags(words: list[str]) -> list[str]:
    """The flags of a command that its help does not list; those of a part that the line itself names are let pass."""
    verb = next((v for v in generate.verbs() if v.split() == words[: len(v.split())]), None)
    if verb is None:
        return []
    recipe = [word for word in words if word in eq.RECIPES][:1]
    subject = {"train": recipe, "lab": [word for word in words if word in eq.lab.CONTENTS][:1]}
    text = printed(*verb.split(), *subject.get(verb, []))
    if verb == "compare":
        text += printed("train", *recipe)
    text += " ".join(f"--data.{name}" for name in options(eq.DATASETS["folder"]))  # the recipe's own data has others
    flags = [
        word.split("=")[0].replace("_", "-").strip(".,;:)")
        for word in words
        if word.startswith("--") and word != "--help"
    ]
    parts = ("--optimizer.", "--schedule.")
    return [
        flag for flag in flags if not flag.startswith(parts) and not re.search(rf"{re.escape(flag)}(?![\w-])", text)
    ]


@functools.cache
def printed(*words: str) -> str:
    return generate.printed(*words, "--help")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_flag_on_a_page_exists(page):
    lines = commands(page.read_text(encoding="utf-8"))
    wrong = [f"{' '.join(words)}: {', '.join(unknown)}" for words in lines if (unknown := unknown_flags(words))]
    assert not wrong, "\n".join(wrong)


def test_a_flag_that_does_not_exist_is_noticed():
    (words,) = commands("`equilibria train wgan-gp --data digits --penalty.weight 5 --slop 1`")
    assert unknown_flags(words) == ["--slop"]
