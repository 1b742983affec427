"""What the verbs on latents promise on the command line: whole files, the answers of the methods, and sentences."""

import csv

import numpy as np
import PIL.Image
import pytest
import torch

import equilibria as eq
from equilibria.apps.cli import main
from equilibria.core.errors import Refusal
from equilibria.data import load_data
from equilibria.models.output import KINDS, write

TINY = ["--threads", "1", "--matmul", "default", "--batch", "8", "--rounds", "2", "--generator", "dense"]
QUICK = {"invert": ["--steps", "5", "--starts", "2", "--count", "3"], "attribute": ["--steps", "3"]}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def trained(place, recipe, *words):
    """The folder of a run of two rounds."""
    said = ["train", recipe, "--runs", str(place), "--name", recipe, *TINY, *words]
    assert main(said) == 0
    return place / recipe


@pytest.fixture(scope="module")
def vae(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("runs"), "vae", "--encoder", "dense")


@pytest.fixture(scope="module")
def gan(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("runs"), "gan-ns", "--critic", "dense", "--conditional")


def said(verb, run, *words):
    return main([verb, str(run), *QUICK.get(verb, []), *words])


def test_pictures_are_those_of_the_answers(vae, capsys):
    model = eq.load(vae)
    assert said("interpolate", vae, "--start", "0,1", "--end", "5", "--steps", "4", "--seed", "2") == 0
    assert "8 samples in 2 rows.\nWritten: interpolation.png (seed 2)\n" in capsys.readouterr().out
    assert said("arithmetic", vae, "--a", "0..3") == 0
    assert "(0..3) - (3,4,5) + (6,7,8), means of 4, 3 samples.\nWritten: arithmetic.png" in capsys.readouterr().out
    assert said("traverse", vae, "--coordinates", "0..2") == 0
    assert said("reconstruct", vae) == 0
    assert "32 samples reconstructed: mean squared error" in capsys.readouterr().out
    expected = {
        "interpolation": model.interpolate([0, 1], 5, steps=4, seed=2),
        "arithmetic": model.arithmetic("0..3"),
        "traversal": model.traverse(coordinates=[0, 1, 2]),
        "reconstruction": model.reconstruct("digits"),
    }
    for name, answer in expected.items():
        np.testing.assert_array_equal(np.asarray(PIL.Image.open(f"{name}.png")), np.asarray(answer.picture()))


@pytest.mark.parametrize("verb", [verb for verb, kinds in KINDS.items() if ".npz" in kinds and verb != "features"])
def test_arrays_are_those_of_the_answers_and_can_be_read_without_running_code(verb, vae):
    assert said(verb, vae, "--out", "some.npz") == 0
    with np.load("some.npz", allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored}
    assert {"encode": "latents", "attribute": "directions"}.get(verb, "samples") in arrays
    if verb not in QUICK:
        for name, values in getattr(eq.load(vae), verb)().arrays().items():
            np.testing.assert_array_equal(arrays[name], values)


def test_codes_as_a_table_are_those_of_the_array(vae):
    for out in ("codes.csv", "codes.npz"):
        assert said("encode", vae, "digits", "--part", "train", "--out", out) == 0
    with open("codes.csv", newline="") as file:
        (titles, *lines) = csv.reader(file)
    stored = np.load("codes.npz")
    assert [line[0] for line in lines] == stored["files"].tolist()
    numbers = np.array([line[1:] for line in lines], dtype=np.float32)
    np.testing.assert_array_equal(numbers, np.concatenate([stored["latents"], stored["deviations"]], axis=1))
    assert titles[0] == "file"
    assert len(titles) == 1 + numbers.shape[1]


def test_what_one_verb_writes_another_reads(vae):
    assert said("invert", vae, "digits", "--out", "found.npz") == 0
    assert said("interpolate", vae, "--start", "found.npz", "--end", "0", "--out", "rows.npz") == 0
    rows = np.load("rows.npz")
    np.testing.assert_array_equal(rows["latents"][::9], np.load("found.npz")["latents"])
    np.testing.assert_array_equal(rows["samples"][::9], np.load("found.npz")["samples"])
    np.testing.assert_array_equal(rows["row"], np.repeat([0, 1, 2], 9))


def test_directions_have_a_sheet_beside_them(vae, tmp_path):
    (tmp_path / "seen.csv").write_text("sample,smiles\n0,yes\n1,no\n2,yes\n3,no\n")
    assert said("attribute", vae, "seen.csv") == 0
    assert np.load("directions.npz")["names"].tolist() == ["no", "yes"]
    answer = eq.load(vae).attribute("seen.csv", steps=3)
    np.testing.assert_array_equal(np.asarray(PIL.Image.open("directions.png")), np.asarray(answer.picture()))


@pytest.mark.parametrize("verb", [verb for verb, kinds in KINDS.items() if ".npz" in kinds and verb != "features"])
def test_no_verb_writes_over_what_is_there_unless_insisted(verb, vae, tmp_path, capsys):
    out = f"some{KINDS[verb][0]}"
    (tmp_path / out).write_text("mine")
    assert said(verb, vae, "--out", out) == 2
    assert "--force" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [out]
    assert (tmp_path / out).read_text() == "mine"
    assert said(verb, vae, "--out", out, "--force") == 0
    assert (tmp_path / out).read_bytes() != b"mine"


