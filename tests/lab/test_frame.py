"""The frame of the laboratory, on an experiment of two milliseconds: settings, seeds, records, files, the verb."""

import gzip
import json
import re
import shutil
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import equilibria as eq
from equilibria.apps.cli import main
from equilibria.core.errors import Refusal
from equilibria.drawing import (
    Arrows,
    Axis,
    Band,
    Bars,
    Field,
    Figure,
    Line,
    Panel,
    Points,
    Rule,
    Steps,
    Text,
    figure,
    plain,
)
from equilibria.drawing.plot import COLORS, contours, draw
from equilibria.lab import CONTENTS, sheet
from equilibria.lab.contents import Entry
from equilibria.lab.experiment import Experiment, Frame, Played, Setting, Stopped, Watch, above, below, between, equals
from equilibria.lab.record import read_record

X, Y = Axis(Text("place", "位置"), "symlog"), Axis(Text("height", "高度"), "log", low=0.1, high=10)
HILL = Field((0, 1), (0, 2), [[0, 1, 0], [1, 3, 1], [0, 1, 0]], plain("h"))
MARKS = {
    "line": Line([0, 1, 2], [1, 2, float("nan")], plain("f"), "theory"),
    "points": Points([0, 1], [1, 2], plain("p"), "real"),
    "steps": Steps([0, 1, 2], [1, 3], plain("s"), "fake"),
    "bars": Bars([Text("one", "一"), Text("two", "二")], [1, 2], plain("b"), [0.1, 0.2], "critic"),
    "field": HILL,
    "contours": contours(HILL, count=2),
    "arrows": Arrows([0], [1], [1], [1], plain("v"), "generator"),
    "band": Band([0, 1], [1, 1], [2, 2], plain("w")),
    "rule": Rule(1.5, plain("t"), "x"),
}
FIGURE = Figure(
    Text("All marks", "所有标记"),
    [Panel(Text(name, f"标记 {name}"), X, Y, [mark]) for name, mark in MARKS.items()],
    Text("A note.", "注。"),
)
SMALL = Figure(Text("Small", "小"), FIGURE.panels[:1], Text("A note.", "注。"))


def _play(settings, watch):
    for step in range(4):
        watch(step + 1, 4)
    values = (settings.slope * torch.randn(settings.count)).tolist()
    frames = [Frame(slope, SMALL) for slope in (0.0, 1.0, settings.slope)]
    return Played({"mean": sum(values) / len(values), "values": values, "infinite": float("inf")}, frames, 2)


def _claims(settings, numbers):
    return [
        equals(Text("The mean is 0", "均值为 0"), numbers["mean"], 0, 6 * abs(settings.slope) / settings.count**0.5),
        below(Text("The largest", "最大值"), max(numbers["values"]), settings.bound),
        above(Text("The number of values", "数值个数"), len(numbers["values"]), 1),
        between(Text("One", "一"), 1, 0, 2),
    ]


OWN = Experiment(
    source="Author (2020)",
    uses=(),
    settings=(
        Setting("slope", 2.0, Text("the scale", "尺度"), low=0, high=3, frames=True),
        Setting("count", 400, Text("the number", "个数"), low=1, high=1000, full=900),
        Setting("bound", 50.0, Text("the bound", "上界")),
        Setting("kind", "a", Text("the kind", "种类"), choices=("a", "b")),
        Setting("ages", (1.0, 2.0), Text("the ages", "年龄"), low=0, high=9),
    ),
    play=_play,
    claims=_claims,
    answer=Text("One. Two. Three.", "一。二。三。"),
)


@pytest.fixture(autouse=True)
def own(monkeypatch, tmp_path):
    """The experiment `own-one` among the others."""
    module = types.ModuleType("equilibria.lab.experiments.own_one")
    module.EXPERIMENT = OWN
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(CONTENTS, "own-one", Entry(1, Text("What is it?", "这是什么？"), 1))
    monkeypatch.chdir(tmp_path)


def test_the_same_seed_gives_the_same_record_whatever_was_drawn_before():
    first = eq.lab.run("own-one", slope=1.5)
    before = torch.get_rng_state()
    torch.rand(7)
    again, other = eq.lab.run("own-one", slope=1.5), eq.lab.run("own-one", slope=1.5, seed=1)
    assert first.numbers == again.numbers != other.numbers
    torch.set_rng_state(before)
    eq.lab.run("own-one")
    assert torch.equal(torch.get_rng_state(), before)  # playing leaves the caller's generator alone
    assert first.holds
    assert "4 of 4 claims hold" in repr(first)
    assert first._repr_png_().startswith(b"\x89PNG")


def test_settings_have_a_quick_and_a_full_value_and_what_is_asked_for():
    assert eq.lab.run("own-one").settings["count"] == 400
    assert eq.lab.run("own-one", full=True).settings["count"] == 900
    asked = eq.lab.run("own-one", full=True, count="7", ages="3,4", kind="b").settings
    assert (asked["count"], asked["ages"], asked["kind"]) == (7, (3.0, 4.0), "b")
    for settings, words in (
        ({"count": 0}, "--count is 0: it lies between 1 and 1000."),
        ({"count": 2.5}, "--count is '2.5': it must be a whole number."),
        ({"ages": (1, 10)}, "--ages is 10: it lies between 0 and 9."),
        ({"kind": "c"}, "--kind is 'c': it is one of a, b."),
        ({"slop": 1}, "--slop is not a setting of own-one. Did you mean 'slope'?"),
    ):
        with pytest.raises(Refusal, match=re.escape(words)):
            eq.lab.run("own-one", **settings)
    with pytest.raises(Refusal, match="Did you mean 'own-one'"):
        eq.lab.run("own-on")


