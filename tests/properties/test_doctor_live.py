"""The doctor speaks once while a run plays, changes nothing, and stops it only when that is wished for."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file

import equilibria as eq
from equilibria.core.errors import Refusal
from equilibria.recipes.options import Options
from equilibria.records import checkpoints
from equilibria.runs.session import resume, train
from equilibria.runs.watch import DoctorObserver
from sessions import TINY, Silent, assert_equal, events, timeless

COLLAPSING = {k: v for k, v in TINY.items() if k not in ("n_critic", "save_every")} | {
    "optimizers.critic.lr": 1e-4,
    "optimizers.generator.lr": 0.1,
    "generator.width": 32,
    "rounds": 96,
    "watch": 6,
    "save_every": 20,
}


@pytest.fixture(scope="module")
def sick(tmp_path_factory):
    """A run that is stopped because it collapses, and what was said of it."""
    display = Silent()
    run = train("gan-ns", display, name="run", runs=tmp_path_factory.mktemp("runs"), stop_when="critical", **COLLAPSING)
    return run, display


def lines_of(display):
    return [said for said in display.said if said.startswith("Doctor, round")]


def test_a_sick_run_is_stopped_and_says_why(sick):
    run, display = sick
    stop = events(run.folder)[-1]
    assert (stop["kind"], stop["reason"], run.stop) == ("stop", "critical", "critical")
    assert stop["step"] < COLLAPSING["rounds"]
    grave = [said for said in lines_of(display) if "(critical, " in said]
    assert grave
    assert stop["text"].startswith("Stopped: the doctor reports a critical finding.")
    assert stop["text"] in display.said[-1]
    assert f"back at the best checkpoint, round {run.step}" in display.said[-1]
    assert str(run.folder) in display.said[-1]


def test_a_run_that_an_earlier_version_was_to_stop_is_stopped(sick, tmp_path):
    """Its summary has the earlier word; so has the reason of its stop."""
    folder = tmp_path / "run"
    shutil.copytree(sick[0].folder, folder)
    summary = json.loads((folder / "summary.json").read_text())
    summary["end"]["when"] = "sick"
    (folder / "summary.json").write_text(json.dumps(summary))
    assert resume(folder, Silent()).stop == events(folder)[-1]["reason"] == "critical"
    stored = (folder / "events.jsonl").read_text()
    (folder / "events.jsonl").write_text(stored.replace('"reason": "critical"', '"reason": "sick"'))
    assert events(folder)[-1]["reason"] == "sick"
    assert "stopped at a critical finding" in eq.doctor(folder).about


def test_a_finding_is_said_once(sick):
    said = [line.partition(": ")[2] for line in lines_of(sick[1])]
    assert said
    assert len(said) == len(set(said))
    assert all("\n" not in line for line in said)
    assert any("times as fast as" in line for line in said)  # what the recipe alone shows is said, too


def test_a_stopped_run_is_back_at_its_best_bit_for_bit(sick):
    run, _ = sick
    best = [e for e in events(run.folder) if e["kind"] == "checkpoint" and e["best"]][-1]
    kept, _ = checkpoints.newest(run.folder)
    assert run.step == kept.step == best["step"]
    assert_equal(run.state_dict(), kept.state)
    model = load_file(run.folder / "model" / "weights.safetensors")
    for name, weight in kept.state["average"].items():
        assert torch.equal(model[name.removeprefix("networks.")], weight), name
    summary = json.loads((run.folder / "summary.json").read_text())
    assert summary["sittings"][-1] | {"started": ""} == {
        "started": "",
        "from": 0,
        "to": best["step"],
        "reason": "critical",
    }


def test_later_checkpoints_are_put_aside(sick):
    run, _ = sick
    left = [int(path.stem) for path in (run.folder / "checkpoints").glob("*.pt")]
    aside = [int(path.stem) for path in (run.folder / "checkpoints" / "aside").glob("*.pt")]
    assert max(left) == run.step
    assert all(step > run.step for step in aside)


def test_the_doctor_still_knows_what_it_was(sick):
    checkup = eq.doctor(sick[0].folder)
    assert checkup.verdict == "critical"
    assert "stopped at a critical finding" in checkup.about
    assert "--optimizers.generator.lr 0.0001" in str(checkup)  # a thousandth of the planted one
    assert max(map(len, str(checkup).splitlines())) <= 100
    assert json.loads(json.dumps(checkup.to_dict(), allow_nan=False))["findings"]


def test_a_stopped_run_is_resumed_from_its_best_and_plays_to_the_end(sick, tmp_path):
    """It goes the way of a run that nobody stopped: the same events from there on."""
    stopped, _ = sick
    free = train("gan-ns", Silent(), name="free", runs=tmp_path, **COLLAPSING)
    resumed = resume(stopped.folder, Silent())
    assert resumed.step == COLLAPSING["rounds"]
    assert timeless(resumed.folder) == timeless(free.folder)
    assert_equal(resumed.state_dict(), free.state_dict())


def test_the_doctor_changes_nothing(tmp_path, monkeypatch):
    wish = COLLAPSING | {"rounds": 40}
    with_him = train("gan-ns", Silent(), name="with", runs=tmp_path, **wish)
    monkeypatch.setattr(DoctorObserver, "__call__", lambda doctor, run: None)
    without = train("gan-ns", Silent(), name="without", runs=tmp_path, **wish)
    assert timeless(with_him.folder) == timeless(without.folder)
    assert_equal(with_him.state_dict(), without.state_dict())


def test_a_run_that_was_never_measured_stays_where_it_is(tmp_path):
    display = Silent()
    run = train("gan-ns", display, name="run", runs=tmp_path, stop_when="critical", **COLLAPSING | {"save_every": 96})
    assert "nothing has been measured yet" in display.said[-1]
    assert run.step == checkpoints.newest(run.folder)[0].step == events(run.folder)[-1]["step"]
    assert (run.folder / "model" / "weights.safetensors").is_file()


@pytest.mark.parametrize(
    "wish", [{"stop_when": "bored"}, {"stop_when": "critical", "watch": 0}, {"stop_when": "sick", "watch": 0}]
)
def test_a_wish_that_cannot_be_granted_is_refused(wish):
    with pytest.raises(Refusal, match="stop_when is"):
        Options(**wish)
