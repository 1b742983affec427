"""The page of one run."""

import json
from pathlib import Path

from ..core.errors import Refusal
from ..core.files import output_path, write_output
from ..evaluation.doctor.loss_meaning import read_back
from ..evaluation.doctor.report import Checkup, doctor
from ..records.history import History, read_history
from . import curves, wording
from .html import code, folded, grid, heading, page, paragraph, picture, section, table
from .results import Evaluation, stored_evaluation

_GRIDS = 6  # sample grids from before, at most
_BYTES = 900_000  # of all pictures
_ACROSS = ("rounds",)


def report(run: str | Path, out: str | Path | None = None, force: bool = False) -> Path:
    """Write a report of a run as one self-contained HTML page: curves, samples, diagnoses, numbers. Returns its path.

    Raises Refusal for a folder without a run, Failure if the page cannot be written.

    Args:
        run: The run folder.
        out: The page, an .html file; default: report.html in the run folder.
        force: Overwrite existing output.

    Example:
        >>> eq.report("runs/digits", "digits.html").name
        'digits.html'
    """
    folder = Path(run)
    if (folder / "comparison.json").is_file():
        raise Refusal(f"{folder} holds a comparison: its page is {folder / 'report.html'}.")
    history = read_history(folder).require_events()
    path = folder / "report.html" if out is None else output_path(out, (".html", ".htm"), force)
    write_output(path, html(history, doctor(folder), stored_evaluation(folder)).encode(errors="backslashreplace"))
    return path


def html(run: History, checkup: Checkup, evaluation: Evaluation) -> str:
    """The page."""
    name = str(run.recipe["name"])
    title, runs = f"{name} on {run.data}", {name: [run]}
    estimates = curves.estimates(runs, _ACROSS), *map(paragraph, read_back(run))
    head, *rows = wording.evaluation_table(evaluation)
    notes = (paragraph(text, "soft") for text in wording.evaluation_notes(evaluation))
    metrics = [table(head, rows, numbers=2), *notes] if rows else []
    trend = paragraph(f"Trend: {checkup.trend}") if checkup.trend else ""
    losses = folded("What the losses mean", *map(paragraph, checkup.losses))
    versions = folded("Versions, hardware, sessions", code(json.dumps(dict(run.summary), indent=2)))
    return page(
        title,
        heading(title),
        paragraph(str(run.recipe.get("about", "")), "soft"),
        section("Samples", *_sample_grids(run)),
        section("Facts", _facts(run)),
        section("Doctor", paragraph(checkup.summary), wording.findings(checkup.findings), trend, losses),
        section("Metrics", *metrics),
        section("Training curves", curves.metrics(runs, _ACROSS), *estimates, curves.terms(runs)),
        section("Diagnostics", curves.diagnostics(run)),
        section("Recipe", code(json.dumps(dict(run.recipe), indent=2))),
        section("Environment", versions),
        section("Train it again", code(wording.command(run))),
    )


def _facts(run: History) -> str:
    """What the run took and how it ended, a row each."""
    facts = wording.cost(run) | {
        "best round": f"{run.best or 0:,}",
        "ended": str(run.events[-1].get("text", "Still training, or killed.")),
        "seed": str(run.recipe["seed"]),
        "device": str(run.summary.get("device", "")),
    }
    return table(["", ""], [[name, value] for name, value in facts.items()], kind="facts")


def _sample_grids(run: History) -> list[str]:
    """The newest sample grid, and some from first to last with the best round's."""
    grids = run.sample_grids()
    count = min(len(grids) - 1, _GRIDS)
    places = {round(i * (len(grids) - 2) / max(count - 1, 1)) for i in range(count)}
    before = [(s, p) for i, (s, p) in enumerate(grids[:-1]) if i in places or s == run.best]
    most = _BYTES // (len(before) + 1)

    def figure(step: int, path: Path) -> str:
        return picture(path, f"round {step:,}{' (best)' if step == run.best else ''}", most)

    newest = [grid(figure(*each), kind="newest") for each in grids[-1:]]
    return [*newest, grid(*(figure(*each) for each in before), kind="samples")]
