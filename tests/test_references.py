"""Every paper that is cited by author and year has its title in docs/references.md."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
_NAME = r"[A-Z][\w-]*[a-z](?<!\bIn)(?<!\bSince)(?<!\bof)"
_CITED = re.compile(rf"((?:de )?{_NAME}(?: et al\.| and {_NAME})?),? \(?((?:19|20)\d\d)\b(?!-)")
NO_PAPERS = {"Copyright 2026", "TensorFlow graph of 2015"}


def citations(text: str) -> set[str]:
    """Author and year, as in `Mao et al. 2017`, also where a line or a string breaks within."""
    joined = re.sub(r"\s+", " ", re.sub(r'"\s*\n\s*f?"', "", text))
    return {f"{name.removeprefix('de ')} {year}" for name, year in _CITED.findall(joined)} - NO_PAPERS


def titles() -> dict[str, str]:
    """The table of the page: cited as, title."""
    rows = re.findall(
        r"^\| (.+?) \| (.+?) \|$", (ROOT / "docs" / "references.md").read_text("utf-8"), flags=re.MULTILINE
    )
    return {name.removeprefix("de "): title for name, title in rows[2:]}


def test_every_citation_has_a_title():
    pages = [*(ROOT / "src").rglob("*.py"), *(ROOT / "docs").glob("[!_r]*/*.md"), *ROOT.glob("*.md")]
    cited = {(name, path) for path in pages for name in citations(path.read_text("utf-8"))}
    missing = sorted({f"{name} ({path.relative_to(ROOT)})" for name, path in cited if name not in titles()})
    assert not missing, "\n".join(missing)


def test_titles_are_in_order():
    names = list(titles())
    assert names == sorted(names, key=lambda name: name.lower().replace("vries", "de vries"))


def test_citations_are_found_across_lines():
    text = 'a (Lim and\n    Ye 2017), "as in (Mao et "\n  "al. 2017)", Brock et al. (2019), de Vries et al. 2017'
    assert citations(text) == {"Lim and Ye 2017", "Mao et al. 2017", "Brock et al. 2019", "Vries et al. 2017"}
