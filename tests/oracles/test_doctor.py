"""The doctor sees what a run's records show, and only that; what he says can be followed."""

import dataclasses
import json
import re

import pytest

from equilibria.apps.verbs import VERBS
from equilibria.core.errors import Refusal
from equilibria.evaluation.doctor import FINDINGS, advice, findings, persistent, root_cause
from equilibria.evaluation.doctor.base import CRITICAL, REASONS, REMARK, WARNING
from equilibria.recipes import RECIPES, Recipe
from equilibria.recipes.options import Options
from equilibria.recipes.settings import with_changes
from equilibria.records.history import History, Series, read_history

ROUNDS, LOOKS = 1200, 12
WELL = {
    "scores": {"train": 0.2, "held_out": 0.2, "generated": -0.1, "told_apart_held_out": 0.65, "memorized": 0.51},
    "gradients": {"critic": {"a": 0.3, "b": 0.4, "c": 0.5}, "norm": {"generator": 0.4, "critic": 0.5}},
    "slopes": {"mean": 0.95},
    "burst": {"before": 0.1, "after": 0.105, "moves": 10, "growth": 0.05},
    "diversity": {"ratio": 0.98, "nearest_ratio": 1.1},
    "coverage": {"classes": [0.25] * 4, "missing": 0, "of": 4, "high_quality": 0.95},
    "steps": {"critic": 0.5, "generator": 0.5},
    "weights": {"critic": 10.0, "generator": 10.0},
    "average": {"gap": 0.02, "output": 0.1},
    "neighbours": {"train": 0.1, "held_out": 0.1, "ratio": 1.0, "copied": 1.0},
    "posterior": {"kl": 12.0, "active_units": 14},
    "agreement": {"sample": 0.3, "code": 0.3},
    "clipped": {"bound": 0.01, "share": 0.2},
}
START = {"labels": None, "values": {"shape": [2], "least": -1.4, "most": 1.4, "mean": 0.0, "deviation": 1.0}}
FALLING = [1.0, 0.5, 0.3, 0.2, *[0.15] * 8]


def told(recipe="gan-ns", seen=None, measured=FALLING, start=START, stop="done", **changes):
    """The history of a run of this recipe: healthy, but for what is said; `seen(look)` is laid over what is seen."""
    stored = dataclasses.asdict(with_changes(RECIPES[recipe](), {"rounds": ROUNDS, **changes}))
    events = [{"kind": "start", "step": 0, **start}]
    for look in range(LOOKS):
        step = ROUNDS // LOOKS * (look + 1)
        over = (seen or (lambda look: {}))(look)
        whole = {name: {**values, **over.get(name, {})} for name, values in WELL.items()}
        terms = {"critic": {"divergence": 1.2}, "generator": {"divergence": 0.8}}
        estimate = over.get("estimate", 0.09)
        events += [
            {"kind": "report", "step": step, "terms": terms, "estimate": estimate},
            {"kind": "diagnosis", "step": step, "seen": whole},
            {"kind": "measure", "step": step, "metrics": {"sliced_wasserstein": measured[look]}},
        ]
    return History(stored, {}, [*events, *([stop_of(stop)] if stop else [])])


def stop_of(reason):
    text = {"nonfinite": "A weight of the critic (head) is no longer finite, between rounds 1190 and 1200. Try less."}
    return {"kind": "stop", "step": ROUNDS, "reason": reason, "text": text.get(reason, "It ended.")}


def constant(**seen):
    """The same at every look."""
    return lambda look: seen


def starving(look):
    pull = 1e-4 if look > 4 else 1.0
    return {"scores": {"told_apart_held_out": 1.0}, "gradients": {"norm": {"generator": pull}}, "estimate": 0.69}


def running(look):
    return {"coverage": {"classes": [1.0 if place == look % 4 else 0.0 for place in range(4)]}}


