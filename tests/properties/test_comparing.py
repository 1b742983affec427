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
from equilibria.studies.compare.compare import compare
from equilibria.studies.compare.grid import Wishes, parted, planned
from equilibria.studies.compare.pool import Executor, Job, carry_out, environment
from equilibria.studies.compare.statistics import columns
from equilibria.studies.compare.trial import Cell, Measures, collected, digest, outcome
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
    """Remembers what it was told of cells."""

    def plan(self, cells):
        self.begun, self.ended = [], []

    def begin(self, cell):
        self.begun.append(str(cell))

    def show(self, cell, event):
        self.shown.append(event)

    def end(self, cell, found):
        self.ended.append((str(cell), found.state))


def here(display=None):
    """An executor in this very process."""

    def start(cell):
        worker.run_one(cell, display or Silent())
        return Job(lambda: True, lambda: None, lambda: None)

    return Executor(start, slots=1)


def plan(folder, recipes=("gan-ns", "wgan:clip=0.1"), said=SMALL, **wish):
    return planned(recipes, Wishes(**WISH | {"out": str(folder)} | wish), said, {})


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A comparison that was carried out."""
    found = plan(tmp_path_factory.mktemp("comparing") / "c")
    assert carry_out(found.cells, here(), watching())
    return found


def watching():
    """A watch that knows its plan."""
    watch = Watch()
    watch.plan([])
    return watch


def test_the_report_is_of_all_cells_and_needs_nothing_else(played):
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
    assert len((played.folder / "report.csv").read_text().splitlines()) == 1 + 2 * 2  # checkpoints, recipes
    assert found.study.sets == ["ring"]


def test_another_comparison_does_not_replace_the_report(played):
    compare(played.recipes, watching(), **WISH | {"out": played.folder} | SMALL)
    with pytest.raises(Refusal, match="another comparison"):
        compare(["gan-ns"], watching(), **WISH | {"out": played.folder} | SMALL)


def test_runs_are_compared_as_they_were_measured(played, capsys):
    folders = [str(cell.folder) for cell in played.cells]
    study = compare(folders, watching()).study
    assert {result.label for result in study.results} == {"gan-ns", "wgan"}
    assert [sorted(column.values) for column in study.columns] == [["gan-ns", "wgan"]] * 2


def test_runs_that_were_measured_differently_are_not_compared(played):
    one, other = played.cells[:2]
    measured = dataclasses.replace(other, measures=Measures(("sliced_wasserstein",), count=32))
    worker.run_one(measured, Silent())
    with pytest.raises(Refusal, match=r"generated is 64 for .* and 32 for"):
        compare([str(one.folder), str(other.folder)], watching())
    apart = columns(collected([one, measured]))
    assert [sorted(column.values) for column in apart] == [["gan-ns"], ["wgan:clip=0.1"]] * 2
    assert all("generated" in column.apart for column in apart)
    worker.run_one(other, Silent())  # as it was


def test_a_cell_is_told_by_its_recipe_data_budget_and_options():
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


def test_a_cell_travels_as_text(tmp_path):
    cell = Cell(
        "wgan:clip=0.1", "ring", recipe_by_name("wgan"), {"budget": "5s"}, tmp_path, Measures(("kernel(size=9)",))
    )
    assert Cell.from_json(cell.to_json()) == cell


def test_finished_cells_are_not_run_again(played, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("played again")

    before = {cell.folder: (cell.folder / "events.jsonl").read_bytes() for cell in played.cells}
    monkeypatch.setattr(worker, "train", refuse)
    monkeypatch.setattr(worker, "resume", refuse)
    assert [worker.run_one(cell) for cell in played.cells] == list(before)
    assert all((folder / "events.jsonl").read_bytes() == text for folder, text in before.items())


def test_other_metrics_are_measured_without_playing_again(played, monkeypatch):
    cell = dataclasses.replace(played.cells[0], measures=Measures(("wasserstein",), count=64))
    monkeypatch.setattr(worker, "train", None)
    monkeypatch.setattr(worker, "resume", None)
    worker.run_one(cell, Silent())
    assert [number.name for number in collected([cell])[0].numbers] == ["wasserstein"] * 2
    worker.run_one(played.cells[0], Silent())  # as it was


def test_a_cell_that_was_interrupted_is_taken_up_bit_for_bit(played, tmp_path):
    cell = next(cell for cell in plan(tmp_path / "c", seeds=1).cells)

    class Stops(Silent):
        def show(self, event):
            super().show(event)
            if event["kind"] == "report" and event["step"] == 2:
                os.kill(os.getpid(), signal.SIGTERM)

    worker.run_one(cell, Stops())
    assert outcome(cell.folder).state == "interrupted"
    worker.run_one(cell, Silent())
    assert outcome(cell.folder).state == "finished"
    whole = next(known for known in played.cells if str(known) == str(cell))
    assert whole.folder.name == cell.folder.name
    assert_same_run(whole.folder, cell.folder)


def test_a_failure_is_recorded_and_stops_nobody(tmp_path):
    found = plan(tmp_path / "c", ("wgan-gp:critic.norm=batch", "gan-ns"), seeds=1)
    watch = watching()
    assert carry_out(found.cells, here(), watch)
    assert [state for _, state in watch.ended] == ["failed", "finished"]
    assert "depends on the others in the batch" in outcome(found.cells[0].folder).sentence


def test_a_process_that_ends_without_a_word_has_failed(tmp_path):
    found = plan(tmp_path / "c", ("gan-ns",), seeds=1)
    nobody = Executor(lambda cell: Job(lambda: True, lambda: None, lambda: None), slots=2)
    carry_out(found.cells, nobody, watching())
    assert outcome(found.cells[0].folder).state == "failed"


def test_a_recipe_may_name_code_of_ones_own(tmp_path, monkeypatch):
    (tmp_path / "a_divergence.py").write_text(
        "from equilibria.terms.divergences import DIVERGENCES\n\ndef game():\n    return DIVERGENCES['hinge']()\n"
    )
    monkeypatch.chdir(tmp_path)
    (cell,) = plan(tmp_path / "c", ("gan-ns:divergence=a_divergence:game",), seeds=1).cells
    worker.run_one(cell, Silent())
    assert outcome(cell.folder).state == "finished"


def test_a_word_may_say_changes():
    assert parted("wgan") == ("wgan", {})
    assert parted("wgan:clip=0.1,optimizer.betas=0,0.9") == ("wgan", {"clip": "0.1", "optimizer.betas": "0,0.9"})
    assert parted("gan:divergence=my_module:mine") == ("gan", {"divergence": "my_module:mine"})


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
    lines = [json.dumps({"kind": "report", "step": i, "elapsed": 0.0}) + "\n" for i in range(3)]
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
    folders = [cell.folder for cell in plan(tmp_path / "killed", recipes, said, seeds=1).cells]
    assert wait_for_round(folders[0], 60, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    compare(recipes, watching(), **wish | {"out": tmp_path / "killed"})
    compare(recipes, watching(), **wish | {"out": tmp_path / "whole"})
    reasons = [json.loads((folder / "summary.json").read_text())["sittings"] for folder in folders]
    assert any(sitting[0]["reason"] == "interrupted" for sitting in reasons)
    for folder in folders:
        assert_same_run(tmp_path / "whole" / "cells" / folder.name, folder)
