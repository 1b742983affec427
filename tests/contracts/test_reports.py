"""What reports promise: they need nothing but themselves, show what was measured, and escape what users name."""

import base64
import csv
import io
import re
import shlex
from dataclasses import replace
from html import unescape

import numpy as np
import PIL.Image
import pytest

from equilibria.apps.cli import main
from equilibria.core.errors import Refusal
from equilibria.evaluation.doctor.loss_meaning import read_back
from equilibria.evaluation.metrics.base import Measurement, Provenance
from equilibria.records.history import read_history
from equilibria.runs.session import train
from equilibria.studies import svg, wording
from equilibria.studies.compare.comparison_page import Study, comma_separated, html, metric_table
from equilibria.studies.compare.statistics import MetricRow
from equilibria.studies.compare.trial import Outcome, Result
from equilibria.studies.curves import metrics
from equilibria.studies.html import page, paragraph, picture, table
from equilibria.studies.run_page import report
from equilibria.studies.svg import Line, bars, curves, histogram, mean
from sessions import TINY, Silent

NASTY = '<img src="http://evil" onerror=alert(1)>&$x^2$'


def provenance(**said):
    told = {"metric": "distance", "data": "ring", "fingerprint": "f", "split": "held out", "real": 9, "generated": 9}
    more = {"features": "none", "digest": "", "resizing": "none", "seed": 0, "rule": "lowest", "averaged": True}
    return Provenance(**told | more | {"checkpoint": "best"} | said)


def study():
    values = {"gan:a": [1.0, 2.0, 3.5], NASTY: [0.5, 0.25, 1e-7]}
    seeds = {row: [0, 1, 2] for row in values}
    records = [provenance(checkpoint=end) for end in ("best", "last")]
    found = [MetricRow("ring", "distance", "lower", each, Measurement(0.1), values, seeds) for each in records]
    results = [
        Result(row, "ring", seed, None, Outcome("failed" if seed == 2 else "finished", f"Because of {NASTY}."), None)
        for row in values
        for seed in seeds[row]
    ]
    return Study(f"About {NASTY}", NASTY, f"compare {NASTY}", results, found, (f"Nothing of {NASTY}.",))


def test_what_users_name_is_text():
    for text in (html(study()), page(NASTY, paragraph(NASTY), table([NASTY], [[NASTY, NASTY]]))):
        assert "<img src=" not in text
        assert "&lt;img" in text


def test_drawings_take_any_name_and_ask_for_nothing():
    lines = [Line([1, 2, 3], [1.0, 20.0, 300.0], thick=True)]
    drawn = [
        curves(NASTY, NASTY, lines),
        bars(NASTY, NASTY, {NASTY: 1.0, "b": 2.0}, "#4477aa"),
        histogram(NASTY, NASTY, [0, 1, 2], [3, 4], mark=1.0),
    ]
    for each in drawn:
        assert "<img" not in each
        assert "://" not in each.replace("http://evil", "")
        assert "currentColor" in each
        assert "&lt;img" in each  # letters, not their outlines


def test_long_curves_are_small_drawings():
    x = np.arange(20_000)
    drawn = curves("long", "rounds", [Line(x, np.sin(x / 900) + x / 1e4) for _ in range(5)])
    assert len(drawn) < 100_000


def test_a_curve_of_one_point_is_visible():
    point, line = (curves("one", "rounds", [Line(x, x)]) for x in ([1.0], [1.0, 2.0, 3.0]))
    assert point.count("#4477aa") > line.count("#4477aa")


@pytest.mark.parametrize("lines", [[], [Line([0, 1], [float("nan"), float("inf")])]])
def test_without_a_point_there_is_no_chart(lines):
    assert curves("none", "rounds", lines) == ""


@pytest.mark.parametrize("heights", [[0.835, 0.836, 0.8355], [-500.0, -500.1], [1e-5, 1.01e-5], [0.0, 0.0], [7.0]])
def test_an_axis_spans_at_least_a_fifth_of_its_largest_value(heights):
    least, most = svg._range(heights)
    assert least < min(heights) <= max(heights) < most
    assert most - least >= 0.2 * max(map(abs, heights))


def test_an_axis_of_large_changes_is_theirs():
    assert svg._range([0.0, 10.0]) == pytest.approx((-0.5, 10.5))


def test_a_large_picture_is_compressed_to_what_a_page_can_hold(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), np.uint8)
    PIL.Image.fromarray(noise).save(tmp_path / "noise.png")
    for most in (60_000, 9_000):
        (data,) = re.findall(r"data:image/jpeg;base64,([^\"]*)", picture(tmp_path / "noise.png", "noise", most))
        content = base64.b64decode(data)
        assert len(content) <= most
        assert PIL.Image.open(io.BytesIO(content)).size[0] in (400, 200, 100, 50)
    assert "data:image/png" in picture(tmp_path / "noise.png", "noise")


def test_the_numbers_on_axes_are_not_rounded():
    drawn = curves("small", "rounds", [Line([0, 1], [0.005, 0.021])])
    assert {"0.005", "0.010", "0.020"} <= set(re.findall(r">([\d.]+)</text>", drawn))


def test_the_mean_of_curves_is_between_them_where_all_are_known():
    x, y = mean([[0, 2, 4], [1, 3]], [[0.0, 2.0, 4.0], [3.0, 5.0]])
    assert x == [1.0, 2.0, 3.0]
    assert y == [2.0, 3.0, 4.0]


