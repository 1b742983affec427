"""The pages work as printed: examples run, links and names lead somewhere, both languages keep step."""

import importlib
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README, CHINESE = (ROOT / name for name in ("README.md", "README.zh-CN.md"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "docs").glob("[!_]*/*.md")])
PAGES = [path for path in PAGES if path.parent.name != "reference"]
GENERATED = {"verbs.md", "recipes.md", "parts.md", "findings.md", "diagnostics.md", "api.md"}


def blocks(text: str) -> list[str]:
    """The fenced blocks of a page, whole."""
    return re.findall(r"^```.*?^```$", text, flags=re.DOTALL | re.MULTILINE)


def headings(text: str) -> list[int]:
    """The levels of a page's headings, in order."""
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    return [len(marks) for marks in re.findall(r"^(#+) ", outside, flags=re.MULTILINE)]


def links(text: str) -> list[str]:
    """Where a page leads: other files of this repository."""
    outside = re.sub(r"^```.*?^```$|`[^`\n]*`", "", text, flags=re.DOTALL | re.MULTILINE)
    return [link for link in re.findall(r"\]\(([^)#\s]+)", outside) if "://" not in link]


def commands(text: str) -> list[str]:
    """What stands in backticks outside of blocks, in order."""
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"`([^`\n]+)`", outside)


def test_the_chinese_page_keeps_step():
    english, chinese = (path.read_text(encoding="utf-8") for path in (README, CHINESE))
    assert headings(chinese) == headings(english)
    assert blocks(chinese) == blocks(english)
    assert links(chinese) == links(english)
    assert sorted(commands(chinese)) == sorted(commands(english))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file(page):
    lost = [
        link
        for link in links(page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists() and not ("reference/" in link and Path(link).name in GENERATED)
    ]
    assert not lost, f"{page.name}: {lost}"


def python(page: Path) -> str:
    """The Python blocks of a page, one after another."""
    found = (block for block in blocks(page.read_text(encoding="utf-8")) if block.startswith("```python"))
    return "\n".join(line for block in found for line in block.splitlines()[1:-1])


@pytest.mark.parametrize(
    "page",
    ["README.md", "docs/start/python.md", "docs/guides/own_loss.md", "docs/design/reading_r3gan.md"],
)
def test_examples_run_as_printed(page, tmp_path, monkeypatch, capsys):
    """With fewer rounds."""
    monkeypatch.chdir(tmp_path)
    exec(python(ROOT / page).replace("rounds=500", "rounds=4"), {})
    assert "print(samples.shape)" not in python(ROOT / page) or "torch.Size([64, 1, 8, 8])" in capsys.readouterr().out


def test_the_first_example_is_short_and_the_same_on_both_first_pages():
    assert python(ROOT / "docs" / "index.md") == python(README)
    assert sum(bool(line) for line in python(README).splitlines()) <= 5


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_path_and_module_on_a_page_exists(page):
    text = page.read_text(encoding="utf-8")
    files = re.findall(r"\b(?:benchmarks|tests|docs)/[\w/]+\.\w+", text)
    lost = [name for name in files if not (ROOT / name).exists() and Path(name).name != "NAME.csv"]
    lost += [name for name in re.findall(r"\bequilibria(?:\.\w+)+", text) if not importable(name)]
    assert not lost, f"{page.name}: {lost}"


def importable(name: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            thing = getattr(thing, part, None)
        return thing is not None
    return False


def test_the_tables_of_the_comparisons_are_those_of_the_files(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import comparison_page

    page = comparison_page.PAGE.read_text(encoding="utf-8")
    for name in comparison_page.TITLES:
        assert comparison_page.table(comparison_page.rows(name)) in page, "run `python benchmarks/comparison_page.py`"
    sys.modules.pop("comparison_page")


def test_a_page_out_of_step_is_noticed():
    text = "# A\n\n```\n# no heading\n```\n## B `x y`\n[c](d.md#e) [f](https://g.org) `[h](i.md)`\n"
    assert headings(text) == [1, 2]
    assert links(text) == ["d.md"]
    assert commands(text) == ["x y", "[h](i.md)"]
    assert importable("equilibria.terms.penalties.Duel")
    assert not importable("equilibria.terms.nothing")


@pytest.mark.parametrize("page", [ROOT / "SECURITY.md", ROOT / "docs" / "reliability.md"], ids=lambda page: page.name)
def test_every_test_that_a_promise_names_exists(page):
    names = re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8"))
    known = {
        name
        for path in (ROOT / "tests").rglob("*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.M)
    }
    assert len(names) >= 10
    assert [name for name in names if name not in known] == []