def test_playing_can_be_watched_and_stopped():
    shares = []
    eq.lab.run("own-one", watch=Watch(shares.append))
    assert shares == [0.25, 0.5, 0.75, 1]
    with pytest.raises(Stopped):
        eq.lab.run("own-one", watch=Watch(stop=lambda: True))


def test_a_record_is_read_back_and_anything_else_refused():
    record = eq.lab.run("own-one")
    text = record.to_json()
    assert read_record(text, "it").to_json() == text
    assert read_record(text, "it").claims == record.claims
    for change in ({"opens": "x"}, {"frames": 3}, {"numbers": []}, {"format": 99}):
        with pytest.raises(Refusal):
            read_record(json.dumps(json.loads(text) | change), "it")
    for path in ("frames", "claims"):
        stored = json.loads(text)
        del stored[path][0]["figure" if path == "frames" else "holds"]
        with pytest.raises(Refusal):
            read_record(json.dumps(stored), "it")


def test_every_mark_is_drawn_and_stored():
    assert set(MARKS) == set(figure.MARKS)
    stored = figure.to_json(FIGURE)
    assert figure.to_json(figure.from_json(json.loads(json.dumps(stored)))) == stored
    empty = Figure(plain("none"), [Panel(plain("none"), X, Y, [])])
    for each in (FIGURE, empty):
        assert draw(each, "svg").count(b"</svg>") == 1
    assert draw(empty, "png", dark=True).startswith(b"\x89PNG")
    script = sheet._asset("drawing", "figure.js")
    assert dict(re.findall(r"(\w+): \"(#\w{6})\"", script.split("};")[0])) == COLORS


def test_the_verb_prints_theory_and_measurement_and_writes_each_format(capsys):
    assert main(["lab", "own-one", "--out", "a.json"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("What is it?\nAuthor (2020)\n")
    assert "≤ 50" in said
    assert "4 of 4 claims hold" in said
    assert eq.lab.run("own-one").numbers == read_record(Path("a.json").read_text(), "a.json").numbers
    for name, start in (("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.pdf", b"%PDF"), ("a.html", b"<!doctype")):
        assert main(["lab", "own-one", "--lang", "zh", "--out", name]) == 0
        assert Path(name).read_bytes().startswith(start)
    assert "4 条论断中 4 条成立" in capsys.readouterr().out
    assert main(["lab", "own-one", "--out", "a.png"]) == 2  # it exists
    assert main(["lab", "own-one", "--out", "a.txt"]) == 2
    assert main(["lab", "own-one", "--lang", "fr"]) == 2
    assert main(["lab", "all", "--slope", "1"]) == 2
    assert main(["lab", "own-one", "--bound", "-1"]) == 1
    assert "DOES NOT HOLD" in capsys.readouterr().out


def test_all_experiments_are_written_with_an_index(capsys, monkeypatch):
    for slug in [slug for slug in CONTENTS if slug != "own-one"]:
        monkeypatch.delitem(CONTENTS, slug)
    assert main(["lab", "all", "--out", "all"]) == 0
    assert 'href="own-one.html"' in Path("all/index.html").read_text()
    assert Path("all/own-one.svg").read_text().startswith("<?xml")
    assert "Open all/index.html" in capsys.readouterr().out


def test_the_command_of_a_page_plays_the_same_record():
    record = eq.lab.run("own-one", full=True, seed=3, count=20, ages=(4.0, 5.0))
    line = sheet.command(record)
    assert line == "equilibria lab own-one --full --seed 3 --count 20 --ages 4.0,5.0"
    assert main([*line.split()[1:], "--out", "b.json"]) == 0
    assert read_record(Path("b.json").read_text(), "b.json").numbers == record.numbers


def test_a_page_asks_for_nothing_outside_and_lets_nothing_in():
    page = sheet.page(eq.lab.run("own-one"))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert re.findall(r"https?://[^\"' ]+", page) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"\b(?:innerHTML|eval|onclick|onload)\b|<link|@import| style=", page)
    assert gzip.compress(page.encode())


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium here to open the page with")
def test_the_page_draws_every_mark_in_a_browser():
    Path("page.html").write_text(sheet.page(replace(eq.lab.run("own-one"), frames=(Frame(2.0, FIGURE),) * 3), "zh"))
    browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000", "--dump-dom"]
    page = subprocess.run([*browser, Path("page.html").resolve().as_uri()], capture_output=True, text=True).stdout
    assert page.count('class="panel"') == len(MARKS)
    assert page.count("<svg") >= len(MARKS)
    assert "标记 line" in page
    drawn = re.findall(r'class="marks">(.*?)</svg>', page, flags=re.S)
    assert [bool(inside) for inside in drawn] == [True] * len(MARKS)
    assert 'type="range"' in page


def test_what_was_played_is_written_even_if_the_next_is_stopped(monkeypatch):
    def stop(settings, watch):
        raise KeyboardInterrupt

    for slug in [slug for slug in CONTENTS if slug != "own-one"]:
        monkeypatch.delitem(CONTENTS, slug)
    module = types.ModuleType("equilibria.lab.experiments.own_two")
    module.EXPERIMENT = replace(OWN, play=stop)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(CONTENTS, "own-two", CONTENTS["own-one"])
    assert main(["lab", "all", "--out", "all"]) == 1
    assert {path.name for path in Path("all").iterdir()} == {"own-one.html", "own-one.json", "own-one.svg"}
