"""What evaluating a run promises: records, floors, the right samples, nothing touched, and sentences for the rest."""

import csv
import dataclasses
import hashlib
import json
import re
import shlex
import shutil

import numpy as np
import PIL.Image
import pytest
import torch

from equilibria.apps.cli import main
from equilibria.core.errors import Failure, Refusal
from equilibria.core.stored import require
from equilibria.data import load_data
from equilibria.data.dataset import digest
from equilibria.evaluation.features.classifier import train as train_classifier
from equilibria.evaluation.metrics.base import Measurement, Provenance, comparable, differences
from equilibria.evaluation.metrics.wasserstein import frechet_distance, sliced_wasserstein
from equilibria.models.load import load
from equilibria.runs.selection import reporting, selection
from equilibria.runs.session import train
from equilibria.studies import wording
from equilibria.studies.evaluate import evaluate
from equilibria.studies.metric_specs import read_specs, split_metrics
from equilibria.studies.results import Evaluation, MetricValue, read_evaluation
from equilibria.studies.sample_sets import real_samples
from sessions import TINY, Silent

FEW = ("frechet", "sliced_wasserstein(directions=16)")
COUNT = 200
SMALL = TINY | {"rounds": 30, "save_every": 10}


def quiet(_):
    """Nobody listens."""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run on points."""
    runs = tmp_path_factory.mktemp("runs")
    train("gan", Silent(), runs=str(runs), name="points", **SMALL | {"rounds": 40})
    return runs / "points"


@pytest.fixture(scope="module")
def evaluated(run):
    return evaluate(run, FEW, count=COUNT, seed=3, say=quiet)


@pytest.fixture(scope="module")
def asked_run(tmp_path_factory):
    """A run that is told classes, and the classifier of its data."""
    runs = tmp_path_factory.mktemp("runs")
    train_classifier(load_data("digits"), epochs=4)
    train("cgan", Silent(), runs=str(runs), name="told", **SMALL | {"data": "digits", "rounds": 10})
    return runs / "told"


def test_every_number_carries_a_whole_record(run, evaluated):
    data = load_data("ring")
    assert {number.provenance.checkpoint for number in evaluated.numbers} == {"best", "last"}
    for number in evaluated.numbers:
        provenance = number.provenance
        assert (provenance.data, provenance.fingerprint) == (data.name, digest(data))
        assert (provenance.real, provenance.generated, provenance.seed, provenance.averaged) == (COUNT, COUNT, 3, True)
        assert "reporting part" in provenance.split
        assert number.floor is not None
    best, last = evaluated.of("frechet", "best"), evaluated.of("frechet", "last")
    by = "sliced_wasserstein of 1,024 held-out samples, the selection part"
    assert best.provenance.rule == f"the newest within chance of the lowest {by}"
    assert last.provenance.rule == "the last round"
    assert last.round == 40
    assert evaluated.of("sliced_wasserstein", "best").provenance.metric == "sliced_wasserstein(directions=16)"
    assert evaluated.of("sliced_wasserstein", "best").provenance.features in ("none", "pixels")


def test_numbers_are_those_of_the_checkpoints_beside_held_out_data_that_nothing_was_chosen_by(run, evaluated):
    data = load_data("ring")
    places = reporting(data)[:COUNT]
    real = data.space.encode(data.held_out[places])
    rounds = evaluate(run, ["frechet"], count=COUNT, checkpoints=("20", "30"), seed=3, say=quiet)
    for which, found in {"best": evaluated, "last": evaluated, "20": rounds, "30": rounds}.items():
        fake = load(run, which).sample(COUNT, seed=3)
        assert found.of("frechet", which).value == pytest.approx(frechet_distance(real, fake), rel=1e-6)
    assert not set(places.tolist()) & set(selection(data).tolist())


def test_the_floor_is_the_same_of_training_samples_that_nothing_else_uses():
    data = load_data("ring")
    compared = real_samples(data, COUNT)
    assert len(compared.floor.x) == COUNT
    rows = {tuple(row) for row in compared.floor.x.tolist()}
    assert not rows & {tuple(row) for row in compared.train.x.tolist()}
    assert not rows & {tuple(row) for row in compared.real.x.tolist()}


def test_what_was_kept_is_what_was_found(run):
    assert evaluate(run, FEW, count=COUNT, say=quiet) == read_evaluation(run)
    told = json.loads((run / "metrics.json").read_text("utf-8"))
    assert told["format"] == 1
    assert not list(run.glob(".metrics*"))


def test_evaluating_touches_nothing_but_its_own_file(run):
    def state():
        files = (path for path in sorted(run.rglob("*")) if path.is_file() and path.name != "metrics.json")
        return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    before, drawn = state(), torch.get_rng_state()
    first = evaluate(run, FEW, count=COUNT, say=quiet)
    assert state() == before
    assert torch.equal(torch.get_rng_state(), drawn)
    torch.rand(3)
    assert evaluate(run, FEW, count=COUNT, say=quiet) == first


def test_another_seed_draws_other_samples(run, evaluated):
    other = evaluate(run, FEW, count=COUNT, seed=4, say=quiet)
    assert other.of("frechet", "last").value != evaluated.of("frechet", "last").value
    assert other.of("frechet", "last").floor == evaluated.of("frechet", "last").floor
    assert set(differences(other.numbers[0].provenance, evaluated.numbers[0].provenance)) == {"seed"}


def test_records_that_differ_do_not_stand_in_one_column(run, evaluated):
    other = evaluate(run, FEW, count=COUNT + 1, seed=3, say=quiet)
    pairs = [("one", evaluated), ("another", other)]
    with pytest.raises(Refusal, match="real is 200 for one and 201 for another; generated is 200 for one and 201"):
        comparable({name: each.of("frechet", "best").provenance for name, each in pairs})


def test_every_field_of_a_record_counts(evaluated):
    provenance = evaluated.numbers[0].provenance
    for field in dataclasses.fields(Provenance):
        other = dataclasses.replace(provenance, **{field.name: "other"})
        with pytest.raises(Refusal, match=f"{field.name} is "):
            comparable({"a": provenance, "b": provenance, "c": other})
        with pytest.raises(Refusal, match=f"here: {field.name} is missing"):
            require({k: v for k, v in provenance.to_dict().items() if k != field.name}, Provenance, "here")


def test_a_notebook_shows_a_table(evaluated):
    text = evaluated._repr_html_()
    assert all(f"<td>{name}</td>" in text for name in evaluated.names())


def test_numbers_without_end_survive_being_kept(tmp_path, evaluated):
    provenance = evaluated.numbers[0].provenance
    endless = MetricValue("reverse_kl", float("inf"), None, "lower", 3, Measurement(0.1, 0.02), provenance)
    Evaluation((endless, dataclasses.replace(endless, floor=None))).write(tmp_path / "metrics.json")
    assert read_evaluation(tmp_path).numbers == (endless, dataclasses.replace(endless, floor=None))
    assert "Infinity" not in (tmp_path / "metrics.json").read_text("utf-8")


MINE = """
from equilibria.evaluation.metrics.base import Measurement, Metric

