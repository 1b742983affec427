"""From finished runs to the table of docs/guides/doctor.md: planted defects and reported findings."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from doctor_cases import CASES, HEALTHY, PLANTED

from equilibria.evaluation.doctor import FINDINGS, Finding, Symptom, findings, persistent
from equilibria.evaluation.doctor.base import CRITICAL, REMARK
from equilibria.records.history import History, read_history

Results = dict[str, list[list[Finding]]]  # by case: the findings of each run
_AT_END = ("nonfinite", "short", "labels_unused")  # are not reported during training
PAGE = Path(__file__).parents[1] / "docs" / "guides" / "doctor.md"


def final_findings(runs: Path, seeds: list[int]) -> Results:
    """The findings of every run that has ended."""
    return {
        name: [list(findings(run)) for run in _histories(runs, name, seeds) if run.stop_reason is not None]
        for name in CASES
    }


def findings_in_training(runs: Path, seeds: list[int]) -> Results:
    """The findings that were reported during training: of the records as they were at each diagnostics."""
    return {name: [_reported(run) for run in _histories(runs, name, seeds)] for name in CASES}


def _histories(runs: Path, name: str, seeds: list[int]) -> Iterator[History]:
    folders = (runs / f"{name}-{seed}" for seed in seeds)
    return (read_history(folder) for folder in folders if (folder / "recipe.json").is_file())


def _reported(run: History) -> list[Finding]:
    ends = [index + 1 for index, event in enumerate(run.events) if event["kind"] == "diagnosis"]
    pasts = (History(run.recipe, run.summary, run.events[:end]) for end in ends)
    return [finding for past in pasts for finding in persistent(past)]


def table(final: Results, in_training: Results) -> str:
    """The confusion table and its summary."""
    return "\n\n".join([_matrix(final), _sensitivity(final), _alarms(final), _live(in_training)])


def _matrix(final: Results) -> str:
    """In how many runs of each case each finding is reported."""
    columns = {name: str(number) for number, name in enumerate(FINDINGS, start=1)}
    rows = [f"| planted | runs | {' | '.join(columns.values())} |", f"| --- | --: |{' --: |' * len(columns)}"]
    for name, runs in final.items():
        counts = Counter(finding.name for run in runs for finding in run)
        cells = [f"**{counts[c]}**" if CASES[name].finding == c else str(counts[c] or "") for c in columns]
        label = f"`{name}` ({columns[CASES[name].finding]})" if name in PLANTED else f"healthy: `{name}`"
        rows.append(f"| {label} | {len(runs)} | {' | '.join(cells)} |")
    legend = ", ".join(f"{number} `{name}`" for name, number in columns.items())
    return f"Columns: {legend}. Bold: the finding that was planted.\n\n" + "\n".join(rows)


def _sensitivity(final: Results) -> str:
    """How often a planted finding is reported."""
    rows = ["| finding | planted runs | found | sensitivity |", "| --- | --: | --: | --: |"]
    hits = total = 0
    for finding in FINDINGS:
        runs = [run for name, case in PLANTED.items() if case.finding == finding for run in final[name]]
        if not runs:
            continue
        count = sum(finding in _names(run) for run in runs)
        hits, total = hits + count, total + len(runs)
        rows.append(f"| `{finding}` | {len(runs)} | {count} | {count / len(runs):.0%} |")
    return "\n".join([*rows, f"| **all** | {total} | {hits} | {hits / max(total, 1):.0%} |"])


def _alarms(final: Results) -> str:
    """Findings of healthy runs; remarks are not alarms."""
    runs = [run for name in HEALTHY for run in final[name]]
    alarms = [[finding for finding in run if finding.severity != REMARK] for run in runs]
    remarks = [finding for run in runs for finding in run if finding.severity == REMARK]
    false = sum(map(bool, alarms))
    return (
        f"False alarms: {false} of {len(runs)} healthy runs ({false / max(len(runs), 1):.0%}) have a warning or worse: "
        f"{_counts(Counter(f.name for run in alarms for f in run))}. Remarks on healthy runs, which are correct: "
        f"{_counts(Counter(f.name for f in remarks))}."
    )


def _live(in_training: Results) -> str:
    """How often a finding is reported during training, and how often that would have stopped the run."""
    planted = {name: case.finding for name, case in PLANTED.items() if case.finding not in _AT_END}
    hits = [finding in _names(run) for name, finding in planted.items() for run in in_training[name]]
    severities = {name: cast(Symptom, FINDINGS[finding]).severity for name, finding in planted.items()}
    critical = [run for name, severity in severities.items() if severity == CRITICAL for run in in_training[name]]
    healthy = [run for name in HEALTHY for run in in_training[name]]
    counts = Counter(name for run in healthy for name in sorted(_names(run)))
    return (
        f"During training, the planted finding was reported for {sum(hits)} of {len(hits)} runs (remarks and "
        f"breakdowns are reported at the end), and some finding, which mostly went away, for "
        f"{sum(map(bool, healthy))} of {len(healthy)} healthy ones: {_counts(Counter(dict(sorted(counts.items()))))}. "
        f"`--stop-when critical` would have stopped {sum(map(_stops, critical))} of {len(critical)} runs with a "
        f"planted critical finding, and {sum(map(_stops, healthy))} healthy ones."
    )


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"`{name}` {count}" for name, count in counter.items()) or "none"


def _names(run: list[Finding]) -> set[str]:
    return {finding.name for finding in run}


def _stops(run: list[Finding]) -> bool:
    return any(finding.severity == CRITICAL for finding in run)


def write(text: str) -> None:
    """Put the table into the page, between its marks."""
    before, rest = PAGE.read_text(encoding="utf-8").split("<!-- confusion -->", 1)
    after = rest.split("<!-- end: confusion -->", 1)[1]
    PAGE.write_text(f"{before}<!-- confusion -->\n{text}\n<!-- end: confusion -->{after}", encoding="utf-8")
