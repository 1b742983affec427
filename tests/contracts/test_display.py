"""What a run shows while it goes on: its times, its speed, its judgment, and a line in time."""

import pytest

from equilibria.apps.display import Progress, RunLines
from equilibria.terms.divergences import DIVERGENCES

PACE, DIAGNOSIS, MILESTONE, EVERY, ROUNDS = 0.5, 3.0, 2.0, 10, 40


def start(shape=(1, 8, 8), rounds=ROUNDS):
    return {"kind": "start", "step": 0, "elapsed": 0.0, "rounds": rounds, "values": {"shape": list(shape)}}


def report(step, elapsed, **values):
    return (
        {"kind": "report", "step": step, "elapsed": elapsed, "images": 64 * step, "terms": {}}
        | {"estimate": None}
        | values
    )


def measure(step, elapsed, change):
    return {"kind": "measure", "step": step, "elapsed": elapsed, "metrics": {"distance": 0.5}, "change": change}


def whole(rounds=ROUNDS):
    """The events of a run: reports at every round, a diagnosis and a milestone at every tenth; the time at its end."""
    events, now = [start(rounds=rounds)], 0.0
    for step in range(1, rounds + 1):
        now += PACE
        events.append(report(step, now))
        if step % EVERY == 0:
            now += DIAGNOSIS
            events.append({"kind": "diagnosis", "step": step, "elapsed": now})
            now += MILESTONE
            events += [{"kind": "sample", "step": step, "elapsed": now, "file": ""}, measure(step, now, "better")]
            events.append({"kind": "checkpoint", "step": step, "elapsed": now})
    return events, now


def test_the_time_left_counts_the_looks_to_come_and_the_last_one():
    events, end = whole()
    progress = Progress()
    for event in events:
        progress.update(event)
        if event["step"] > EVERY:
            assert progress.elapsed + progress.remaining == pytest.approx(end, abs=DIAGNOSIS + MILESTONE)
        if event["step"] == ROUNDS and event["kind"] == "report":
            assert progress.remaining == pytest.approx(DIAGNOSIS + MILESTONE)
    progress.update({"kind": "stop", "step": ROUNDS, "elapsed": end})
    assert progress.remaining == 0


def test_the_time_left_of_a_budget_counts_the_last_look():
    progress = Progress(seconds=60.0)
    for event in whole()[0]:
        progress.update(event | ({"rounds": 1 << 62} if event["kind"] == "start" else {}))
    assert progress.remaining == pytest.approx(60.0 - progress.elapsed + DIAGNOSIS + MILESTONE)


@pytest.mark.parametrize(("shape", "noun"), [((1, 8, 8), "images"), ((2,), "points")])
def test_the_speed_is_that_of_training_in_what_the_data_are(shape, noun):
    progress = Progress()
    for event in [start(shape), *whole()[0][1:]]:
        progress.update(event)
        assert progress.speed == ([f"128 {noun}/s"] if event["step"] else [])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("better", "better than the best so far"),
        ("unchanged", "unchanged against the best so far"),
        ("worse", "worse than the best so far"),
        (None, "held-out distance 0.5\n"),  # of an earlier version
    ],
)
def test_a_line_says_how_the_last_measure_compares_with_the_best(change, words, capsys):
    lines = RunLines(None)
    for event in [start(), measure(10, 5.0, change), report(11, 5.5)]:
        lines.show(event)
    assert words in capsys.readouterr().out


def test_units_are_said_once(capsys):
    lines = RunLines(None)
    lines.show(start() | {"measures": "KL(data || model), in nats"})
    for step in (10, 20):
        lines.show(report(step, step, estimate=0.5))
    assert capsys.readouterr().out.count("nats") == 1


@pytest.mark.parametrize("name", DIVERGENCES)
def test_what_an_estimate_measures_is_short_enough_for_a_line(name):
    assert len(DIVERGENCES[name]().measures.partition(", ")[0]) <= 60


@pytest.mark.parametrize("gap", [1.0, 20.0, 700.0])  # seconds between reports
def test_in_the_first_minutes_a_log_has_a_line_at_least_every_half_minute(gap, capsys):
    now, printed = 0.0, [0.0]
    lines = RunLines(36_000.0, lambda: now)
    for now in range(1, 900):
        if now == 90:
            lines.show(start(rounds=1 << 62))
        elif now > 90 and (now - 90) % gap == 0:
            lines.show(report(now, now - 90.0))
        lines.pulse()
        printed += [now] * bool(capsys.readouterr().out)
    assert max(b - a for a, b in zip(printed, [t for t in printed[1:] if t < 600] + [600], strict=False)) <= 30
    assert len([second for second in printed if second > 600]) <= 4


def test_a_budget_of_time_ends_by_the_clock_whatever_its_rounds_were_estimated_to_be(capsys):
    events, end = whole()
    events[0] |= {"rounds": ROUNDS // 4, "until": None}
    lines = RunLines(end, lambda: 0.0)
    for event in events:
        lines.show(event)
        if event["step"]:
            assert lines.progress.remaining == pytest.approx(end - event["elapsed"], abs=DIAGNOSIS + MILESTONE)
    *_, last = capsys.readouterr().out.splitlines()
    assert int(last.split()[1].strip(",")) > ROUNDS / 2
