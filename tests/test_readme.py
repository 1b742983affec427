"""The first pages work as printed, in both languages, and lead somewhere."""

import re
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


def test_the_example_runs_as_printed(tmp_path, monkeypatch, capsys):
    """With fewer rounds."""
    (code,) = (block for block in blocks(README.read_text(encoding="utf-8")) if block.startswith("```python"))
    lines = code.splitlines()[1:-1]
    monkeypatch.chdir(tmp_path)
    exec("\n".join(lines).replace("rounds=500", "rounds=4"), {})
    assert capsys.readouterr().out.splitlines()[-1] == "torch.Size([64, 1, 8, 8])"
    assert sum(bool(line) for line in lines) <= 5


def test_a_page_out_of_step_is_noticed():
    text = "# A\n\n```\n# no heading\n```\n## B `x y`\n[c](d.md#e) [f](https://g.org) `[h](i.md)`\n"
    assert headings(text) == [1, 2]
    assert links(text) == ["d.md"]
    assert commands(text) == ["x y", "[h](i.md)"]