def gap(data, *, scale=1.0):
    def measure(sets):
        return {"gap": Measurement(scale * float((sets.real.mean() - sets.fake.mean()).abs()))}

    return Metric(measure, "samples")

def reversed(data):
    def measure(sets):
        return {"likeness": Measurement(-float((sets.real.mean() - sets.fake.mean()).abs()))}

    return Metric(measure, "samples")

def constant(data):
    return Metric(lambda sets: {"constant": Measurement(1.0)}, "samples")

def nothing(data):
    return Metric(lambda sets: {"nothing": Measurement(float("nan"))}, "samples", {"nothing": "neither"})
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    (tmp_path / "my_metrics_here.py").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("mine")
def test_a_metric_of_ones_own_is_measured_by_name(run):
    found = evaluate(run, ["my_metrics_here:gap(scale=2)"], count=COUNT, say=quiet)
    assert found.names() == ["gap"]
    assert found.numbers[0].provenance.metric == "my_metrics_here:gap(scale=2)"


@pytest.mark.usefixtures("mine")
@pytest.mark.parametrize("name", ["reversed", "constant", "nothing"])
def test_a_metric_that_fails_its_self_test_has_no_number_printed(name, run):
    shutil.rmtree(run / "metrics.json", ignore_errors=True)
    (run / "metrics.json").unlink(missing_ok=True)
    with pytest.raises(Failure, match=f"my_metrics_here:{name} fails its self-test"):
        evaluate(run, ["frechet", f"my_metrics_here:{name}"], count=COUNT, say=quiet)
    assert not (run / "metrics.json").exists()