WRONG = {"labels": None, "values": START["values"] | {"shape": [1, 8, 8], "least": -1.0, "most": -0.9}}
SICK_RUNS = {
    "nonfinite": lambda: told(stop="nonfinite"),
    "data_range": lambda: told(start=WRONG),
    "coupled": lambda: told("wgan-gp", **{"critic.norm": "batch"}),
    "imbalance": lambda: told(**{"optimizers.critic.lr": 1e-2, "optimizers.generator.lr": 1e-5}),
    "saturated": lambda: told("gan", seen=starving),
    "posterior_collapse": lambda: told("vae", seen=constant(posterior={"kl": 0.01, "active_units": 0})),
    "collapse": lambda: told(seen=constant(diversity={"ratio": 0.05})),
    "oscillating": lambda: told(seen=running),
    "momentum": lambda: told(seen=constant(steps={"critic": -0.3})),
    "weak": lambda: told(seen=lambda look: {"estimate": 0.01, "diversity": {"ratio": 3.0}}),
    "unconverged": lambda: told("wgan-gp", seen=constant(burst={"after": 0.3})),
    "slope": lambda: told("wgan-gp", seen=constant(slopes={"mean": 8.0})),
    "pinned": lambda: told("wgan", seen=constant(clipped={"share": 0.9})),
    "depth": lambda: told(seen=constant(gradients={"critic": {"a": 1e-9, "b": 1e-4, "c": 1.0}})),
    "partial": lambda: told(seen=constant(diversity={"ratio": 0.6})),
    "missing": lambda: told(seen=constant(coverage={"missing": 1, "classes": [0.4, 0.3, 0.3, 0.0]})),
    "critic_memorizes": lambda: told(seen=constant(scores={"memorized": 0.9})),
    "generator_memorizes": lambda: told(seen=constant(neighbours={"copied": 0.2})),
    "disagreement": lambda: told("bigan", seen=constant(agreement={"sample": 1.0})),
    "past_best": lambda: told(measured=[0.5, 0.3, 0.3, 0.31, 0.5, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]),
    "slow_average": lambda: told(seen=constant(average={"output": 1.0})),
    "short": lambda: told(measured=[1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15]),
    "labels_unused": lambda: told(start=START | {"labels": "class"}),
}
EVERY = pytest.mark.parametrize("name", FINDINGS)


@EVERY
def test_what_a_run_shows_is_found(name):
    finding = next((found for found in findings(SICK_RUNS[name]()) if found.name == name), None)
    assert finding is not None
    assert (finding.severity, finding.why) == REASONS[name]
    assert finding.sure in ("certain", "likely", "possible")
    assert 0 <= finding.step <= ROUNDS
    json.dumps(finding.to_dict(), allow_nan=False)


@pytest.mark.parametrize("recipe", ["gan-ns", "wgan-gp", "wgan", "vae", "bigan", "r3gan", "hinge"])
def test_nothing_is_found_of_a_healthy_run(recipe):
    assert findings(told(recipe)) == ()


