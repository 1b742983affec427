"""The doctor's verb prints a page, or JSON for programs."""

import dataclasses
import json

import pytest

import equilibria as eq
from equilibria.apps.cli import main
from equilibria.recipes import RECIPES
from equilibria.recipes.options import Options
from equilibria.runs.plan import end
from sessions import SUMMARY


@pytest.fixture
def run(tmp_path):
    """The records of a run that broke down."""
    events = [
        {
            "kind": "start",
            "step": 0,
            "format": 1,
            "recipe": "gan-ns",
            "data": "digits",
            "rounds": 20,
            "labels": "class",
        },
        {
            "kind": "report",
            "step": 10,
            "since": 0,
            "images": 8,
            "terms": {"critic": {"divergence": 1.25}},
            "estimate": 0.07,
        },
        {"kind": "stop", "step": 12, "reason": "nonfinite", "text": "A weight is no longer finite. Try less."},
    ]
    (tmp_path / "recipe.json").write_text(json.dumps(dataclasses.asdict(RECIPES["gan-ns"]())))
    (tmp_path / "summary.json").write_text(json.dumps(SUMMARY))
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(event | {"elapsed": 0.0}) + "\n" for event in events))
    return tmp_path


def test_the_page_says_what_why_and_what_to_change(run, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["doctor", str(run)]) == 0
    page = capsys.readouterr().out
    assert max(map(len, page.splitlines())) <= 80
    said = " ".join(page.split())
    for words in (
        "This run has 1 critical finding, 1 remark, in 27 checks",
        "no longer finite",
        "Evidence",
        "Why",
        "Losses",
    ):
        assert words in said
    assert "--optimizers.generator.lr" in said
    assert "1.386 (2 log 2)" in said


def test_programs_get_json(run, capsys):
    assert main(["doctor", str(run), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads(json.dumps(eq.doctor(run).to_dict()))
    assert told["verdict"] == "critical"
    assert [finding["name"] for finding in told["findings"]] == ["nonfinite", "labels_unused"]


def test_a_folder_without_a_run_is_refused(tmp_path, capsys):
    assert main(["doctor", str(tmp_path / "nothing")]) == 2
    assert "There is no run in" in capsys.readouterr().err


def test_a_wish_to_stop_is_stored_where_it_is_made():
    recipe = RECIPES["gan-ns"]()
    for word in ("critical", "sick"):  # the second is the name in earlier versions
        assert end(recipe, Options(stop_when=word))["when"] == "critical"
    assert "when" not in end(recipe, Options())


def test_another_word_is_refused(capsys):
    assert main(["train", "gan-ns", "--data", "ring", "--stop-when", "bored"]) == 2
    assert "stop_when is 'bored'" in capsys.readouterr().err
