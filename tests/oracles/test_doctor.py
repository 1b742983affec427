"""The doctor sees what a run's records show, and only that; its advice can be followed."""

import dataclasses
import json
import re

import pytest
import torch

from equilibria.apps.verbs import VERBS
from equilibria.core.errors import Refusal
from equilibria.data import load_data
from equilibria.evaluation.doctor import FINDINGS, findings, persistent, root_cause
from equilibria.evaluation.doctor.base import CRITICAL, REMARK, WARNING
from equilibria.evaluation.doctor.report import doctor
from equilibria.recipes import RECIPES, Recipe
from equilibria.recipes.build import build, resolve
from equilibria.recipes.settings import with_changes
from equilibria.records.history import History, Series, read_history
from equilibria.terms.penalties import PENALTIES, traits
from sessions import SUMMARY
from shares import one_in

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
    "likeness": {
        "precision": 0.9,
        "recall": 0.8,
        "distance": 0.1,
        "precision_data": 0.9,
        "recall_data": 0.9,
        "distance_data": 0.1,
    },
    "posterior": {"kl": 12.0, "active_units": 14},
    "agreement": {"sample": 0.3, "code": 0.3},
    "clipped": {"bound": 0.01, "share": 0.2},
}
START = {"labels": None, "values": {"shape": [2], "least": -1.4, "most": 1.4, "mean": 0.0, "deviation": 1.0}}
FALLING = [1.0, 0.5, 0.3, 0.2, *[0.15] * 8]


def history(recipe="gan-ns", values=None, measured=FALLING, start=START, stop="done", **changes):
    """The history of a run of this recipe: healthy, but for `values(look)`, which is laid over healthy diagnostics."""
    recipe = RECIPES[recipe]() if isinstance(recipe, str) else recipe
    stored = dataclasses.asdict(with_changes(recipe, {"rounds": ROUNDS, **changes}))
    events = [{"kind": "start", "step": 0, **start}]
    for look in range(LOOKS):
        step = ROUNDS // LOOKS * (look + 1)
        over = values(look) if values else {}
        terms = {"critic": {"divergence": 1.2}, "generator": {"divergence": 0.8}}
        estimate = {} if recipe.divergence is None else {"estimate": over.get("estimate", 0.09)}
        events += [
            {"kind": "report", "step": step, "terms": terms, **estimate},
            {"kind": "diagnosis", "step": step, "seen": recorded(recipe, over)},
            {"kind": "measure", "step": step, "metrics": {"sliced_wasserstein": measured[look]}},
        ]
    return History(stored, {}, [*events, *([stop_of(stop, recipe)] if stop else [])])


def recorded(recipe, over):
    """The results of the diagnostics that apply to the networks of a recipe."""
    without = [] if "critic" in recipe.networks else ["scores", "slopes", "burst"]
    without += [] if recipe.game.get("clip") else ["clipped"]
    without += [] if "encoder" in recipe.networks else ["posterior", "agreement"]
    results = {name: {**values, **over.get(name, {})} for name, values in WELL.items() if name not in without}
    for name in ("gradients", "steps", "weights"):
        foreign = {"critic", "generator", "encoder"} - set(recipe.networks)
        results[name] = {key: value for key, value in results[name].items() if key not in foreign}
    return results


def stop_of(reason, recipe):
    role = "critic" if "critic" in recipe.networks else "generator"
    text = {"nonfinite": f"A weight of the {role} (head) is no longer finite, between rounds 1190 and 1200. Try less."}
    return {"kind": "stop", "step": ROUNDS, "reason": reason, "text": text.get(reason, "It ended.")}


def constant(**values):
    """The same at every look."""
    return lambda look: values


def starving(look):
    pull = 1e-4 if look > 4 else 1.0
    return {"scores": {"told_apart_held_out": 1.0}, "gradients": {"norm": {"generator": pull}}, "estimate": 0.69}


def running(look):
    return {"coverage": {"classes": [1.0 if place == look % 4 else 0.0 for place in range(4)]}}