@EVERY
def test_what_is_found_is_new_to_a_run_that_was_well_before(name):
    """The records of a sick run, cut before its sickness shows, are those of a healthy one."""
    whole = SICK_RUNS[name]()
    young = History(whole.recipe, whole.summary, [event for event in whole.events if event["step"] <= ROUNDS // 10])
    assert name in ("imbalance", "coupled", "data_range", "labels_unused") or FINDINGS[name](young) is None


@EVERY
def test_a_recovery_is_no_finding(name):
    sick, well = SICK_RUNS[name](), told()
    healed = [e for e in sick.events if e["step"] <= ROUNDS // 2] + [e for e in well.events if e["step"] > ROUNDS // 2]
    if name not in ("imbalance", "coupled", "data_range", "labels_unused"):
        assert FINDINGS[name](History(sick.recipe, sick.summary, healed)) is None


@EVERY
def test_evidence_has_numbers_and_rounds(name):
    finding = FINDINGS[name](SICK_RUNS[name]())
    assert finding.evidence
    assert all(re.search(r"\d", piece) for piece in finding.evidence)
    assert re.search(r"round [\d,]+", " ".join(finding.evidence))
    assert "nan" not in " ".join(finding.evidence)
    assert finding.what.endswith(".")


@EVERY
def test_a_reason_is_two_sentences_with_a_source(name):
    why = REASONS[name].why.replace("et al.", "et al")
    assert len([sentence for sentence in re.split(r"\.(?:\s|$)", why) if sentence]) == 2
    assert re.search(r"\([^()]*\b(19|20)\d\d\b[^()]*\)", why)
    assert REASONS[name].severity in (CRITICAL, WARNING, REMARK)


def said_flags(text):
    """The flags that a text names, with their values."""
    return {flag.replace("-", "_"): value for flag, value in re.findall(r"--([\w.+-]+) ([^\s`]+)", text)}


def refused(recipe, said):
    """The flags among these that this recipe does not have."""
    options = {name for verb in ("train", "sample") for name in VERBS[verb].flags()}
    wrong = []
    for flag, value in said.items():
        try:
            if flag in options:
                Options(**{flag: value}) if flag == "stop_when" else None
            else:
                with_changes(recipe, {flag: value})
        except Refusal as refusal:
            wrong.append(str(refusal))
    return wrong


@EVERY
def test_a_change_names_a_flag_that_there_is(name):
    run = SICK_RUNS[name]()
    said = said_flags(FINDINGS[name](run).change)
    assert said
    assert refused(Recipe(**run.recipe), said) == []


@pytest.mark.parametrize("recipe", [name for name in RECIPES if RECIPES[name]().divergence is not None])
def test_every_recipe_has_the_flags_that_are_named(recipe):
    run = History(dataclasses.asdict(RECIPES[recipe]()), {}, [])
    named = [advice.flatten(run), advice.say(advice.rate(run, "critic")[0], 1e-4)]
    named += [advice.say(advice.rate(run, "generator")[0], 1e-4)]
    assert refused(RECIPES[recipe](), said_flags(" ".join(named))) == []


@EVERY
def test_every_finding_says_in_a_line_what_it_is(name):
    summary = next(entry.summary for entry in FINDINGS.describe() if entry.name == name)
    assert summary.endswith(".")
    assert len(summary) <= 120


def test_reasons_and_findings_are_the_same():
    assert list(REASONS) == list(FINDINGS) == list(SICK_RUNS)


def test_the_gravest_comes_first():
    both = told(seen=constant(diversity={"ratio": 0.05}, average={"output": 1.0}), start=START | {"labels": "class"})
    assert [finding.severity for finding in findings(both)] == sorted(
        (finding.severity for finding in findings(both)), key=[CRITICAL, WARNING, REMARK].index
    )


def test_a_cause_is_mended_before_its_consequence():
    whole = told(
        seen=constant(diversity={"ratio": 0.05}), **{"optimizers.critic.lr": 1e-2, "optimizers.generator.lr": 1e-5}
    )
    assert root_cause(findings(whole)).name == "imbalance"
    assert root_cause(findings(told(start=START | {"labels": "class"}))) is None


def test_old_runs_have_no_diagnoses_and_are_read_all_the_same():
    whole = told(stop="nonfinite")
    old = History(whole.recipe, {}, [event for event in whole.events if event["kind"] not in ("diagnosis", "start")])
    assert [finding.name for finding in findings(old)] == ["nonfinite"]


def test_a_finding_begins_where_it_began_to_hold():
    falling = Series(tuple(range(1, 13)), (1.0,) * 5 + (0.1,) * 7)
    assert falling.since(lambda value: value < 0.5) == 6
    assert falling.since(lambda value: value > 0.5) is None
    assert Series((1, 2, 3), (0.1,) * 3).since(lambda value: value < 0.5) is None  # too early to say


def test_what_is_no_number_is_left_out():
    series = Series.of([(1, None), (2, float("nan")), (3, 1), (4, True), (5, 2.5)])
    assert series == Series((3, 5), (1.0, 2.5))


def test_a_line_that_is_still_being_written_is_left_for_later(tmp_path):
    whole = told()
    (tmp_path / "recipe.json").write_text(json.dumps(whole.recipe))
    (tmp_path / "summary.json").write_text("{}")
    lines = [json.dumps(event) + "\n" for event in whole.events]
    (tmp_path / "events.jsonl").write_text("".join(lines) + lines[0][:20])
    assert read_history(tmp_path).events == whole.events
    with pytest.raises(Refusal, match="There is no run"):
        read_history(tmp_path / "nowhere")
    (tmp_path / "summary.json").write_text("{")
    with pytest.raises(Refusal, match=r"summary.json cannot be read"):
        read_history(tmp_path)


@pytest.mark.parametrize(
    ("recipe", "changes", "heavy"),
    [
        ("gan-ns", {}, True),
        ("gan-ns", {"optimizer.beta1": 0.0}, False),
        ("gan-ns", {"optimizer": "sgd", "optimizer.momentum": 0.9}, True),
        ("gan-ns", {"optimizer": "sgd"}, False),
        ("wgan", {}, False),
    ],
)
def test_without_momentum_nothing_is_said_of_it(recipe, changes, heavy):
    assert ("momentum" in names(findings(told(recipe, seen=constant(steps={"critic": -0.3}), **changes)))) == heavy


def until(whole, step):
    """The history as it was at a round, while it played."""
    return History(whole.recipe, {}, [e for e in whole.events if e["step"] <= step and e["kind"] != "stop"])


def names(found):
    return {finding.name for finding in found}


def test_what_is_said_of_a_playing_run_has_lasted_a_quarter_of_it():
    whole = told(seen=lambda look: {"diversity": {"ratio": 0.05 if look >= 8 else 0.98}})  # from round 900 on
    assert ["collapse" in names(findings(until(whole, step))) for step in (1000, 1100, 1200)] == [False, True, True]
    assert ["collapse" in names(persistent(until(whole, step))) for step in (1000, 1100, 1200)] == [False, False, True]


def test_what_is_said_of_a_playing_run_has_lasted_a_tenth_of_all_rounds():
    whole = SICK_RUNS["imbalance"]()  # from round 0 on
    assert ["imbalance" in names(persistent(until(whole, step))) for step in (100, 200)] == [False, True]


@pytest.mark.parametrize("name", ["labels_unused", "short"])
def test_remarks_wait_for_the_end(name):
    assert name in names(findings(SICK_RUNS[name]()))
    assert name not in names(persistent(SICK_RUNS[name]()))


@pytest.mark.parametrize(("kept", "said"), [(200, True), (1200, False)])
def test_a_run_whose_kept_round_is_late_is_not_past_its_best(kept, said):
    """Where chance is wide, a late round may be as good as the lowest one."""
    whole = SICK_RUNS["past_best"]()
    kept_at = {"kind": "checkpoint", "step": kept, "best": True}
    found = findings(History(whole.recipe, {}, [*whole.events, kept_at]))
    assert ("past_best" in names(found)) == said