def test_the_same_round_is_measured_once_and_named_twice(tmp_path):
    folder = tmp_path / "short"
    train("gan", Silent(), runs=str(tmp_path), name="short", **SMALL | {"rounds": 2})
    found = evaluate(folder, FEW, count=COUNT, say=quiet)
    for name in found.names():
        best, last = found.of(name, "best"), found.of(name, "last")
        if best.round == last.round:
            assert (best.value, best.floor) == (last.value, last.floor)
        assert set(differences(best.provenance, last.provenance)) == {"checkpoint", "rule"}


def test_a_model_with_a_likelihood_is_asked_for_it(tmp_path):
    train("vae", Silent(), runs=str(tmp_path), name="vae", **SMALL_VAE)
    found = evaluate(tmp_path / "vae", ["nll(k=4, count=20)", "sliced_wasserstein"], count=50, say=quiet)
    number = found.of("nll", "last")
    assert number.error > 0
    assert number.floor is None
    assert (number.provenance.real, number.provenance.generated) == (20, 0)
    assert number.provenance.metric == "nll(k=4, count=20)"


SMALL_VAE = {"data": "digits", "rounds": 4, "batch": 16, "threads": 1, "matmul": "default", "save_every": 2} | {
    f"{role}.width": 8 for role in ("generator", "encoder")
}


def test_a_conditional_model_is_asked_whether_it_makes_what_it_is_told(asked_run):
    found = evaluate(asked_run, ["frechet"], features="classifier", count=60, say=quiet)
    number = found.of("asked_share", "last")
    assert number.better == "higher"
    assert 0 <= number.value <= 1
    assert number.floor.value > 0.85
    assert number.provenance.features == "classifier of digits"


def test_metrics_that_so_few_samples_say_nothing_of_are_left_out_by_name_unless_named(run):
    found = evaluate(run, count=27, checkpoints=["last"], say=quiet)
    assert {"precision_recall", "two_samples", "held_out_critic"} <= set(found.left_out)
    assert "200 samples of each kind are needed, and there are 27" in found.left_out["held_out_critic"]
    assert not {"precision", "two_samples", "held_out_critic"} & set(found.names())
    assert {"modes", "kernel", "sliced_wasserstein"} <= set(found.names())
    assert read_evaluation(run).left_out == found.left_out
    (advice,) = [note for note in found.notes if "nevertheless" in note]
    name = re.search("`--metrics (.*?)`", advice)[1]
    assert name in found.left_out
    forced = evaluate(run, [name], count=27, checkpoints=["last"], say=quiet)
    assert forced.numbers
    assert not forced.left_out


