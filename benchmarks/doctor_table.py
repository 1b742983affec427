"""From finished runs to the table of docs/guides/doctor.md: what was planted and what was found."""

from collections import Counter
from pathlib import Path

from doctor_cases import CASES, HEALTHY, SICK

from equilibria.evaluation.doctor import FINDINGS, Finding, findings, persistent
from equilibria.evaluation.doctor.base import CRITICAL as GRAVE
from equilibria.evaluation.doctor.base import REASONS, REMARK
from equilibria.records.history import History, read_history

Found = dict[str, list[tuple[Finding, ...]]]  # by case, a run each
Said = dict[str, list[list[Finding]]]  # while they played, likewise
_LAST = ("nonfinite", "short", "labels_unused")  # are said when a run is over
PAGE = Path(__file__).parents[1] / "docs" / "guides" / "doctor.md"


def finished(runs: Path, seeds: list[int]) -> Found:
    """What the doctor finds of every run that has ended."""
    found: Found = {name: [] for name in CASES}
    for name in CASES:
        for folder in (runs / f"{name}-{seed}" for seed in seeds):
            if (folder / "recipe.json").is_file() and (whole := read_history(folder)).stop_reason is not None:
                found[name].append(findings(whole))
    return found


def spoken(runs: Path, seeds: list[int]) -> Said:
    """What a finished run was told while it played: by its records as they were at each look."""
    return {
        name: [
            _heard(read_history(folder)) for folder in (runs / f"{name}-{seed}" for seed in seeds) if folder.is_dir()
        ]
        for name in CASES
    }


def _heard(whole: History) -> list[Finding]:
    ends = [place + 1 for place, event in enumerate(whole.events) if event["kind"] == "diagnosis"]
    pasts = (History(whole.recipe, whole.summary, whole.events[:end]) for end in ends)
    return [finding for past in pasts for finding in persistent(past)]


def table(found: Found, said: Said) -> str:
    """The confusion table, and what it comes to."""
    return "\n\n".join([_matrix(found), _sensitivity(found), _alarms(found), _live(said)])


def _matrix(found: Found) -> str:
    """Planted by found: in how many runs."""
    columns = {name: str(place) for place, name in enumerate(FINDINGS, start=1)}
    head = f"| planted | runs | {' | '.join(columns.values())} |"
    line = f"| --- | --: |{' --: |' * len(columns)}"
    rows = [head, line]
    for name, runs in found.items():
        counts = Counter(finding.name for run in runs for finding in run)
        cells = [_cell(counts[each], CASES[name].finding == each) for each in columns]
        label = f"`{name}` ({columns[CASES[name].finding]})" if name in SICK else f"healthy: `{name}`"
        rows.append(f"| {label} | {len(runs)} | {' | '.join(cells)} |")
    said = ", ".join(f"{place} `{name}`" for name, place in columns.items())
    return f"Columns: {said}. Bold: the finding that was planted.\n\n" + "\n".join(rows)


def _cell(count: int, planted: bool) -> str:
    return f"**{count}**" if planted else str(count or "")


def _sensitivity(found: Found) -> str:
    """How often what was planted was found."""
    rows = ["| finding | planted runs | found | sensitivity |", "| --- | --: | --: | --: |"]
    hits = total = 0
    for finding in FINDINGS:
        runs = [run for name, case in SICK.items() if case.finding == finding for run in found[name]]
        if not runs:
            continue
        seen = sum(any(each.name == finding for each in run) for run in runs)
        hits, total = hits + seen, total + len(runs)
        rows.append(f"| `{finding}` | {len(runs)} | {seen} | {seen / len(runs):.0%} |")
    return "\n".join([*rows, f"| **all** | {total} | {hits} | {hits / max(total, 1):.0%} |"])


def _alarms(found: Found) -> str:
    """What was said of healthy runs; remarks are no alarms."""
    runs = [run for name in HEALTHY for run in found[name]]
    alarms = [[finding.name for finding in run if finding.severity != REMARK] for run in runs]
    remarks = Counter(finding.name for run in runs for finding in run if finding.severity == REMARK)
    counted = Counter(name for run in alarms for name in run)
    said = ", ".join(f"`{name}` {count}" for name, count in counted.items()) or "none"
    beside = ", ".join(f"`{name}` {count}" for name, count in remarks.items()) or "none"
    false = sum(bool(run) for run in alarms)
    return (
        f"False alarms: {false} of {len(runs)} healthy runs ({false / max(len(runs), 1):.0%}) have a warning or worse: "
        f"{said}. Remarks on healthy runs, which are correct: {beside}."
    )


def _live(said: Said) -> str:
    """How often a line came while a run played, and how often that would have stopped it."""
    audible = {name: case for name, case in SICK.items() if case.finding not in _LAST}
    told = [case.finding in _names(heard) for name, case in audible.items() for heard in said[name]]
    healthy = [heard for name in HEALTHY for heard in said[name]]
    grave = [heard for name, case in audible.items() for heard in said[name] if REASONS[case.finding].severity == GRAVE]
    lines = Counter(name for heard in healthy for name in _names(heard))
    which = ", ".join(f"`{name}` {count}" for name, count in sorted(lines.items())) or "none"
    return (
        f"During training, the planted finding was reported for {sum(told)} of {len(told)} sick runs (remarks and "
        f"breakdowns are reported at the end), and some finding, which mostly went away, for "
        f"{sum(map(bool, healthy))} of {len(healthy)} healthy ones: {which}. `--stop-when critical` would "
        f"have stopped {sum(map(_stops, grave))} of {len(grave)} runs with a planted critical "
        f"finding, and {sum(map(_stops, healthy))} healthy ones."
    )


def _names(heard: list[Finding]) -> set[str]:
    return {finding.name for finding in heard}


def _stops(heard: list[Finding]) -> bool:
    return any(finding.severity == GRAVE for finding in heard)


def write(found: Found, said: Said) -> None:
    """The table into the page, between its marks."""
    before, rest = PAGE.read_text(encoding="utf-8").split("<!-- confusion -->", 1)
    after = rest.split("<!-- end: confusion -->", 1)[1]
    PAGE.write_text(
        f"{before}<!-- confusion -->\n{table(found, said)}\n<!-- end: confusion -->{after}", encoding="utf-8"
    )
