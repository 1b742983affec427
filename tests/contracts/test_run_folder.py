"""The run folder's one schema: what the doctor, comparisons and the web page read."""

import contextlib
import json
import re
import shlex

import PIL.Image
import pytest
import torch

import equilibria as eq
from equilibria.apps.cli import main
from equilibria.core.errors import Refusal
from equilibria.records.history import read_history
from equilibria.runs.session import train
from sessions import TINY, Silent, events

NUMBER = (int, float)
COMMON = {"kind": str, "step": int, "elapsed": NUMBER}
KINDS = {
    "start": {"format": int, "recipe": str, "data": str, "rounds": int, "until": int}
    | {"labels": str, "values": dict, "measures": str},
    "report": {"since": int, "images": int, "terms": dict, "estimate": (*NUMBER, type(None)), "rates": dict},
    "sample": {"file": str},
    "measure": {"metrics": dict, "split": str, "count": int, "real": dict, "change": str},
    "diagnosis": {"seen": dict, "unseen": dict},
    "checkpoint": {"file": str, "best": bool},
    "stop": {"reason": str, "text": str},
}
RUNS = {"wgan-gp": "ring", "gan-ns": "digits"}


@pytest.fixture(scope="module", params=RUNS)
def run(request, tmp_path_factory):
    """A finished run of 100 rounds, and what its display was shown."""
    wish = {k: v for k, v in TINY.items() if k != "n_critic"} | {"data": RUNS[request.param], "rounds": 100}
    display, place = Silent(), tmp_path_factory.mktemp("place")
    with contextlib.chdir(place):  # the length of its path shall not break lines
        train(request.param, display, name="run", **wish)
    return place / "runs" / "run", display


def test_every_event_has_the_keys_of_its_kind(run):
    for event in events(run[0]):
        expected = COMMON | KINDS[event["kind"]]
        assert list(event) == list(expected)
        assert [k for k, kind in expected.items() if not isinstance(event[k], kind)] == []


def test_events_come_in_order(run):
    found = events(run[0])
    assert (found[0]["kind"], found[-1]["kind"]) == ("start", "stop")
    assert found[-1]["reason"] == "done"
    for key in ("step", "elapsed"):
        assert [event[key] for event in found] == sorted(event[key] for event in found)
    assert {event["kind"] for event in found} == set(KINDS)


def test_reports_say_what_was_played(run):
    reports = [event for event in events(run[0]) if event["kind"] == "report"]
    assert [event["step"] for event in reports] == list(range(1, 101))
    assert [event["since"] for event in reports] == list(range(100))
    moves = 5 if "wgan" in events(run[0])[0]["recipe"] else 1
    assert [event["images"] for event in reports] == [16 * moves * step for step in range(1, 101)]
    assert all("divergence" in event["terms"][player] for event in reports for player in ("critic", "generator"))
    assert reports[0]["rates"].keys() == {"critic", "generator"}


def test_milestones_leave_files(run):
    folder, found = run[0], events(run[0])
    steps = [*range(15, 100, 15), 100]
    for kind, name in (("sample", "samples/{:06d}.png"), ("checkpoint", "checkpoints/{:06d}.pt")):
        assert [event["file"] for event in found if event["kind"] == kind] == [name.format(step) for step in steps]
    for path in (folder / "samples").iterdir():
        assert min(PIL.Image.open(path).size) >= 8 * 32
    assert [event["split"] for event in found if event["kind"] == "measure"] == ["held_out"] * len(steps)
    assert all(event["metrics"]["sliced_wasserstein"] > 0 for event in found if event["kind"] == "measure")


def test_the_folder_holds_what_it_promises_and_nothing_else(run):
    names = {"recipe.json", "events.jsonl", "samples", "checkpoints", "model", "summary.json", "lock"}
    assert {path.name for path in run[0].iterdir()} == names
    assert {path.name for path in (run[0] / "model").iterdir()} == {"config.json", "weights.safetensors", "README.md"}


def test_the_stored_recipe_is_resolved(run):
    text = (run[0] / "recipe.json").read_text()
    assert "auto" not in text
    assert eq.Recipe.from_json(text, "recipe.json").rounds == 100