def test_costs_are_said_before_and_the_defaults_keep_to_their_time(run):
    said = []
    found = evaluate(run, checkpoints=["last"], budget="0.001s", say=said.append)  # too little for all but the first
    (expected,) = [text for text in said if text.startswith("Expected time")]
    assert "modes" in expected
    assert "at most" in expected
    assert {"kernel", "two_samples", "sliced_wasserstein", "held_out_critic"} <= set(found.left_out)
    assert all(reason.startswith("it takes about") for reason in found.left_out.values())
    assert {"modes"} <= set(found.names()) <= {"modes", "high_quality", "reverse_kl"}
    assert {value.provenance.generated for value in found.numbers} == {1000}
    assert any("1,000 samples instead of" in text for text in said)
    forced = evaluate(run, ["sliced_wasserstein"], count=27, checkpoints=["last"], budget="0.001s", say=quiet)
    assert forced.names() == ["sliced_wasserstein"]
    for budget in ("9images", "soon"):
        with pytest.raises(Refusal, match=f"budget is '{budget}'"):
            evaluate(run, budget=budget, say=quiet)


@pytest.mark.parametrize(("name", "own"), [("fid", "frechet"), ("KID", "kernel")])
def test_names_that_belong_to_inception_are_explained_and_measured_as_what_they_are(name, own, run):
    said = []
    found = evaluate(run, [name], count=COUNT, checkpoints=["last"], say=said.append)
    assert found.names() == [own]
    assert any(f"{name.upper()} is {own} on the features of one published network" in text for text in said)


