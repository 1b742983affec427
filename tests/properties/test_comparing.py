"""What a comparison promises: work that is done is not done again, and what is half done is taken up."""

import dataclasses
import json
import os
import re
import signal

import pytest

from equilibria.core.errors import Refusal
from equilibria.records.events import Tail
from equilibria.runs.session import recipe_by_name
from equilibria.studies.compare import worker
from equilibria.studies.compare.compare import _plan_of, _plan_record, compare
from equilibria.studies.compare.grid import ComparisonOptions, plan_trials, split_changes
from equilibria.studies.compare.pool import Executor, Job, environment, run_trials
from equilibria.studies.compare.statistics import metric_rows
from equilibria.studies.compare.trial import EvaluationOptions, Trial, digest, outcome, trial_results
from sessions import Silent, assert_same_run, start, wait_for_round

SMALL = {
    "rounds": "4",
    "batch": "8",
    "generator": "dense",
    "critic": "dense",
    "generator.width": "8",
    "critic.width": "8",
    "watch": "0",
    "matmul": "default",
}
WISH = {"data": ("ring",), "seeds": 2, "metrics": "sliced_wasserstein", "count": 64}


class Watch(Silent):
    """Remembers what it was told of trials."""

    def plan(self, trials):
        self.begun, self.ended = [], []

    def begin(self, trial):
        self.begun.append(str(trial))

    def show(self, trial, event):
        self.shown.append(event)

    def end(self, trial, found):
        self.ended.append((str(trial), found.state))


def here(display=None):
    """An executor in this very process."""

    def start(trial):
        worker.run_trial(trial, display or Silent())
        return Job(lambda: True, lambda: None, lambda: None)

    return Executor(start, slots=1)


