"""Nothing is lost: a run that was killed or stopped goes on bit for bit."""

import itertools

import pytest
import torch

from equilibria import RECIPES
from equilibria.core.errors import Refusal
from equilibria.data import load_data
from equilibria.runs import observers
from equilibria.runs.selection import real_levels
from equilibria.runs.session import resume, train
from sessions import TINY, Silent, StopsAt, assert_same_run, events, killed_and_resumed, timeless
from shares import one_in


def test_a_killed_run_goes_on_bit_for_bit(tmp_path):
    wish = TINY | {"rounds": 80}
    whole = train("wgan-gp", Silent(), name="whole", runs=tmp_path, **wish).folder
    assert_same_run(whole, killed_and_resumed("wgan-gp", wish, tmp_path / "killed", kills=1, seed=0))


@pytest.mark.long
@pytest.mark.parametrize("recipe", ["wgan-gp", "r3gan", "dcgan"])
def test_a_run_killed_ten_times_goes_on_bit_for_bit(tmp_path, recipe):
    wish = {"data": "digits", "batch": 16, "rounds": 200, "save_every": 7, "threads": 1}
    whole = train(recipe, Silent(), name="whole", runs=tmp_path, **wish).folder
    assert_same_run(whole, killed_and_resumed(recipe, wish, tmp_path / "killed", kills=10, seed=1))


SHORT = TINY | {"rounds": 7, "save_every": 3, "watch": 6}


@pytest.mark.parametrize("recipe", one_in(6, list(RECIPES)))
def test_every_recipe_goes_on_bit_for_bit(tmp_path, recipe):
    roles = RECIPES[recipe]().networks
    wish = {k: v for k, v in SHORT.items() if k != "n_critic" and ("critic" in roles or not k.startswith("critic"))}
    wish |= {"encoder": "dense", "encoder.width": 16} if "encoder" in roles else {}
    wish |= {"data": "digits", "schedule": "cosine", "generator.norm": "batch"}
    whole = train(recipe, Silent(), name="whole", runs=tmp_path, **wish).folder
    stopped = train(recipe, StopsAt(2), name="stopped", runs=tmp_path, **wish)
    assert (stopped.stop, stopped.step) == ("interrupted", 2)
    assert events(stopped.folder)[-1]["reason"] == "interrupted"
    assert resume(stopped.folder, Silent()).step == 7
    assert_same_run(whole, stopped.folder)


def test_rates_come_down_before_the_time_is_up_however_slow_the_machine(tmp_path, monkeypatch):
    """Planned are as many rounds as a second of the true clock allows in 40; on this clock there are some dozens."""
    ticks = itertools.count()
    monkeypatch.setattr(observers.time, "monotonic", lambda: next(ticks) / 4)
    wish = {name: value for name, value in SHORT.items() if name != "rounds"} | {"budget": "40s", "watch": 0}
    run = train("wgan-gp", Silent(), name="run", runs=tmp_path, schedule="linear", **wish)
    last = [event["rates"]["critic"] for event in events(run.folder) if event["kind"] == "report"][-1]
    assert run.step < 100
    assert last < 0.2 * run.rates["critic"][0]
    longer = resume(run.folder, Silent(), rounds=2 * run.step)
    assert longer.place == longer.step


@pytest.fixture
def stopped(tmp_path):
    """The folder of a run of seven rounds that was stopped after five."""
    return train("wgan-gp", StopsAt(5), name="run", runs=tmp_path, **SHORT).folder


def test_a_finished_run_stays_as_it_is(stopped):
    resume(stopped, Silent())
    before = timeless(stopped)
    display = Silent()
    assert resume(stopped, display).step == 7
    assert timeless(stopped) == before
    assert "--rounds 14" in display.said[-1]


def test_a_run_can_be_made_longer(stopped):
    assert resume(stopped, Silent(), rounds=9).step == 9
    assert [e["step"] for e in events(stopped) if e["kind"] == "report"] == list(range(1, 10))
    assert [e["reason"] for e in events(stopped) if e["kind"] == "stop"] == ["done"]
    assert resume(stopped, Silent()).step == 9


def test_a_run_cannot_be_made_shorter_than_it_is(stopped):
    with pytest.raises(Refusal, match="The run has 5 rounds"):
        resume(stopped, Silent(), rounds=4)


def test_a_damaged_checkpoint_is_passed_over(tmp_path, stopped):
    newest = sorted((stopped / "checkpoints").iterdir())[-1]
    assert newest.name == "000005.pt"
    newest.write_bytes(newest.read_bytes()[:-1000])
    display = Silent()
    resume(stopped, display)
    assert any("000005.pt is damaged" in text for text in display.said)
    whole = train("wgan-gp", Silent(), name="whole", runs=tmp_path, **SHORT).folder
    assert_same_run(whole, stopped)


def test_a_checkpoint_that_is_ahead_of_its_events_is_passed_over(tmp_path, stopped):
    path = stopped / "events.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if '"step": 5' not in line and '"step": 4' not in line))
    resume(stopped, display := Silent())
    assert any("shorter" in text for text in display.said)
    assert_same_run(train("wgan-gp", Silent(), name="whole", runs=tmp_path, **SHORT).folder, stopped)


def test_without_one_readable_checkpoint_nothing_is_thrown_away(stopped):
    for path in (stopped / "checkpoints").iterdir():
        path.write_bytes(b"PK")
    before = timeless(stopped)
    with pytest.raises(Refusal, match=r"No checkpoint in .* can be used"):
        resume(stopped, Silent())
    assert timeless(stopped) == before


def test_a_run_killed_before_its_first_checkpoint_starts_anew(tmp_path, stopped):
    for path in (stopped / "checkpoints").iterdir():
        path.unlink()
    events = stopped / "events.jsonl"
    events.write_bytes(events.read_bytes().splitlines(keepends=True)[0])
    resume(stopped, Silent())
    assert_same_run(train("wgan-gp", Silent(), name="whole", runs=tmp_path, **SHORT).folder, stopped)


def test_a_newer_checkpoint_asks_for_a_newer_version(stopped):
    path = sorted((stopped / "checkpoints").iterdir())[-1]
    torch.save(torch.load(path) | {"format": 2}, path)
    with pytest.raises(Refusal, match="format 2, and this version of equilibria reads 1"):
        resume(stopped, Silent())


def test_a_recipe_that_was_changed_after_the_run_is_noticed(stopped):
    path = stopped / "recipe.json"
    path.write_text(path.read_text().replace('"width": 16', '"width": 17'))
    with pytest.raises(Refusal, match=r"does not fit recipe\.json"):
        resume(stopped, Silent())


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(Refusal, match="There is no run in"):
        resume(tmp_path, Silent())


def test_the_last_three_checkpoints_and_the_best_are_kept(tmp_path):
    folder = train("wgan-gp", Silent(), name="run", runs=tmp_path, **SHORT | {"save_every": 1, "rounds": 12}).folder
    measures = {e["step"]: e["metrics"]["sliced_wasserstein"] for e in events(folder) if e["kind"] == "measure"}
    slack = real_levels(load_data("ring"))["sliced_wasserstein"].error
    best = max(step for step, value in measures.items() if value <= min(measures.values()) + slack)
    assert {int(path.stem) for path in (folder / "checkpoints").iterdir()} == {best, 10, 11, 12}
    assert [e["step"] for e in events(folder) if e["kind"] == "checkpoint" and e["best"]][-1] == best
