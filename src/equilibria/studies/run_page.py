"""The page of one run."""

import json
from pathlib import Path

from ..core.errors import Failure, Refusal
from ..core.files import write_atomic
from ..evaluation.doctor.report import Checkup, doctor
from ..records.history import History, read_history
from . import curves, wording
from . import curves as looks
from .html import code, folded, grid, heading, page, paragraph, picture, section, table
from .results import MetricValue, read_evaluation

_SHEETS = 8  # of those that were made over time, at most


def report(run: str | Path, out: str | Path | None = None, force: bool = False) -> Path:
    """Write a report of a run as one self-contained HTML page: curves, samples, diagnoses, numbers. Returns its path.

    Args:
        run: The run folder.
        out: The page, an .html file; default: report.html in the run folder.
        force: Overwrite existing output.
    """
    folder = Path(run)
    if (folder / "comparison.json").is_file():
        raise Refusal(f"{folder} holds a comparison: its page is {folder / 'report.html'}.")
    known = read_history(folder).require_events()
    place = folder / "report.html" if out is None else Path(out).expanduser()
    if place.suffix.lower() not in (".html", ".htm") or place.is_dir():
        raise Refusal(f"--out is {str(place)!r}: name a file that ends in .html.")
    if out is not None and place.exists() and not force:
        raise Refusal(f"{place} exists: choose another --out, or write over it with --force.")
    text = html(known, doctor(folder), numbers(folder))
    try:
        write_atomic(place, text.encode())
    except OSError as error:
        raise Failure(f"{place} cannot be written: {error.strerror or error}.") from error
    return place


def numbers(folder: Path) -> tuple[MetricValue, ...]:
    """What was measured of a finished run; nothing if it was not."""
    return tuple(read_evaluation(folder).numbers) if (folder / "metrics.json").is_file() else ()


def html(run: History, checkup: Checkup, found: tuple[MetricValue, ...] = ()) -> str:
    """The page."""
    title = f"{run.recipe['name']} on {run.data}"
    groups = {str(run.recipe["name"]): [run]}
    return page(
        title,
        heading(title),
        paragraph(str(run.recipe.get("about", "")), "soft"),
        _facts(run),
        section(
            "What the doctor says", paragraph(checkup.summary), wording.findings(checkup.findings), *_told(checkup)
        ),
        section(
            "Numbers",
            _numbers(found),
            *(paragraph(text, "soft") for text in wording.provenance_lines(n.card for n in found)),
        ),
        section("While it played", curves.metrics(groups), curves.estimates(groups), curves.terms(groups)),
        section("Samples over time", _sheets(run)),
        section("A closer look", looks.diagnostics(run)),
        section("Recipe", code(json.dumps(dict(run.recipe), indent=2))),
        section(
            "Where and with what", folded("Versions, choices, sittings", code(json.dumps(dict(run.summary), indent=2)))
        ),
        section("Make it again", code(f"equilibria report {run.folder}")),
    )


def _facts(run: History) -> str:
    """Cost and end, a row each."""
    told = wording.cost(run) | {
        "best round": f"{run.best or 0:,}",
        "ended": str(run.events[-1].get("text", "It plays, or was killed.")),
    }
    seed = {"seed": str(run.recipe["seed"]), "device": str(run.summary.get("device", ""))}
    return table(["", ""], [[name, value] for name, value in (told | seed).items()], kind="said")


def _told(checkup: Checkup) -> list[str]:
    course = f"Course: {checkup.course}" if checkup.course else ""
    return [paragraph(course), folded("What the losses mean", *map(paragraph, checkup.losses))]


def _numbers(found: tuple[MetricValue, ...]) -> str:
    """A row for each metric: at both checkpoints, and of real samples."""
    rows = dict[str, dict[str, MetricValue]]()
    for number in found:
        rows.setdefault(number.name, {})[number.card.checkpoint] = number
    if not rows:
        return ""
    ends = list(dict.fromkeys(number.card.checkpoint for number in found))
    body = [
        [wording.spelled(name, next(iter(row.values())).better), *(_cell(row.get(end)) for end in ends), _floor(row)]
        for name, row in rows.items()
    ]
    return table(["metric", *ends, "floor"], body, numbers=1)


def _cell(number: MetricValue | None) -> str:
    return "-" if number is None else f"{wording.figure(number.value, number.error)}\nround {number.round:,}"


def _floor(row: dict[str, MetricValue]) -> str:
    floor = next(iter(row.values())).floor
    return "-" if floor is None else wording.figure(floor.value, floor.error)


def _sheets(run: History) -> str:
    """Some of them from first to last, and the best round's."""
    known = run.sample_grids()
    count = min(len(known), _SHEETS)
    places = {round(i * (len(known) - 1) / max(count - 1, 1)) for i in range(count)}
    chosen = [each for i, each in enumerate(known) if i in places or each[0] == run.best]
    said = (f"round {step:,}{' (best)' if step == run.best else ''}" for step, _ in chosen)
    return grid(*(picture(path, text) for (_, path), text in zip(chosen, said, strict=True)), kind="sheets")