def plan(folder, recipes=("gan-ns", "wgan:clip=0.1"), said=SMALL, **wish):
    return plan_trials(recipes, ComparisonOptions(**WISH | {"out": str(folder)} | wish), said, {})


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A comparison that was carried out."""
    found = plan(tmp_path_factory.mktemp("comparing") / "c")
    assert run_trials(found.trials, here(), watching())
    return found


def watching():
    """A watch that knows its plan."""
    watch = Watch()
    watch.plan([])
    return watch


def test_the_report_is_of_all_trials_and_needs_nothing_else(played):
    found = compare(played.recipes, watching(), **WISH | {"out": played.folder} | SMALL)
    text = (played.folder / "report.html").read_text()
    assert "://" not in text
    assert "<script" not in text
    assert all(place.startswith("data:") for place in re.findall(r'src="([^"]*)', text))
    assert all(
        place.startswith("#") for place in re.findall(r'href="([^"]*)', text) + re.findall(r"url\(([^)]*)", text)
    )
    assert text.count("data:image/png") == 4
    assert played.command in text
    assert "No ranking is claimed" in text
    places = [text.index(title) for title in ("<h2>Samples", "<h2>Conclusion", "<h3>Metrics", "<h3>Training curves")]
    assert places == sorted(places)
    assert len((played.folder / "report.csv").read_text().splitlines()) == 1 + 2 * 2  # checkpoints, recipes
    assert found.study.sets == ["ring"]


def test_another_comparison_does_not_replace_the_report(played):
    compare(played.recipes, watching(), **WISH | {"out": played.folder} | SMALL)
    with pytest.raises(Refusal, match="another comparison"):
        compare(["gan-ns"], watching(), **WISH | {"out": played.folder} | SMALL)


def test_without_a_name_comparisons_do_not_collide_and_go_on_where_they_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "comparison").mkdir()
    (tmp_path / "comparison" / "mine.txt").write_text("mine")
    for _ in range(2):
        plan = _plan_of(["gan-ns"], ComparisonOptions(data=("ring",)), {"rounds": "1"})
        assert "; 1 round and" in plan.about
        assert plan.folder.name == "comparison-2"
        assert "--out comparison-2" in plan.command
        (tmp_path / "comparison-2").mkdir(exist_ok=True)
        (tmp_path / "comparison-2" / "comparison.json").write_text(json.dumps(_plan_record(plan)))
        (tmp_path / "comparison-2" / "report.html").touch()
    assert _plan_of(["wgan"], ComparisonOptions(data=("ring",)), {"rounds": 2}).folder.name == "comparison-3"


def test_runs_are_compared_as_they_were_measured(played, capsys):
    folders = [str(trial.folder) for trial in played.trials]
    study = compare(folders, watching()).study
    assert {result.label for result in study.results} == {"gan-ns", "wgan"}
    assert [sorted(column.values) for column in study.metrics] == [["gan-ns", "wgan"]] * 2


def test_runs_that_were_measured_differently_are_not_compared(played):
    one, other = played.trials[:2]
    measured = dataclasses.replace(other, evaluation=EvaluationOptions(("sliced_wasserstein",), count=32))
    worker.run_trial(measured, Silent())
    with pytest.raises(Refusal, match=r"generated is 64 for .* and 32 for"):
        compare([str(one.folder), str(other.folder)], watching())
    apart = metric_rows(trial_results([one, measured]))
    assert [sorted(column.values) for column in apart] == [["gan-ns"], ["wgan:clip=0.1"]] * 2
    assert all("generated" in column.note for column in apart)
    worker.run_trial(other, Silent())  # as it was


def test_a_trial_is_identified_by_its_recipe_data_budget_and_options():
    recipe = recipe_by_name("wgan")
    base = digest(recipe, {"fingerprint": "a"}, {"budget": "5s"})
    assert digest(recipe, {"fingerprint": "a"}, {"budget": "5s", "data_root": "elsewhere"}) == base
    assert digest(dataclasses.replace(recipe, about="said otherwise"), {"fingerprint": "a"}, {"budget": "5s"}) == base
    others = [
        digest(dataclasses.replace(recipe, seed=1), {"fingerprint": "a"}, {"budget": "5s"}),
        digest(dataclasses.replace(recipe, batch=65), {"fingerprint": "a"}, {"budget": "5s"}),
        digest(recipe, {"fingerprint": "b"}, {"budget": "5s"}),
        digest(recipe, {"fingerprint": "a"}, {"budget": "6s"}),
        digest(recipe, {"fingerprint": "a"}, {"budget": "5s", "precision": "bf16"}),
    ]
    assert len({base, *others}) == 1 + len(others)


def test_a_trial_travels_as_text(tmp_path):
    trial = Trial(
        "wgan:clip=0.1",
        "ring",
        recipe_by_name("wgan"),
        {"budget": "5s"},
        tmp_path,
        EvaluationOptions(("kernel(size=9)",)),
    )
    assert Trial.from_json(trial.to_json()) == trial


def test_finished_trials_are_not_run_again(played, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("played again")

    before = {trial.folder: (trial.folder / "events.jsonl").read_bytes() for trial in played.trials}
    monkeypatch.setattr(worker, "train", refuse)
    monkeypatch.setattr(worker, "resume", refuse)
    assert [worker.run_trial(trial) for trial in played.trials] == list(before)
    assert all((folder / "events.jsonl").read_bytes() == text for folder, text in before.items())


def test_other_metrics_are_measured_without_playing_again(played, monkeypatch):
    trial = dataclasses.replace(played.trials[0], evaluation=EvaluationOptions(("wasserstein",), count=64))
    monkeypatch.setattr(worker, "train", None)
    monkeypatch.setattr(worker, "resume", None)
    worker.run_trial(trial, Silent())
    assert [number.name for number in trial_results([trial])[0].numbers] == ["wasserstein"] * 2
    worker.run_trial(played.trials[0], Silent())  # as it was


def test_a_trial_that_was_interrupted_is_taken_up_bit_for_bit(played, tmp_path):
    trial = next(trial for trial in plan(tmp_path / "c", seeds=1).trials)

    class Stops(Silent):
        def show(self, event):
            super().show(event)
            if event["kind"] == "report" and event["step"] == 2:
                os.kill(os.getpid(), signal.SIGTERM)

    worker.run_trial(trial, Stops())
    assert outcome(trial.folder).state == "interrupted"
    worker.run_trial(trial, Silent())
    assert outcome(trial.folder).state == "finished"
    whole = next(known for known in played.trials if str(known) == str(trial))
    assert whole.folder.name == trial.folder.name
    assert_same_run(whole.folder, trial.folder)


def test_a_failure_is_recorded_and_stops_nobody(tmp_path):
    found = plan(tmp_path / "c", ("wgan-gp:critic.norm=batch", "gan-ns"), seeds=1)
    watch = watching()
    assert run_trials(found.trials, here(), watch)
    assert [state for _, state in watch.ended] == ["failed", "finished"]
    assert "depends on the rest of the batch" in outcome(found.trials[0].folder).sentence


def test_a_process_that_ends_without_a_word_has_failed(tmp_path):
    found = plan(tmp_path / "c", ("gan-ns",), seeds=1)
    nobody = Executor(lambda trial: Job(lambda: True, lambda: None, lambda: None), slots=2)
    run_trials(found.trials, nobody, watching())
    assert outcome(found.trials[0].folder).state == "failed"


def test_a_recipe_may_name_code_of_ones_own(tmp_path, monkeypatch):
    (tmp_path / "a_divergence.py").write_text(
        "from equilibria.terms.divergences import DIVERGENCES\n\ndef game():\n    return DIVERGENCES['hinge']()\n"
    )
    monkeypatch.chdir(tmp_path)
    (trial,) = plan(tmp_path / "c", ("gan-ns:divergence=a_divergence:game",), seeds=1).trials
    worker.run_trial(trial, Silent())
    assert outcome(trial.folder).state == "finished"


def test_a_word_may_say_changes():
    assert split_changes("wgan") == ("wgan", {})
    assert split_changes("wgan:clip=0.1,optimizer.betas=0,0.9") == ("wgan", {"clip": "0.1", "optimizer.betas": "0,0.9"})
    assert split_changes("gan:divergence=my_module:mine") == ("gan", {"divergence": "my_module:mine"})


@pytest.mark.parametrize(
    ("recipes", "keywords", "sentence"),
    [
        (["gan-nn"], {}, "Did you mean 'gan-ns'"),
        (["wgan", "wgan:clip=0.01"], {}, "are the same recipe"),
        (["wgan", "wgan"], {}, "are the same recipe"),
        (["wgan:clip"], {}, "RECIPE:NAME=VALUE"),
        (["wgan:seed=3"], {}, "the same for all"),
        (["wgan:clap=3"], {}, "Did you mean 'clip'"),
        (["runs/nothing"], {}, "runs/nothing is neither a run nor a recipe"),
        (["wgan"], {"data": None}, "Say what to compare them on"),
        (["wgan"], {"data": "rin"}, "Did you mean 'ring'"),
        (["wgan"], {"rounds": None}, "Say how much each run may spend"),
        (["wgan"], {"seeds": 0}, "at least 1"),
        (["wgan"], {"jobs": 0}, "at least 1"),
        (["wgan"], {"budget": "5"}, "90s, 5m, 2h"),
        (["wgan"], {"threads": 2}, "one thread"),
        (["wgan"], {"metrics": "frechett"}, "Did you mean 'frechet'"),
        (["wgan"], {"rounds": "many"}, "a whole number"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_written(tmp_path, recipes, keywords, sentence):
    told = {"data": "ring", "rounds": 2, "out": tmp_path / "c"} | keywords
    with pytest.raises(Refusal, match=sentence.replace("(", r"\(")):
        compare(recipes, Watch(), **{k: v for k, v in told.items() if v is not None})
    assert not (tmp_path / "c").exists()


def test_events_are_followed_while_they_are_written(tmp_path):
    tail, path = Tail(tmp_path), tmp_path / "events.jsonl"
    assert tail.new_events() == []
    lines = [json.dumps({"kind": "sample", "step": i, "elapsed": 0.0, "file": "a"}) + "\n" for i in range(3)]
    path.write_text(lines[0] + lines[1][:9])
    assert [event["step"] for event in tail.new_events()] == [0]
    path.write_text(lines[0] + lines[1])
    assert [event["step"] for event in tail.new_events()] == [1]
    path.write_text(lines[2])  # set back
    assert [event["step"] for event in tail.new_events()] == [2]


@pytest.mark.parametrize("library", ["OMP", "MKL", "OPENBLAS"])
def test_every_library_has_one_thread_whatever_was_said_before(monkeypatch, library):
    monkeypatch.setenv(f"{library}_NUM_THREADS", "2")
    assert environment()[f"{library}_NUM_THREADS"] == "1"


@pytest.mark.long
def test_a_comparison_that_is_killed_goes_on_where_it_was(tmp_path):
    """Runs of the pool notice that nobody waits for them, save, and leave; the same call takes them up."""
    wish = WISH | SMALL | {"rounds": "300", "save_every": "50", "seeds": 1}
    recipes = ["gan-ns", "wgan:clip=0.1"]
    process = start("compare", recipes, **wish | {"out": str(tmp_path / "killed")})
    said = {name: wish[name] for name in (*SMALL, "save_every")}
    folders = [trial.folder for trial in plan(tmp_path / "killed", recipes, said, seeds=1).trials]
    assert wait_for_round(folders[0], 60, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    compare(recipes, watching(), **wish | {"out": tmp_path / "killed"})
    compare(recipes, watching(), **wish | {"out": tmp_path / "whole"})
    reasons = [json.loads((folder / "summary.json").read_text())["sittings"] for folder in folders]
    assert any(sitting[0]["reason"] == "interrupted" for sitting in reasons)
    for folder in folders:
        assert_same_run(tmp_path / "whole" / "cells" / folder.name, folder)
