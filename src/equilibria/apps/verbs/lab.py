"""The verb that plays the experiments of the laboratory."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import Refusal
from ...core.specs import dashed
from ...core.text import paragraph, say, table, tables
from ..flags import as_text, metavar

if TYPE_CHECKING:
    from ...lab.experiment import Watch
    from ...lab.record import Record

_LANGUAGES = ("en", "zh")


def lab(
    slug: str = "",
    /,
    *,
    full: bool = False,
    lang: str = "en",
    out: str | None = None,
    seed: int = 0,
    force: bool = False,
    **settings: Any,
) -> int:
    """Play the theory: each experiment computes a claim of GAN theory and compares it with what the formula says.

    Args:
        full: the long form, up to ten minutes.
        lang: the language of texts and figures, en or zh.
        out: .png, .svg, .pdf: the figure; .json: the record; .html: a page; a folder/ for `all`.
        seed: of what is random.
        force: overwrite an existing --out.

    Examples:
        equilibria lab reparametrization --d 50 --lang zh --out gradients.html
        equilibria lab all --out laboratory/
    """
    if lang not in _LANGUAGES:
        raise Refusal(f"--lang is {lang!r}: it is en or zh.")
    if not slug:
        return _list(lang)
    if slug == "all":
        return _all(full, lang, out, seed, force, settings)
    from ...core.files import output_path
    from ...lab.play import run
    from ...lab.sheet import SUFFIXES, write

    path = None if out is None else output_path(out, SUFFIXES, force)
    with _progress(slug) as watch:
        record = run(slug, full=full, seed=seed, watch=watch, **settings)
    _print(record, lang)
    if path is not None:
        write(record, path, lang)
        _written(path, lang)
    return 0 if record.holds else 1


def _list(language: str) -> int:
    """Every experiment with its question and its seconds, by chapter."""
    from ...lab.contents import CHAPTERS, CONTENTS

    rows = dict[str, list[tuple[str, str, str]]]()
    for slug, entry in CONTENTS.items():
        title = f"{entry.chapter}. {CHAPTERS[entry.chapter - 1].in_(language)}"
        rows.setdefault(title, []).append((slug, f"{entry.seconds} s", entry.question.in_(language)))
    print(tables(rows))
    print("\n`equilibria lab NAME` plays one; `equilibria lab NAME --help` lists its settings.")
    return 0


def _all(full: bool, language: str, out: str | None, seed: int, force: bool, settings: dict[str, Any]) -> int:
    from ...core.files import output_path
    from ...lab.contents import CONTENTS
    from ...lab.play import run
    from ...lab.sheet import write_index, write_sheets

    if settings:
        raise Refusal(
            f"{dashed(next(iter(settings)))} belongs to one experiment: `all` plays each with its own settings."
        )
    folder = output_path("laboratory" if out is None else out, ("",), force)
    records: dict[str, Record] = {}
    for slug in CONTENTS:
        with _progress(slug) as watch:
            records[slug] = run(slug, full=full, seed=seed, watch=watch)
        _print(records[slug], language)
        print()
        write_sheets(records[slug], folder, language)  # at once: playing all takes minutes
    say(f"Open {write_index(records, folder, language)}")
    return 0 if all(record.holds for record in records.values()) else 1


def _print(record: "Record", language: str) -> None:
    """Question, source, theory against measurement, answer."""
    from ...lab.contents import CONTENTS
    from ...lab.play import experiment

    about = experiment(record.slug)
    words = ("holds", "DOES NOT HOLD") if language == "en" else ("成立", "不成立")
    titles = ("theory", "here", "", "") if language == "en" else ("理论", "这里", "", "")
    rows = [(c.theory, c.measured, words[not c.holds], c.sentence.in_(language)) for c in record.claims]
    say(f"{CONTENTS[record.slug].question.in_(language)}\n{about.source}\n\n{table([titles, *rows])}\n")
    note = record.figure.note.in_(language)
    say("\n\n".join(paragraph(text) for text in (note, about.answer.in_(language)) if text))
    held = sum(claim.holds for claim in record.claims)
    total = len(record.claims)
    end = f"{held} of {total} claims hold" if language == "en" else f"{total} 条论断中 {held} 条成立"
    say(f"\n{end} ({record.seconds:.1f} s).")


def _written(path: Path, language: str) -> None:
    from ...drawing.plot import cjk_font

    say(f"Written: {path}")
    if language == "zh" and path.suffix.lower() in (".png", ".svg", ".pdf"):
        font = cjk_font()
        say(f"Font: {font}" if font else "No font here has Chinese characters: the figure is in English.")


@contextmanager
def _progress(slug: str) -> Iterator["Watch"]:
    """A bar on a terminal while an experiment is played."""
    from rich.console import Console
    from rich.progress import Progress

    from ...lab.experiment import Watch

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bars:
        bar = bars.add_task(slug, total=1.0)
        yield Watch(lambda share: bars.update(bar, completed=share))


def settings_of(slug: str | None = None) -> tuple[dict[str, Any], str]:
    """The settings of an experiment, as flags."""
    if slug in (None, "all"):
        return {}, paragraph(
            "`equilibria lab` lists the experiments; `equilibria lab NAME --help` the settings of one."
        )
    from ...lab.play import experiment

    rows = []
    for setting in experiment(str(slug)).settings:
        kind = "|".join(setting.choices) or metavar(type(setting.quick))
        full = "" if setting.full is None else f" (--full: {as_text(setting.full)})"
        span = "" if setting.choices or setting.high == float("inf") else f", {setting.low:g} to {setting.high:g}"
        rows.append((dashed(setting.name), kind, as_text(setting.quick), f"{setting.about.en}{span}{full}"))
    return {}, tables({"Settings": rows})