def drawn(count, seed=0, side=12, noise=0):
    """Squares of one gray each, somewhere on black: (count, side, side) uint8."""
    draws = np.random.default_rng(seed)
    x = np.zeros((count, side, side))
    for picture, row, column in zip(x, *draws.integers(0, side // 2, (2, count)), strict=True):
        picture[row : row + side // 2, column : column + side // 2] = 200
    return (x + noise * draws.standard_normal(x.shape)).clip(0, 255).astype(np.uint8)


def saved(folder, x, suffix="png"):
    folder.mkdir()
    for i, picture in enumerate(x):
        PIL.Image.fromarray(picture).save(folder / f"{i:03}.{suffix}")
    return str(folder)


def test_samples_like_the_real_ones_score_as_these_do_and_noise_does_not():
    real, alike, noisy = drawn(60), drawn(40, seed=1), drawn(40, seed=1, noise=80)
    metrics = ["frechet", "sliced_wasserstein"]
    good, bad = (evaluate(x, metrics, against=real, say=quiet) for x in (alike, noisy))
    for name in metrics:
        (value,), (other,) = ([each for each in found.numbers if each.name == name] for found in (good, bad))
        assert (value.provenance.real, value.provenance.generated) == (30, 30)
        assert value.value < 1.3 * value.floor.value < other.value


def test_the_same_samples_score_the_same_wherever_they_are(tmp_path):
    made, real = drawn(12, seed=1), drawn(24)
    np.save(tmp_path / "made.npy", made)
    np.savez(tmp_path / "real.npz", images=real / 255)
    folders = saved(tmp_path / "made", made), saved(tmp_path / "real", real)
    pairs = [folders, (tmp_path / "made.npy", tmp_path / "real.npz"), (torch.from_numpy(made), folders[1])]
    scores = [evaluate(one, ["sliced_wasserstein"], against=other, say=quiet).numbers[0] for one, other in pairs]
    assert len({(score.value, score.floor) for score in scores}) == 1


def test_a_run_is_measured_against_data_and_against_its_own_samples(run):
    data, before = load_data("ring"), (run / "metrics.json").exists()
    found = evaluate(run, ["sliced_wasserstein"], against="ring", count=50, say=quiet).numbers[0]
    assert found.value == pytest.approx(sliced_wasserstein(real_samples(data, 50).real.x, load(run).sample(50)))
    again = evaluate(load(run), ["sliced_wasserstein"], against=run, count=50, say=quiet).numbers[0]
    assert again.value < 2 * again.floor.value
    assert (run / "metrics.json").exists() == before


def test_what_sets_two_folders_apart_beside_their_samples_is_said(tmp_path, capsys):
    made = saved(tmp_path / "made", drawn(12, seed=1))
    real = saved(tmp_path / "real", np.stack([drawn(20, side=30)] * 3, axis=-1), "jpg")
    assert main(["evaluate", made, "--against", real]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    for words in (
        f"{made} folder 12 PNG (12) 12 x 12 as they are",
        f"{real} folder 20 JPEG (20) 30 x 30 resized to 12 x 12",
        f"{real} shrunk from 30 x 30 and the other not",
        "is PNG and",
        f"Without color are 100 % of {made} and 0 %",
        "frechet of 10 samples with 64 features each is mostly bias",
        "100 samples of each kind are needed, and there are 10",
    ):
        assert words in printed
    equal = evaluate(made, ["sliced_wasserstein"], against=made, say=quiet)
    assert any("equal samples of" in note for note in equal.notes)
    assert not any("Resized" in note or "formats" in note for note in equal.notes)


def test_classes_of_both_sets_are_compared_and_all_is_written_with_cards(tmp_path, capsys):
    gray = {name: 20 + 60 * i for i, name in enumerate(("ant", "bee", "cow"))}
    for part, count in (("made", 40), ("real", 80)):
        for i, name in enumerate(gray):
            (tmp_path / part).mkdir(exist_ok=True)
            shown = gray["cow"] if (part, name) == ("made", "bee") else gray[name]
            noise = np.random.default_rng([count, i]).integers(0, 30, (count, 8, 8))
            few = 12 if (part, name) == ("made", "cow") else count
            saved(tmp_path / part / name, (shown + noise).astype(np.uint8)[:few])
    made, real = str(tmp_path / "made"), str(tmp_path / "real")
    files = [tmp_path / "numbers.json", tmp_path / "numbers.csv"]
    words = ["evaluate", made, "--against", real, "--features", "classifier", "--metrics", "frechet"]
    for file in files:
        assert main([*words, "--out", str(file)]) == 0
        assert f"Written: {file}" in " ".join(capsys.readouterr().out.split())
    stored = json.loads(files[0].read_text())
    share = next(value for value in stored["numbers"] if value["name"] == "asked_share")
    assert share["value"] == pytest.approx(52 / 92)  # bees are cows
    apart = {value["class"]: value for value in stored["numbers"] if "class" in value}
    assert set(apart) == {"ant", "bee"}
    assert apart["bee"]["value"] - apart["bee"]["floor"]["value"] > apart["ant"]["value"]
    assert "fewer than 20 samples" in stored["left_out"]["class cow"]
    assert share["floor"]["value"] > 0.95
    assert [card["compared"] for card in stored["cards"].values()] == ["as they are"] * 2
    rows = list(csv.DictReader(files[1].read_text().splitlines()))
    assert [row["name"] for row in rows] == [value["name"] for value in stored["numbers"]]
    assert float(rows[0]["floor.value"]) == stored["numbers"][0]["floor"]["value"]
    assert (rows[0]["card.checkpoint"], rows[0]["samples.count"], rows[0]["real.count"]) == (made, "92", "240")
    assert main([*words, "--out", str(files[0])]) == 2
    assert "exists: choose another --out" in capsys.readouterr().err
    (tmp_path / "made" / "bee").rename(tmp_path / "made" / "wasp")
    assert main(words) == 0
    assert "has wasp, which" in (printed := " ".join(capsys.readouterr().out.split()))
    assert "asked_share" not in printed


def test_samples_in_place_of_runs_are_refused_with_a_line_that_works(tmp_path, capsys, monkeypatch):
    saved(tmp_path / "made it", drawn(12, seed=1))
    saved(tmp_path / "real", drawn(20))
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", "made it", "--data", "real"]) == 2
    assert "write --against" in capsys.readouterr().err
    for words in (["compare", "made it", "real"], ["evaluate", "made it"]):
        assert main(words) == 2
        refusal = capsys.readouterr().err
        assert refusal.count("\n") == 1
        line = re.search("`equilibria (.*?)`", refusal)[1].replace("REAL", "real")
        assert main(shlex.split(line)) == 0
        assert "sliced_wasserstein" in capsys.readouterr().out


APART = [
    ({"against": "real", "checkpoints": ("best",)}, "--checkpoints does not apply"),
    ({"against": "real", "size": 2}, "size is 2"),
    ({"against": "real", "count": 10**11}, "for the floor: at least 100,000,000,000 and 200,000,000,000 are needed"),
    ({"against": "real.npy", "size": 8}, "--size applies where both are folders"),
    ({"against": "ring"}, "folder of images can have"),
    ({"against": "nothing"}, "nothing is at"),
    ({"against": "real", "metrics": ["memorization"]}, "the training samples are needed to find copies"),
    ({"size": 8}, "holds samples and is no run"),
]


@pytest.mark.parametrize(("keywords", "sentence"), APART, ids=[sentence for _, sentence in APART])
def test_sets_that_cannot_be_compared_are_refused(keywords, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    saved(tmp_path / "made", drawn(12, seed=1))
    saved(tmp_path / "real", drawn(20))
    np.save("real.npy", drawn(20))
    with pytest.raises(Refusal, match=re.escape(sentence)):
        evaluate("made", say=quiet, **keywords)


WRONG = [
    (["runs/none"], "There is no run in runs/none"),
    (["{run}", "--metrics", "frechte"], "No metric is called 'frechte'. Did you mean 'frechet'?"),
    (["{run}", "--metrics", "kernel(degre=2)"], "Did you mean 'degree'?"),
    (["{run}", "--metrics", "kernel(degree=two)"], "it must be a whole number"),
    (["{run}", "--metrics", "kernel(2)"], "does not say which option is '2'"),
    (["{run}", "--metrics", "nll"], "nll needs a model with a likelihood and an encoder"),
    (["{run}", "--metrics", "stacked_modes"], "has no stacked digits"),
    (["{run}", "--features", "pixles"], "Did you mean 'pixels'?"),
    (["{run}", "--features", "classifier"], "has no images"),
    (["{run}", "--features", "random(sede=1)"], "Did you mean 'seed'?"),
    (["{run}", "--count", "3"], "count is 3: "),
    (["{run}", "--count", "100000000"], "allows 16 to "),
    (["{run}", "--count", "100000000000"], "count is 100,000,000,000"),
    (["{run}", "--checkpoints", "bset"], "checkpoint is 'bset': it must be best, last"),
    (["{run}", "--checkpoints", "7777"], "has no checkpoint of round 7,777"),
    (["{run}", "--metric", "frechet"], "Did you mean '--metrics'?"),
]


@pytest.mark.parametrize(("said", "sentence"), WRONG, ids=[" ".join(said) for said, _ in WRONG])
def test_what_cannot_be_measured_is_refused_in_a_sentence(said, sentence, run, capsys):
    said = [word.format(run=run) for word in said]
    assert main(["evaluate", *said]) == 2
    told = capsys.readouterr()
    assert sentence in told.err
    assert told.err.count("\n") == 1


def test_a_checkpoint_that_is_missing_is_refused_before_data_are_read(run):
    said = []
    with pytest.raises(Refusal, match="has no checkpoint of round 99"):
        evaluate(run, ["no such metric"], checkpoints=["99"], say=said.append)
    assert said == []


def test_a_run_without_checkpoints_is_refused(run, tmp_path):
    shutil.copytree(run, other := tmp_path / "other")
    shutil.rmtree(other / "checkpoints")
    with pytest.raises(Refusal, match="has no checkpoints"):
        evaluate(other, FEW, say=quiet)


def test_training_samples_stand_for_held_out_ones_where_these_are_few():
    data = load_data("digits")
    for held_out, count in ((20, 60), (1, 11)):
        few = dataclasses.replace(data, x=data.x[:count], held_out=data.held_out[:held_out])
        compared = real_samples(few, 0)
        rows, floor = ({tuple(row.flatten().tolist()) for row in each.x} for each in (compared.real, compared.floor))
        assert rows | floor <= {tuple(row.flatten().tolist()) for row in data.space.encode(few.x)}
        assert not rows & floor
        assert len(compared.real.x) == len(compared.floor.x) == count // 2
        assert "A model that copies these scores best" in compared.remark
    with pytest.raises(Refusal, match="a count of 6: --count can be 5 to 5"):
        real_samples(few, 6)
    with pytest.raises(Refusal, match=r"'digits' has 9 training samples and 10 held out for reports.*add samples"):
        real_samples(dataclasses.replace(data, x=data.x[:9], held_out=data.held_out[:20]), 0)


def test_a_run_on_few_pictures_is_evaluated_with_a_word_on_how_little_that_means(tmp_path, capsys):
    pictures = saved(tmp_path / "few", drawn(20, side=8))
    folder = str(tmp_path / "run")
    train("gan-ns", Silent(), runs=str(tmp_path), name="run", **SMALL | {"data": pictures, "rounds": 2, "batch": 8})
    assert main(["evaluate", folder, "--checkpoints", "last"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    for words in ("training samples stand for them", "say little", "memorization: the training samples are needed"):
        assert words in printed
    line = re.search("`equilibria (evaluate .* --against MORE/)`", printed)[1]
    assert main(shlex.split(line.replace("MORE/", saved(tmp_path / "more", drawn(12, seed=7, side=8))))) == 0


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "has not been evaluated: run `equilibria evaluate"),
        ("{", "cannot be read"),
        ("[]", "metrics.json is \\[\\]: it must be an object. Evaluate the run again"),
        ('{"step": 3, "metrics": {}}', "metrics.json: numbers is missing: it must be a list. Evaluate the run again"),
        ('{"format": 2, "numbers": []}', "upgrade equilibria"),
        ('{"format": 1, "numbers": [{"name": "frechet"}]}', "Evaluate the run again"),
    ],
)
def test_numbers_that_cannot_be_read_are_refused(content, sentence, tmp_path):
    if content is not None:
        (tmp_path / "metrics.json").write_text(content)
    with pytest.raises(Refusal, match=sentence):
        read_evaluation(tmp_path)


def test_the_table_shows_the_floor_beside_both_checkpoints(run, evaluated, capsys):
    heads, *rows = wording.evaluation_table(evaluated)
    assert heads[:4] == ("metric", "", "floor", f"best (round {evaluated.of('frechet', 'best').round})")
    assert [row[0] for row in rows] == evaluated.names()
    assert rows[0][1] == "↓"
    assert main(["evaluate", str(run), "--metrics", ", ".join(FEW), "--count", str(COUNT)]) == 0
    printed = " ".join(capsys.readouterr().out.split())  # however wide the page
    for word in ("frechet", "floor", "last (round 40)", "reporting part", "lowest sliced_wasserstein", "metrics.json"):
        assert word in printed


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (Measurement(12.3456), "12.3"),
        (Measurement(12.3456, 0.2149), "12.35 ± 0.21"),
        (Measurement(0.00123, 0.00045), "0.00123 ± 0.00045"),
        (Measurement(-1e-17), "0"),
        (Measurement(float("inf")), "infinite"),
        (Measurement(1234.5, 31.0), "1,234 ± 31"),
        (Measurement(1.0, 0.0), "1 ± 0"),
    ],
)
def test_numbers_are_shown_as_far_as_they_are_known(figure, text):
    assert wording.number(*figure) == text


def test_metrics_are_parted_where_no_parenthesis_holds_the_comma():
    assert split_metrics("frechet, kernel(degree=2, size=100),,nll") == ["frechet", "kernel(degree=2, size=100)", "nll"]
    known = read_specs(["kernel(degree=2, gamma=0.5)", {"name": "frechet"}], load_data("ring"))
    assert known == [{"name": "kernel", "degree": 2, "gamma": 0.5}, {"name": "frechet"}]
