"""The words of the glossary are kept to: docs/glossary.md lists those that nobody should meet."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "equilibria"
GLOSSARY = ROOT / "docs" / "glossary.md"
PAGES = sorted([*ROOT.glob("*.md"), *(p for p in (ROOT / "docs").rglob("*.md") if "_build" not in p.parts)])
PAGES = [
    path for path in PAGES if path.parent.name != "reference" and path.name not in ("glossary.md", "references.md")
]


def table(number: int) -> list[str]:
    """The words on the left of one of the glossary's tables of words that we do not use."""
    tables = GLOSSARY.read_text(encoding="utf-8").split("| not | but |\n| --- | --- |\n")[1:]
    rows = [line.split("|")[1] for line in tables[number].split("\n\n")[0].splitlines()]
    return [word.strip() for row in rows for word in row.split(",")]


def pattern(words: list[str]) -> re.Pattern[str]:
    """Any of the words, whole; a star stands for any ending."""
    return re.compile(r"(?i)\b(?:" + "|".join(re.escape(word).replace(r"\*", r"\w*") for word in words) + r")\b")


NEVER, IN_PAGES, PARTICIPLES = table(0), table(1), frozenset(table(2))


def slips(text: str, words: re.Pattern[str]) -> Iterator[str]:
    """Forbidden words outside of code, with their lines; comments in a block of code are no code."""
    plain = re.sub(r"```.*?```", lambda block: _comments(block[0]), text, flags=re.DOTALL)
    plain = re.sub(r"`[^`\n]*`", "", plain)
    plain = re.sub(r"\]\([^)]*\)", "]", plain)
    for number, line in enumerate(plain.splitlines(), start=1):
        for match in words.finditer(line):
            yield f"{number}: {match[0]!r} in: {line.strip()[:90]}"


def _comments(block: str) -> str:
    """A block of code without what is not a comment, in as many lines."""
    return "\n".join(line.partition("# ")[2] for line in block.split("\n"))


def prose(source: str) -> Iterator[tuple[int, str]]:
    """What people read in a module: comments, docstrings and sentences, with their lines."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
            yield node.lineno, node.value


def names(source: str) -> Iterator[tuple[int, str]]:
    """The functions, classes, parameters and variables that a module defines."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                yield node.lineno, name


def participles(path: str, source: str) -> list[str]:
    """Names that are nothing but a participle."""
    found = [path] if Path(path).stem.strip("_") in PARTICIPLES else []
    return found + [f"{path}:{line}: {name}" for line, name in names(source) if name.strip("_").lower() in PARTICIPLES]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_pages_keep_to_the_glossary(page):
    found = list(slips(page.read_text(encoding="utf-8"), pattern(NEVER + IN_PAGES)))
    assert not found, "\n".join(found)


def test_sentences_in_the_source_keep_to_the_glossary():
    words = pattern(NEVER)
    found = [
        f"{path.relative_to(ROOT)}:{line}: {slip.partition(': ')[2]}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, text in prose(path.read_text(encoding="utf-8"))
        for slip in slips(text, words)
    ]
    assert not found, "\n".join(found)


def test_no_module_class_or_function_is_named_by_a_participle():
    modules = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))
    }
    found = [slip for path, source in modules.items() for slip in participles(path, source)]
    assert not found, "\n".join(found)


def test_the_glossary_is_read_whole():
    assert {"told", "beside", "bedside", "reckon*", "so came out"} <= set(NEVER)
    assert {"slope*", "he", "grey*"} <= set(IN_PAGES)
    assert {"seen", "settled", "meant"} <= PARTICIPLES


def test_slips_are_noticed():
    words = pattern(NEVER + IN_PAGES)
    text = "It reckons.\n```\ntold  # grave\n```\n`told` and [a](told.md)\nA Gravely one, two\nlines beside slopes"
    assert [slip.split(": ")[0] for slip in slips(text, words)] == ["1", "3", "6", "7", "7"]
    source = '"""What it is told."""\n\ndef seen():  # beside it\n    return "told"\n\nclass Found:\n    pass\n'
    assert [line for line, text in prose(source) for _ in slips(text, words)] == [3, 1]
    assert participles("a/known.py", source) == ["a/known.py", "a/known.py:3: seen", "a/known.py:6: Found"]