def test_the_summary_says_how_it_was_made(run):
    summary = json.loads((run[0] / "summary.json").read_text())
    assert {"equilibria", "commit", "python", "torch", "numpy", "platform"} == summary["versions"].keys()
    assert {"device", "threads", "matmul", "precision", "reasons"} == summary["choices"].keys()
    assert summary["seed"] == 0
    assert summary["device"]
    (sitting,) = summary["sittings"]
    assert (sitting["from"], sitting["to"], sitting["reason"]) == (0, 100, "done")


def test_the_card_minds_licence_and_memorization(run):
    card = (run[0] / "model" / "README.md").read_text()
    assert all(word in card for word in ("License", "Memorization", "100 rounds", "held out"))


def test_the_model_is_that_of_the_last_sheet(run):
    model = eq.load(run[0])
    assert torch.equal(model.sample(100, seed=1)[:64], model.sample(64, seed=1))


def test_the_display_is_shown_every_event(run):
    assert run[1].shown == events(run[0])


def test_the_opening_is_a_small_table_of_what_will_happen(run):
    text = run[1].said[0]
    recipe = events(run[0])[0]["recipe"]
    assert all(word in text for word in (recipe, RUNS[recipe], "held out", "parameters", "1 thread", "100 rounds"))
    assert text.lower().count("labels") == 1
    rows = [line.split()[0] for line in text.splitlines() if line[2] != " "]
    assert rows == ["data", "recipe", "networks", "machine", "cost", "next"]
    assert max(map(len, text.splitlines())) <= 100
    assert len(text.splitlines()) <= 12
    assert len(text) < 1100


def test_the_history_of_a_run_is_a_table_of_numbers(run):
    rows = read_history(run[0]).rows()
    assert all(isinstance(value, NUMBER) for row in rows for value in row.values())
    frame = pytest.importorskip("pandas").DataFrame(rows)
    assert frame["round"].tolist() == [row["round"] for row in rows]
    assert all(kind.kind in "iuf" for kind in frame.dtypes)


def test_the_opening_names_the_command_that_says_how_data_was_read(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    images = tmp_path / "my pictures"
    images.mkdir()
    for i in range(40):
        PIL.Image.new("RGB", (20, 16 + i % 3), (i, 2 * i, 5 * i)).save(images / f"{i}.png")
    (images / "broken.png").write_bytes(b"?")
    display = Silent()
    options = {k: v for k, v in TINY.items() if k not in ("data", "n_critic")} | {"dry_run": True, "data.size": 8}
    train("gan-ns", display, data="my pictures", **options)
    text = " ".join(display.said[0].split())
    assert "1 file left out" in text
    command = re.search("`equilibria (data check [^`]*)`", text)[1]
    assert command == "data check 'my pictures' --data.size 8"
    assert main(shlex.split(command)) == 0
    remarks = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Images resized")]
    assert len(remarks) == 1
    assert remarks[0] not in text


def test_a_name_that_is_taken_is_refused(tmp_path):
    (tmp_path / "mine").mkdir()
    with pytest.raises(Refusal, match=r"equilibria resume .*mine`, or start a new run with --name mine-2"):
        train("wgan-gp", Silent(), name="mine", runs=tmp_path)
    assert list((tmp_path / "mine").iterdir()) == []


@pytest.mark.parametrize("name", ["", "..", "a/b", "/tmp/x"])
def test_a_name_that_is_a_path_is_refused(tmp_path, name):
    with pytest.raises(Refusal, match="name is"):
        train("wgan-gp", Silent(), name=name, runs=tmp_path)


def test_runs_without_a_name_are_counted(tmp_path):
    names = [train("wgan-gp", Silent(), runs=tmp_path, **TINY | {"rounds": 1}).folder.name for _ in range(2)]
    assert names == ["wgan-gp-ring", "wgan-gp-ring-2"]


def test_a_dry_run_leaves_nothing(tmp_path):
    display = Silent()
    run = train("wgan-gp", display, runs=tmp_path / "runs", dry_run=True, **TINY)
    assert (run.step, run.folder, len(display.said), display.shown) == (0, None, 1, [])
    assert not (tmp_path / "runs").exists()


def test_runs_that_cannot_be_written_are_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Refusal, match="cannot be created"):
        train("wgan-gp", Silent(), runs=tmp_path / "file", **TINY)
