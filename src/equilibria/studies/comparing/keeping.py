"""The folder of a comparison: what was asked, and the report."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.errors import Failure, Refusal
from ...core.files import write_atomic
from .planning import CELLS, Plan
from .report import Study, html
from .spreadsheet import comma_separated
from .watching import Watch

PLAN, REPORT, SHEET = "comparison.json", "report.html", "report.csv"
FORMAT = 1


def stored(folder: Path) -> dict[str, Any]:
    """What was asked of the comparison that lies in a folder; nothing if there is none."""
    try:
        said = json.loads((folder / PLAN).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def keep(plan: Plan) -> None:
    """Write down what was asked."""
    write_atomic(plan.folder / PLAN, (json.dumps(_told(plan), indent=2) + "\n").encode())


def write(study: Study, folder: Path, watch: Watch) -> None:
    """Both files, each whole; those of before are replaced, and it is said."""
    made = {REPORT: html(study), SHEET: comma_separated(study.columns)}
    again = (folder / REPORT).exists()
    try:
        for name, text in made.items():
            write_atomic(folder / name, text.encode())
    except OSError as error:
        raise Failure(f"The report cannot be written to {folder} ({error.strerror or error}).") from error
    watch.say(f"{'Replaced' if again else 'Written'}: {folder / REPORT} and {folder / SHEET}.")


def refuse_written(folder: Path, force: bool) -> None:
    """A folder that was named, in which there is a comparison, or a report that may not be replaced."""
    if (folder / PLAN).exists():
        raise Refusal(f"{folder} holds a comparison: choose another --out.")
    if (folder / REPORT).exists() and not force:
        raise Refusal(f"{folder} holds a report already: choose another --out, or replace it with --force.")


def refuse_other(plan: Plan, before: Mapping[str, Any]) -> None:
    """A folder with something else in it, or with the report of a comparison that this one does not contain."""
    folder = plan.folder
    if not before and folder.is_dir() and any(path.name not in ("lock", CELLS) for path in folder.iterdir()):
        raise Refusal(f"{folder} holds something else than a comparison: choose another --out.")
    if (folder / REPORT).exists() and not plan.wishes.force and not _contains(_told(plan), before):
        raise Refusal(
            f"{folder} holds the report of another comparison ({before.get('command', '')}): choose another --out, or "
            f"replace its report with --force; its runs are kept."
        )


def _contains(now: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether a comparison is the same as before, or more of the same."""
    sets = all(set(before.get(name, ())) <= set(now[name]) for name in ("recipes", "data", "seeds"))
    return sets and before.get("alike") == now["alike"]


def _told(plan: Plan) -> dict[str, Any]:
    """What a later call compares itself with."""
    wishes = plan.wishes
    return {
        "format": FORMAT,
        "recipes": list(plan.recipes),
        "data": list(wishes.data),
        "seeds": list(range(wishes.seed, wishes.seed + wishes.seeds)),
        "alike": {"budget": wishes.budget, "said": {k: str(v) for k, v in plan.said.items()}},
        "choices": dict(plan.choices),
        "command": plan.command,
    }
