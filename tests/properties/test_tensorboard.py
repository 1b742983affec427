"""TensorBoard is shown what the events say, from the round on at which a run is taken up."""

import sys

import pytest

from equilibria.core.errors import Refusal
from equilibria.runs.session import resume, train
from equilibria.runs.tensorboard import FOLDER, histograms, resume_tensorboard, scalars
from sessions import TINY, Silent, events

REPORT = {
    "kind": "report",
    "step": 2,
    "terms": {"critic": {"divergence": 1.5, "r1": 0.5}, "generator": {"divergence": 0.25}},
    "estimate": None,
    "rates": {"critic": 1e-3},
}
SLOPES = {"mean": 2.0, "edges": [0.0, 1.0, 3.0], "counts": [1.0, 3.0]}
DIAGNOSIS = {"kind": "diagnosis", "step": 2, "seen": {"scores": {"train": None, "told_apart": 1}, "slopes": SLOPES}}


def test_scalars_are_the_numbers_of_an_event_by_their_places():
    assert scalars(REPORT) == {
        "terms/critic/divergence": 1.5,
        "terms/critic/r1": 0.5,
        "terms/generator/divergence": 0.25,
        "rates/critic": 1e-3,
    }
    assert scalars({"kind": "measure", "metrics": {"frechet": 3.0}, "split": "held_out"}) == {"held_out/frechet": 3.0}
    assert scalars(DIAGNOSIS) == {"scores/told_apart": 1.0, "slopes/mean": 2.0}
    assert scalars({"kind": "stop", "step": 3, "reason": "done"}) == {}


def test_histograms_keep_edges_counts_and_moments():
    assert histograms(REPORT) == {}
    (found,) = histograms(DIAGNOSIS).values()
    assert (found["min"], found["max"], found["num"]) == (0, 3, 4)
    assert (found["sum"], found["sum_squares"]) == (0.5 + 3 * 2, 0.25 + 3 * 4)
    assert (found["bucket_limits"], found["bucket_counts"]) == ([1.0, 3.0], [1.0, 3.0])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run that was written for TensorBoard, taken up once."""
    wish = TINY | {"rounds": 12, "save_every": 6, "watch": 4, "tensorboard": True}
    folder = train("wgan-gp", Silent(), name="run", runs=tmp_path_factory.mktemp("runs"), **wish).folder
    resume(folder, Silent(), rounds=15)
    return folder


def test_tensorboard_reads_what_was_written(run):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    read = accumulator.EventAccumulator(str(run / FOLDER), {"histograms": 0, "images": 0, "scalars": 0})
    read.Reload()
    for kind in ("report", "measure", "diagnosis"):
        for event in (found := [event for event in events(run) if event["kind"] == kind]):
            for name, value in scalars(event).items():
                known = {scalar.step: scalar.value for scalar in read.Scalars(name)}
                assert known[event["step"]] == pytest.approx(value, rel=1e-5)
        assert found
    sheets = [event["step"] for event in events(run) if event["kind"] == "sample"]
    assert [image.step for image in read.Images("samples")] == sheets
    assert [histogram.step for histogram in read.Histograms("slopes")] == [4, 8, 12, 15]


def test_without_the_library_the_run_is_refused_before_it_begins(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(Refusal, match=r"pip install equilibria\[tensorboard\]"):
        train("gan-ns", Silent(), data="ring", rounds=2, tensorboard=True, runs=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_the_library_a_run_is_resume_tensorboard_all_the_same(run, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    display = Silent()
    assert resume_tensorboard(display, run, 15) is display
    assert "are not continued" in display.said[0]
    assert resume_tensorboard(display, tmp_path, 15) is display
    assert len(display.said) == 1