@pytest.mark.parametrize("verb", ["interpolate", "attribute"])
def test_without_a_name_output_never_collides(verb, vae, tmp_path, capsys):
    stem = {"interpolate": "interpolation", "attribute": "directions"}[verb]
    (tmp_path / f"{stem}.png").write_text("mine")  # of directions.npz, the picture
    for number in (2, 3):
        assert said(verb, vae) == 0
        assert f"{stem}-{number}{KINDS[verb][0]}" in capsys.readouterr().out
    names = {f"{stem}{number}{suffix}" for number in ("-2", "-3") for suffix in {KINDS[verb][0], ".png"}}
    assert {path.name for path in tmp_path.iterdir()} == names | {f"{stem}.png"}
    assert (tmp_path / f"{stem}.png").read_text() == "mine"


@pytest.mark.parametrize(
    ("verb", "words", "sentence"),
    [
        ("interpolate", ["--out", "some.jpg"], "end it in .png or .npz"),
        ("encode", ["--out", "some.png"], "end it in .npz or .csv"),
        ("attribute", ["--out", "some.png"], "end it in .npz"),
        ("interpolate", ["--way", "curved"], "No way of interpolation is called 'curved'"),
        ("interpolate", ["--start", "0..200", "--end", "5"], "holds 100 rows at most"),
        ("interpolate", ["--label", "12"], "no class '12'"),
        ("interpolate", ["--checkpoint", "worst"], "checkpoint is 'worst'"),
        ("traverse", ["--coordinates", "9999"], "no coordinate 9999"),
        ("reconstruct", ["digits"], "This model has no encoder: use `invert`"),
        ("encode", ["digits"], "This model has no encoder: use `invert`"),
        ("attribute", ["digits"], "This model has no encoder to locate labeled samples"),
        ("invert", ["digits", "--distance", "far"], "No distance is called 'far'"),
        ("invert", ["nowhere"], "nothing is at"),
    ],
)
def test_what_cannot_be_served_is_said_in_a_sentence_and_nothing_is_written(
    verb, words, sentence, gan, tmp_path, capsys
):
    assert said(verb, gan, *words) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_truncated_samples_are_those_of_the_model(gan, capsys):
    assert main(["sample", str(gan), "--truncation", "0.5", "--label", "3", "--out", "some.npz"]) == 0
    model = eq.load(gan)
    expected = model.sample(64, 0, 3, truncation=0.5)
    np.testing.assert_array_equal(np.load("some.npz")["samples"], model.space.decode(expected))
    assert main(["sample", str(gan), "--truncation", "0", "--out", "none.npz"]) == 2
    assert "truncation is 0" in capsys.readouterr().err


def test_labels_are_asked_for_as_in_samples(gan):
    assert said("interpolate", gan, "--label", "3", "--label-to", "5", "--out", "rows.npz") == 0
    told = np.load("rows.npz")["conditions"].reshape(5, 9, 10)
    assert (told[:, 0].argmax(axis=1) == 3).all()
    assert (told[:, -1].argmax(axis=1) == 5).all()
    model = eq.load(gan)
    ends = model.space.decode(torch.stack([model.sample(10, 0, 3)[0], model.sample(10, 0, 5)[1]]))
    np.testing.assert_array_equal(np.load("rows.npz")["samples"][[0, 8]], ends)


def test_a_verb_that_is_none_is_refused(vae, tmp_path):
    with pytest.raises(Refusal, match="Did you mean 'encode'"):
        write(vae, "encod", tmp_path / "some.npz")


def test_pictures_are_brought_as_in_training(tmp_path):
    chance = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for i in range(24):
        pixels = chance.integers(0, 256, (8, 12), dtype=np.uint8)
        PIL.Image.fromarray(pixels).save(tmp_path / "photos" / f"{i}.png")
    form = ["--data.fit", "pad", "--data.size", "8", "--data.resizer", "nearest"]
    run = trained(tmp_path, "vae", "--encoder", "dense", "--data", "photos", *form)
    model, known = eq.load(run), load_data({"name": "photos", "fit": "pad", "size": 8, "resizer": "nearest"})
    seen = model.reconstruct("photos").x
    held_out = {row.numpy().tobytes() for row in known.space.encode(known.held_out)}
    assert held_out < {row.numpy().tobytes() for row in seen}
    assert {row.numpy().tobytes() for row in model.reconstruct().x} == held_out


def test_black_and_white_models_see_black_and_white(tmp_path):
    run = trained(tmp_path, "vae", "--encoder", "dense", "--binarize")
    pairs = eq.load(run).reconstruct(count=5)
    assert set(pairs.x.unique().tolist()) == {-1, 1}
    assert torch.equal(eq.load(run).reconstruct(count=5).x, pairs.x)
    assert "black or white" in pairs.remarks[-1]
