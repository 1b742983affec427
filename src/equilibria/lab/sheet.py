"""Writes a record: the figure as .png, .svg or .pdf, the record as .json, or one offline page as .html."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..core.files import atomic
from ..drawing.figure import Text
from ..drawing.plot import FORMATS, draw
from .contents import CHAPTERS, CONTENTS
from .play import experiment
from .record import Record

SUFFIXES = (*(f".{name}" for name in FORMATS), ".json", ".html")
_SHOW = """
const record = JSON.parse(document.getElementById("record").textContent);
function show(language) {
  document.documentElement.lang = language;
  document.title = say(record.question, language);
  sheet(document.getElementById("sheet"), record, language, () => show(language === "zh" ? "en" : "zh"));
}
show(record.language);
"""
_TITLE = Text("The laboratory of equilibria", "equilibria 实验室")


def write(record: Record, path: Path, language: str = "en") -> None:
    """Write a record to a file; its suffix, one of SUFFIXES, decides the format."""
    suffix = path.suffix.lower()
    if suffix == ".json":
        content = record.to_json().encode()
    elif suffix == ".html":
        content = page(record, language).encode()
    else:
        content = draw(record.figure, suffix[1:], language)
    with atomic(path) as part:
        part.write_bytes(content)


def command(record: Record) -> str:
    """The command line that plays the record again."""
    words = ["equilibria lab", record.slug, *(["--full"] if record.full else [])]
    words += [f"--seed {record.seed}"] if record.seed else []
    form = {s.name: s.full if record.full and s.full is not None else s.quick for s in experiment(record.slug).settings}
    for name, value in record.settings.items():
        if name in form and _plain(value) != _plain(form[name]):
            words.append(f"--{name.replace('_', '-')} {_as_text(value)}")
    return " ".join(words)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _as_text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def page(record: Record, language: str = "en") -> str:
    """One page that needs nothing else: figure, scrubber, theory and measurement, in both languages."""
    about, entry = experiment(record.slug), CONTENTS[record.slug]
    content = json.loads(record.to_json()) | {
        "language": language,
        "question": entry.question,
        "source": about.source,
        "answer": about.answer,
        "scrub": next((setting.about for setting in about.settings if setting.frames), Text("", "")),
        "command": command(record),
        "settings": {name: _as_text(value) for name, value in record.settings.items()},
    }
    for claim, stored in zip(record.claims, content["claims"], strict=True):
        stored["measured"] = claim.measured
    data = json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    parts = _asset("drawing", "figure.js"), re.sub("^import .*$", "", _asset("lab", "sheet.js"), flags=re.M), _SHOW
    script = "".join(parts).replace("export ", "")
    body = f'<main id="sheet"></main>\n<script type="application/json" id="record">{data}</script>'
    return _html(entry.question.in_(language), language, body, script)


def _asset(package: str, name: str) -> str:
    return (files("equilibria") / package / name).read_text("utf-8")


def _html(title: str, language: str, body: str, script: str = "") -> str:
    """A page whose policy allows its own style and script, by their digests, and nothing else."""
    style = _asset("drawing", "figure.css")

    def digest(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    scripts = f" script-src {digest(script)};" if script else ""
    policy = f"default-src 'none'; style-src {digest(style)};{scripts} img-src data:"
    lines = [
        "<!doctype html>",
        f'<html lang="{language}"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        f"<style>{style}</style></head><body>",
        body,
        *([f'<script type="module">{script}</script>'] if script else []),
        "</body></html>",
    ]
    return "\n".join(lines) + "\n"


def index(records: Mapping[str, Record], language: str = "en") -> str:
    """A page that lists experiments by chapter, with the claims that hold and a link to the page of each."""
    parts = [f"<h1>{escape(_TITLE.in_(language))}</h1>"]
    for number, chapter in enumerate(CHAPTERS, start=1):
        slugs = [slug for slug in records if CONTENTS[slug].chapter == number]
        if slugs:
            rows = "".join(_row(records[slug], language) for slug in slugs)
            parts.append(f"<h2>{number}. {escape(chapter.in_(language))}</h2>\n<table>{rows}</table>")
    return _html(_TITLE.in_(language), language, "\n".join(parts))


def _row(record: Record, language: str) -> str:
    question = escape(CONTENTS[record.slug].question.in_(language))
    held = sum(claim.holds for claim in record.claims)
    return (
        f'<tr><td><a href="{record.slug}.html">{question}</a></td>'
        f"<td>{held} / {len(record.claims)}</td><td>{record.seconds:.0f} s</td></tr>"
    )


def write_sheets(record: Record, folder: Path, language: str) -> None:
    """Write the page, the record and the figure of an experiment into a folder."""
    for suffix in (".html", ".json", ".svg"):
        write(record, folder / f"{record.slug}{suffix}", language)


def write_index(records: Mapping[str, Record], folder: Path, language: str) -> Path:
    """Write the page that lists experiments; returns its path."""
    with atomic(folder / "index.html") as part:
        part.write_text(index(records, language), "utf-8")
    return folder / "index.html"