WRONG = {"labels": None, "values": START["values"] | {"shape": [1, 8, 8], "least": -1.0, "most": -0.9}}
PROBLEMS = {  # by finding: a recipe, and how its run differs from a healthy one
    "nonfinite": ("gan-ns", {"stop": "nonfinite"}),
    "data_range": ("gan-ns", {"start": WRONG}),
    "coupled": ("wgan-gp", dict(**{"critic.norm": "batch"})),
    "inert_penalty": ("wgan-gp", dict(**{"penalty.weight": 0.0})),
    "instability": ("gan-ns", {"values": constant(estimate=-1e4)}),
    "imbalance": ("gan-ns", dict(**{"optimizers.critic.lr": 1e-2, "optimizers.generator.lr": 1e-5})),
    "saturated": ("gan", {"values": starving}),
    "posterior_collapse": ("vae", {"values": constant(posterior={"kl": 0.01, "active_units": 0})}),
    "collapse": ("gan-ns", {"values": constant(diversity={"ratio": 0.05})}),
    "oscillating": ("gan-ns", {"values": running}),
    "momentum": ("gan-ns", {"values": constant(steps={"critic": -0.3})}),
    "weak": ("gan-ns", {"values": lambda look: {"estimate": 0.01, "diversity": {"ratio": 3.0}}}),
    "unconverged": ("wgan-gp", {"values": constant(burst={"after": 0.3})}),
    "slope": ("wgan-gp", {"values": constant(slopes={"mean": 8.0})}),
    "pinned": ("wgan", {"values": constant(clipped={"share": 0.9})}),
    "depth": ("gan-ns", {"values": constant(gradients={"critic": {"a": 1e-9, "b": 1e-4, "c": 1.0}})}),
    "partial": ("gan-ns", {"values": constant(diversity={"ratio": 0.6})}),
    "missing": ("gan-ns", {"values": constant(coverage={"missing": 1, "classes": [0.4, 0.3, 0.3, 0.0]})}),
    "critic_memorizes": ("gan-ns", {"values": constant(scores={"memorized": 0.9})}),
    "generator_memorizes": ("gan-ns", {"values": constant(neighbours={"copied": 0.2})}),
    "disagreement": ("bigan", {"values": constant(agreement={"sample": 1.0})}),
    "unlike": ("gan-ns", {"values": constant(likeness={"recall": 0.01})}),
    "no_progress": ("gan-ns", {"measured": [1.0] * 12, "values": constant(likeness={"distance": 0.5})}),
    "past_best": ("gan-ns", {"measured": [0.5, 0.3, 0.3, 0.31, 0.5, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]}),
    "slow_average": ("gan-ns", {"values": constant(average={"output": 1.0})}),
    "short": ("gan-ns", {"measured": [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15]}),
    "labels_unused": ("gan-ns", {"start": START | {"labels": "class"}}),
}


def problem(name, recipe=None, **more):
    """The history of a run, of the usual recipe or another, that has a finding."""
    usual, differences = PROBLEMS[name]
    return history(recipe or usual, **differences | more)


FROM_THE_START = ("imbalance", "coupled", "inert_penalty", "data_range", "labels_unused")  # the recipe shows them
EVERY = pytest.mark.parametrize("name", FINDINGS)


@EVERY
def test_what_a_run_shows_is_found(name):
    finding = next((found for found in findings(problem(name)) if found.name == name), None)
    assert finding is not None
    assert (finding.severity, finding.why) == (FINDINGS[name].severity, FINDINGS[name].why)
    assert finding.confidence in ("certain", "likely", "possible")
    assert 0 <= finding.step <= ROUNDS
    json.dumps(dataclasses.asdict(finding), allow_nan=False)


@pytest.mark.parametrize("recipe", ["gan-ns", "wgan-gp", "wgan", "vae", "bigan", "r3gan", "hinge"])
def test_nothing_is_found_of_a_healthy_run(recipe):
    assert findings(history(recipe)) == ()