def test_the_table_on_the_page_is_the_spreadsheet():
    known = study()
    head, body = metric_table(known, "ring")
    lines = list(csv.DictReader(io.StringIO(comma_separated(known.metrics))))
    for (metric, checkpoint, *cells), _ in zip(body, range(2), strict=True):
        for row, cell in zip(head[2:-1], cells, strict=False):
            (line,) = (each for each in lines if each["recipe"] == row and each["checkpoint"] == checkpoint)
            mean_shown, spread = cell.split("\n")
            assert mean_shown == wording.number(float(line["mean"]))
            assert spread == f"{wording.number(float(line['low']))} to {wording.number(float(line['high']))}"
            assert float(line["mean"]) == np.mean([float(value) for value in line["values"].split()])
        assert metric.startswith("distance")
        assert cells[-1] == "0.1"


def test_a_spreadsheet_names_what_it_was_measured_on():
    (line, *_) = csv.DictReader(io.StringIO(comma_separated(study().metrics)))
    assert line["split"] == "held out"
    assert line["rule"] == "lowest"


def test_a_failed_run_is_told_with_its_sentence():
    assert "Because of &lt;img" in html(study())


def test_pictures_are_within_the_page(tmp_path):
    PIL.Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    assert 'src="data:image/png;base64,iVBOR' in picture(tmp_path / "a.png", "a picture")


def test_samples_that_several_metrics_share_are_told_once():
    said = wording.provenance_lines(
        [provenance(), provenance(checkpoint="last", rule="the last round"), provenance(metric="kernel(degree=3)")]
    )
    assert said[0].startswith("distance; kernel(degree=3): ")
    assert said[1:] == ["Checkpoint best: lowest.", "Checkpoint last: the last round."]
    assert len(wording.provenance_lines([provenance(), provenance(seed=1)])) == 3


@pytest.mark.parametrize(
    ("value", "text"), [(1234567.0, "1,234,567"), (0.00012345, "0.000123"), (float("inf"), "infinite"), (None, "-")]
)
def test_numbers_have_three_digits(value, text):
    assert wording.number(value) == text


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    return train("wgan-gp", Silent(), name="one", runs=str(folder), **TINY | {"rounds": 30, "watch": 15}).folder


def test_the_page_of_a_run_needs_nothing_else(run, capsys):
    assert main(["report", str(run)]) == 0
    text = (run / "report.html").read_text()
    assert "://" not in text
    assert "<script" not in text
    assert re.findall(r'src="(?!data:)', text) == []
    assert "<h2>Doctor" in text
    assert "<h2>Diagnostics" in text
    assert text.count("data:image/png") == 2
    assert text.count("<svg") > 6
    places = [text.index(f"<h2>{title}") for title in ("Samples", "Facts", "Doctor", "Training curves", "Diagnostics")]
    assert places == sorted(places)
    assert ">points/s<" in text  # of the ring
    assert ">images" not in text
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", text)
    curves_of = [caption for caption in captions if "over" in caption]
    assert len(set(curves_of)) == len(curves_of) > 0
    (distance,) = read_back(read_history(run))
    assert distance in " ".join(capsys.readouterr().out.split())
    assert distance in unescape(text[text.index("critic's estimate") : places[-1]])
    assert f"dashed: as many real samples, {read_history(run).real_levels()['sliced_wasserstein']:.3g}" in text


def test_curves_show_the_level_of_real_data_if_it_is_the_same_for_all(run):
    with_level, other = read_history(run), read_history(run)
    assert "dashed" in metrics({"a": [with_level], "b": [other]})
    before = [{name: value for name, value in event.items() if name != "real"} for event in other.events]
    of_an_earlier_version = replace(other, events=before)
    assert "dashed" not in metrics({"a": [of_an_earlier_version]})
    assert "dashed" not in metrics({"a": [with_level], "b": [of_an_earlier_version]})
    level = curves("a", "rounds", [Line([0, 1], [3.0, 4.0])], 1.0)
    assert level.count("stroke-dasharray") == 1 + curves("a", "rounds", [Line([0, 1], [3.0, 4.0])]).count("dasharray")


def test_the_command_of_the_page_trains_the_same_again(run, tmp_path):
    (line,) = re.findall(r"<pre>(equilibria train .*?)</pre>", report(run, force=True).read_text())
    words = shlex.split(unescape(line))[1:]
    assert main([*words, "--runs", str(tmp_path), "--name", "again"]) == 0
    weights = [(folder / "model" / "weights.safetensors").read_bytes() for folder in (run, tmp_path / "again")]
    assert weights[0] == weights[1]


def test_a_page_that_was_named_is_not_replaced(run, tmp_path):
    out = tmp_path / "page.html"
    out.write_text("mine")
    with pytest.raises(Refusal, match="--force"):
        report(run, out)
    assert out.read_text() == "mine"
    assert "<svg" in report(run, out, force=True).read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


@pytest.mark.parametrize(("folder", "out", "sentence"), [("nix", None, "There is no run"), (None, "a.pdf", ".html")])
def test_what_cannot_be_reported_is_refused(run, tmp_path, folder, out, sentence):
    with pytest.raises(Refusal, match=sentence):
        report(tmp_path / folder if folder else run, out)