@EVERY
def test_what_is_found_is_new_to_a_run_that_was_well_before(name):
    """The records of a sick run, cut before its sickness shows, are those of a healthy one."""
    whole = problem(name)
    young = History(whole.recipe, whole.summary, [event for event in whole.events if event["step"] <= ROUNDS // 10])
    assert name in (*FROM_THE_START, "instability") or FINDINGS[name](young) is None


@EVERY
def test_a_recovery_is_no_finding(name):
    sick, well = problem(name), history(PROBLEMS[name][0])
    healed = [e for e in sick.events if e["step"] <= ROUNDS // 2] + [e for e in well.events if e["step"] > ROUNDS // 2]
    if name not in FROM_THE_START:
        assert FINDINGS[name](History(sick.recipe, sick.summary, healed)) is None


@EVERY
def test_evidence_has_numbers_and_rounds(name):
    finding = FINDINGS[name](problem(name))
    assert finding.evidence
    assert all(re.search(r"\d", piece) for piece in finding.evidence)
    assert re.search(r"round [\d,]+", " ".join(finding.evidence))
    assert "nan" not in " ".join(finding.evidence)
    assert finding.what.endswith(".")


@EVERY
def test_a_reason_is_two_sentences_with_a_source(name):
    why = FINDINGS[name].why.replace("et al.", "et al")
    assert len([sentence for sentence in re.split(r"\.(?:\s|$)", why) if sentence]) == 2
    assert re.search(r"\([^()]*\b(19|20)\d\d\b[^()]*\)", why)
    assert FINDINGS[name].severity in (CRITICAL, WARNING, REMARK)


def options_in(text):
    """The options that a text names, with their values."""
    return {name.replace("-", "_"): value for name, value in re.findall(r"--([\w.+-]+) ([^\s`]+)", text)}


def refusals(recipe, options, data=None):
    """Why this recipe refuses some of the options; with data, also why it cannot be built with one of them."""
    of_verbs, wrong = {name for verb in ("train", "sample") for name in VERBS[verb].flags()}, []
    for name, value in options.items():
        try:
            if name not in of_verbs:
                changed = with_changes(recipe, {name: value})
                build(changed, data) if data is not None else None
        except Refusal as refusal:
            wrong.append(str(refusal))
    return wrong


@EVERY
def test_advice_names_options_that_there_are(name):
    run = problem(name)
    options = options_in(FINDINGS[name](run).change)
    assert options
    assert refusals(Recipe(**run.recipe), options) == []
    assert unchanged(Recipe(**run.recipe), options) == []


def unchanged(recipe, options):
    """The advised options that the recipe has already."""
    of_verbs = {name for verb in ("train", "sample") for name in VERBS[verb].flags() if name != "rounds"}
    return [n for n, value in options.items() if n not in of_verbs and with_changes(recipe, {n: value}) == recipe]


SURE = {"told_apart_held_out": 0.5}
COLLAPSED = {"values": constant(posterior={"kl": 0.01, "active_units": 0})}
OTHERWISE = [  # the same findings on other grounds
    ("slope", {"values": constant(slopes={"mean": 0.1})}),
    ("depth", {"values": constant(gradients={"generator": {"a": 1e-9, "b": 1e-4, "c": 1.0}})}),
    ("depth", {"values": constant(gradients={"encoder": {"a": 1e9, "b": 1e-4, "c": 1.0}})}),
    ("coupled", {"critic.minibatch_std": 4}),
    ("momentum", {"values": constant(steps={"generator": -0.3})}),
    ("imbalance", {"optimizers.critic.lr": 1e-6}),
    ("weak", {"values": lambda look: {"estimate": 0.01, "diversity": {"ratio": 3.0}, "scores": SURE}, "n_critic": 5}),
    ("posterior_collapse", {"values": constant(posterior={"kl": None, "active_units": 0})}),
    ("posterior_collapse", COLLAPSED | {"beta": 0.5}),
    ("posterior_collapse", COLLAPSED | {"warmup": 240}),
    ("posterior_collapse", COLLAPSED | {"likelihood.learned": False, "likelihood.noise": 5.0}),
    ("slope", {"values": constant(slopes={"mean": 8.0}), "penalty.weight": 0.0}),
    ("slope", {"values": constant(slopes={"mean": 8.0}), "penalty.weight": 1e-4}),
    ("collapse", {"values": constant(diversity={"ratio": 0.05}), "penalty.weight": 0.0}),
    ("oscillating", {"values": running, "penalty.weight": 0.0}),
    ("critic_memorizes", {"values": constant(scores={"memorized": 0.9}), "augmentation": "diffaugment"}),
    ("depth", {"values": constant(gradients={"critic": {"a": 1e-9, "b": 1e-4, "c": 1.0}}), "critic.norm": "layer"}),
    ("depth", {"values": constant(gradients={"critic": {"a": 1e-9, "b": 1e-4, "c": 1.0}}), "critic.depth": 3}),
    ("nonfinite", {"stop": "nonfinite", "lr": 1e15}),
    ("instability", {"values": constant(estimate=-1e4), "lr": 10.0}),
]
EVERYWHERE = [(name, data) for name in RECIPES for data in ("ring", "digits") if (name, data) != ("dcgan", "ring")]


@pytest.mark.parametrize(("name", "data"), one_in(14, EVERYWHERE))
def test_recipes_have_the_options_that_their_advice_names(name, data):
    """Whatever is wrong with a run of the recipe; on points the changed recipe is built, too."""
    samples = load_data(data)
    recipe, checked = resolve(RECIPES[name](), samples), set()
    start = {"labels": "class", "values": START["values"] | {"shape": list(samples.space.shape)}}
    for finding, differences in [*((each, whole[1]) for each, whole in PROBLEMS.items()), *OTHERWISE]:
        try:
            run = history(recipe, **{"start": start} | differences)
        except Refusal:
            continue  # the recipe has no such option, and so not this problem
        if (result := FINDINGS[finding](run)) is None:
            continue
        options = {key: value for key, value in options_in(result.change).items() if (key, value) not in checked}
        assert options_in(result.change), finding
        assert refusals(Recipe(**run.recipe), options, samples if data == "ring" else None) == [], finding
        checked |= set(options.items())
        assert unchanged(Recipe(**run.recipe), options) == [], finding
    assert len(checked) >= 5


@pytest.mark.long
@pytest.mark.parametrize(("name", "data"), EVERYWHERE)
def test_every_recipe_has_the_options_that_its_advice_names(name, data):
    test_recipes_have_the_options_that_their_advice_names(name, data)


@EVERY
def test_advice_names_no_option_that_a_game_or_a_network_of_ones_own_may_lack(name):
    run = problem(name)
    networks = {role: {"name": "my:network"} for role in run.recipe["networks"]}
    own = run.recipe | {"networks": networks, "game": {"name": "my:game"}}
    result = FINDINGS[name](History(own, {}, run.events))
    names = options_in("" if result is None else result.change)
    assert not [each for each in names if each.partition(".")[0] in ("n_critic", "pack", "beta", "clip", *networks)]


@EVERY
def test_every_finding_says_in_a_line_what_it_is(name):
    summary = next(entry.summary for entry in FINDINGS.describe() if entry.name == name)
    assert summary.endswith(".")
    assert len(summary) <= 120


def test_findings_have_their_names_in_the_table():
    assert [symptom.name for symptom in FINDINGS.values()] == list(FINDINGS) == list(PROBLEMS)


def test_the_gravest_comes_first():
    both = history(
        values=constant(diversity={"ratio": 0.05}, average={"output": 1.0}), start=START | {"labels": "class"}
    )
    assert [finding.severity for finding in findings(both)] == sorted(
        (finding.severity for finding in findings(both)), key=[CRITICAL, WARNING, REMARK].index
    )


def test_a_cause_is_mended_before_its_consequence():
    whole = history(
        values=constant(diversity={"ratio": 0.05}), **{"optimizers.critic.lr": 1e-2, "optimizers.generator.lr": 1e-5}
    )
    assert root_cause(findings(whole)).name == "imbalance"
    assert root_cause(findings(history(start=START | {"labels": "class"}))) is None


def test_old_runs_have_no_diagnoses_and_are_read_all_the_same():
    whole = history(stop="nonfinite")
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
    (tmp_path / "recipe.json").write_text(json.dumps(history().recipe))
    (tmp_path / "summary.json").write_text(json.dumps(SUMMARY))
    events = [{"kind": "sample", "step": step, "elapsed": 1.5, "file": "samples/1.png"} for step in (1, 2)]
    lines = [json.dumps(event) + "\n" for event in events]
    (tmp_path / "events.jsonl").write_text("".join(lines) + lines[0][:20])
    assert read_history(tmp_path).events == events
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
    assert ("momentum" in names(findings(history(recipe, values=constant(steps={"critic": -0.3}), **changes)))) == heavy


def until(whole, step):
    """The history as it was at a round, while it played."""
    return History(whole.recipe, {}, [e for e in whole.events if e["step"] <= step and e["kind"] != "stop"])


def names(results):
    return {finding.name for finding in results}


def test_what_is_said_of_a_playing_run_has_lasted_a_quarter_of_it():
    whole = history(values=lambda look: {"diversity": {"ratio": 0.05 if look >= 8 else 0.98}})  # from round 900 on
    assert ["collapse" in names(findings(until(whole, step))) for step in (1000, 1100, 1200)] == [False, True, True]
    assert ["collapse" in names(persistent(until(whole, step))) for step in (1000, 1100, 1200)] == [False, False, True]


def test_what_is_said_of_a_playing_run_has_lasted_a_tenth_of_all_rounds():
    whole = problem("imbalance")  # from round 0 on
    assert ["imbalance" in names(persistent(until(whole, step))) for step in (100, 200)] == [False, True]


@pytest.mark.parametrize("name", ["labels_unused", "short"])
def test_remarks_wait_for_the_end(name):
    assert name in names(findings(problem(name)))
    assert name not in names(persistent(problem(name)))


@pytest.mark.parametrize(("kept", "said"), [(200, True), (1200, False)])
def test_a_run_whose_kept_round_is_late_is_not_past_its_best(kept, said):
    """Where chance is wide, a late round may be as good as the lowest one."""
    whole = problem("past_best")
    kept_at = {"kind": "checkpoint", "step": kept, "best": True}
    found = findings(History(whole.recipe, {}, [*whole.events, kept_at]))
    assert ("past_best" in names(found)) == said


def looks(count, recipe="gan-ns", over=None, last=ROUNDS):
    """A finished run that was measured so often, up to round `last`."""
    whole = history(recipe, constant(**(over or {})), measured=[0.15] * LOOKS)
    spread = [last * (place + 1) // count for place in range(count)]
    kept = iter([event for event in whole.events if event["kind"] == "diagnosis"])
    rest = [event for event in whole.events if event["kind"] not in ("diagnosis", "stop")]
    diagnoses = [next(kept) | {"step": step} for step in spread]
    return History(whole.recipe, whole.summary, [*rest, *diagnoses, stop_of("done", RECIPES["gan-ns"]())])


def written(whole, folder):
    """The records of a run in a folder."""
    (folder / "recipe.json").write_text(json.dumps(whole.recipe))
    (folder / "summary.json").write_text(json.dumps(SUMMARY | {"cadence": {"report": 10, "save": 10, "watch": 300}}))
    lines = [
        {"elapsed": 1.0, "since": 0, "images": 1, "estimate": None, "unseen": {}} | event for event in whole.events
    ]
    starts = {"format": 1, "recipe": "x", "data": "x", "rounds": ROUNDS}
    lines = [(starts if event["kind"] == "start" else {}) | event for event in lines]
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in lines))
    return folder


@pytest.mark.parametrize(("count", "verdict"), [(1, "unknown"), (3, "unknown"), (4, "healthy"), (12, "healthy")])
def test_a_run_is_healthy_only_after_the_measurements_that_most_findings_need(tmp_path, count, verdict):
    checkup = doctor(written(looks(count), tmp_path))
    assert (checkup.verdict, checkup.findings) == (verdict, ())
    assert ("Too early to say" in checkup.summary) == (verdict == "unknown")
    assert (f"equilibria resume {tmp_path}" in checkup.summary) == (verdict == "unknown")
    assert "resume RUN" not in checkup.summary + "".join(finding.change for finding in checkup.findings)
    assert (f"{count} of the 4 measurements" in checkup.summary) == (verdict == "unknown")


@pytest.mark.parametrize(
    ("finding", "recipe", "over"),
    [
        ("collapse", "gan-ns", {"diversity": {"ratio": 0.0}}),
        ("posterior_collapse", "vae", {"posterior": {"kl": 0.0007, "active_units": 0}}),
        ("missing", "gan-ns", {"coverage": {"missing": 3, "classes": [1.0, 0.0, 0.0, 0.0]}}),
        ("unlike", "gan-ns", {"likeness": {"recall": 0.0}}),
        ("unlike", "gan-ns", {"likeness": {"precision": 0.0, "distance": 0.9}}),
        ("no_progress", "gan-ns", {"likeness": {"distance": 0.9}}),
    ],
)
def test_one_measurement_at_the_end_is_enough_for_what_it_shows_alone(tmp_path, finding, recipe, over):
    whole = looks(1, recipe, over)
    assert FINDINGS[finding](whole) is not None
    assert doctor(written(whole, tmp_path)).verdict in ("warning", "critical")
    assert FINDINGS[finding](looks(1, recipe)) is None or finding == "no_progress"


def test_before_its_last_quarter_a_run_may_look_like_noise():
    whole = problem("unlike")
    assert ["unlike" in names(findings(until(whole, step))) for step in (600, 800, 900)] == [False, False, True]


@pytest.mark.parametrize(("usual", "said"), [(0.9, True), (0.2, False)])
def test_recall_is_judged_where_training_samples_have_some(usual, said):
    whole = history(values=constant(likeness={"recall": 0.0, "recall_data": usual}))
    assert ("unlike" in names(findings(whole))) == said


@pytest.mark.parametrize(("distance", "late", "said"), [(0.5, 0.95, True), (0.5, 0.5, False), (0.11, 0.95, False)])
def test_a_distance_that_is_level_is_no_progress_unless_it_is_as_small_as_that_of_data(distance, late, said):
    whole = history(measured=[1.0, *[late] * 11], values=constant(likeness={"distance": distance}))
    assert ("no_progress" in names(findings(whole))) == said


def test_an_estimate_beyond_its_bounds_and_a_huge_loss_are_found_without_any_diagnostics():
    for differences in ({"values": constant(estimate=-1e4)}, {"values": constant(estimate=2e5), "recipe": "wgan-gp"}):
        whole = history(**differences)
        reports = [event for event in whole.events if event["kind"] in ("start", "report")][:2]
        terms = {"critic": {"divergence": -2e5}, "generator": {"divergence": 1.0}}
        short = History(whole.recipe, {}, [reports[0], reports[1] | {"terms": terms}])
        assert "instability" in names(findings(short))
    assert "instability" not in names(findings(history(values=constant(estimate=-2.0))))


def test_a_rate_far_above_all_usual_ones_is_replaced_by_a_usual_one():
    for lr in (10.0, 1e15):
        for finding in ("nonfinite", "instability"):
            change = FINDINGS[finding](problem(finding, lr=lr)).change
            assert options_in(change)["lr"] == "0.0001"
    change = FINDINGS["nonfinite"](problem("nonfinite", **{"optimizers.critic.lr": 1e15})).change
    assert options_in(change)["optimizers.critic.lr"] == "0.0001"


def test_a_weight_of_zero_becomes_the_usual_one():
    run = problem("slope", **{"penalty.weight": 0.0})
    assert options_in(FINDINGS["inert_penalty"](run).change) == {"penalty.weight": "10"}
    assert root_cause(findings(run)).name == "inert_penalty"


def constant_to_autograd():
    """A penalty whose gradient does not reach the critic."""

    def cost(duel):
        x = duel.real[0].detach().requires_grad_()
        (gradient,) = torch.autograd.grad(duel.critic(x).sum(), x)
        return (gradient.flatten(1).norm(dim=1) - 1) ** 2

    return cost


def test_a_penalty_without_graph_is_named_from_the_start():
    whole = history("wgan-gp", penalty=f"{__name__}:constant_to_autograd")
    (key,) = whole.recipe["penalties"]
    assert FINDINGS["inert_penalty"](whole) is None  # of a part of one's own, without what the run records
    for penalty, said in ((constant_to_autograd(), True), (PENALTIES["r1"](), False), (PENALTIES["lecam"](), False)):
        start = whole.events[0] | {"parts": {f"penalties.{key}": traits(penalty)}}
        finding = FINDINGS["inert_penalty"](History(whole.recipe, {}, [start, *whole.events[1:]]))
        assert (finding is not None) == said
        assert finding is None or options_in(finding.change) == {"penalty": "gradient_penalty"}


def test_a_decoders_noise_is_named_where_it_is_too_large():
    for beta in (1.0, 0.5):
        change = {"likelihood.learned": False, "likelihood.noise": 5.0, "beta": beta}
        options = options_in(FINDINGS["posterior_collapse"](problem("posterior_collapse", **change)).change)
        assert options == {"likelihood.noise": "0.5", "likelihood.learned": "true"}


def test_a_run_that_goes_on_after_a_stop_has_no_reason_to_have_ended():
    stop, report = ({"kind": kind, "step": step, "reason": "done"} for kind, step in (("stop", 4), ("report", 5)))
    assert [History({}, {}, events).stop_reason for events in ([], [stop], [stop, report])] == [None, "done", None]
