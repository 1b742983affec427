"""What `equilibria sample` promises of labels: rows, arrays, folders, and sentences."""

import csv
import dataclasses

import numpy as np
import PIL.Image
import pytest

from equilibria.apps.cli import main
from equilibria.data import load_data
from equilibria.data.dataset import Labels
from equilibria.models.load import load
from equilibria.models.write import SampleRequest, folder_names, write_folder

TINY = ["--threads", "1", "--matmul", "default", "--batch", "8", "--generator.width", "8", "--critic.width", "8"]
NETWORKS = ["--generator", "dense", "--critic", "dense", "--rounds", "2", *TINY]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def trained(place, name, *words):
    """The folder of a run of two rounds."""
    said = ["train", "gan-ns", "--runs", str(place), "--name", name, *NETWORKS, *words]
    assert main(said) == 0
    return place / name


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("runs"), "digits", "--conditional")


@pytest.fixture(scope="module")
def unconditional(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("runs"), "plain")


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """A run on pictures with two attributes."""
    place, chance = tmp_path_factory.mktemp("faces"), np.random.default_rng(0)
    x, y = chance.integers(0, 256, (100, 4, 4), dtype=np.uint8), np.tile([[0, 1], [1, 1], [0, 0], [1, 0]], (25, 1))
    np.savez(place / "faces.npz", samples=x, labels=y)
    return trained(place, "faces", "--conditional", "--data", str(place / "faces.npz"))


def test_a_label_is_drawn_alone(digits):
    assert main(["sample", str(digits), "--label", "7", "--count", "70", "--seed", "3", "--out", "all.npz"]) == 0
    model = load(digits)
    with np.load("all.npz", allow_pickle=False) as stored:
        assert list(stored) == ["samples", "labels"]
        np.testing.assert_array_equal(stored["samples"], model.space.decode(model.sample(70, 3, 7)))
        assert stored["labels"].tolist() == [7] * 70


@pytest.mark.parametrize("count", [None, 3])
def test_labels_have_a_row_each_from_the_same_latents(digits, count):
    words = [] if count is None else ["--count", str(count)]
    assert main(["sample", str(digits), "--label", "0..9", *words]) == 0
    model, picture = load(digits), np.asarray(PIL.Image.open("sheet.png"))
    for place, row in enumerate(np.split(picture, 10)):
        expected = np.asarray(model.space.sample_grid(model.sample(count or 8, 0, place), count or 8))
        np.testing.assert_array_equal(row[:, -expected.shape[1] :], expected)


def test_a_folder_of_samples_is_labelled_data(digits):
    assert main(["sample", str(digits), "--label", "3,5", "--out", "some/"]) == 0
    model = load(digits)
    for place in (3, 5):
        pixels = [np.asarray(PIL.Image.open(f"some/{place}/{i:05}.png")) for i in range(8)]
        np.testing.assert_array_equal(np.stack(pixels)[..., None], model.space.decode(model.sample(8, 0, place)))
    assert load_data("some").labels == Labels("class", ("3", "5"))
    assert main(["sample", str(digits), "--label", "7", "--out", "one/"]) == 0
    assert load_data("one").labels == Labels("class", ("7",))
    assert main(["sample", str(digits), "--out", "drawn/"]) == 0
    assert sorted(load_data("drawn").labels.names) == sorted(
        {str(int(y.argmax())) for _, y in model.batches(64) for y in y}
    )


def test_folders_by_class_can_be_written_over(digits, tmp_path):
    words = ["sample", str(digits), "--label", "0,1", "--out", "some/"]
    assert main(words) == 0
    (tmp_path / "some" / "0" / "mine.txt").write_text("kept")
    before = (tmp_path / "some" / "0" / "00000.png").read_bytes()
    assert main([*words, "--seed", "1"]) == 2
    assert main([*words, "--seed", "1", "--force"]) == 0
    assert (tmp_path / "some" / "0" / "mine.txt").read_text() == "kept"
    assert (tmp_path / "some" / "0" / "00000.png").read_bytes() != before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["some"]


def test_attributes_lie_beside_a_folder_of_samples(faces):
    assert main(["sample", str(faces), "--attributes", "1,0=0.5", "--count", "3", "--out", "some/"]) == 0
    with open("some/labels.csv", newline="") as file:
        assert list(csv.reader(file)) == [["file", "0", "1"], *([f"{i:05}.png", "0.5", "1"] for i in range(3))]
    assert main(["sample", str(faces), "--attributes", "1", "--out", "all.npz"]) == 0
    with np.load("all.npz", allow_pickle=False) as stored:
        assert stored["labels"].tolist() == [[0, 1]] * 64
    assert main(["sample", str(faces), "--count", "20", "--out", "drawn/"]) == 0
    data = load_data({"name": "drawn", "size": 4})
    assert (data.labels.kind, data.labels.names) == ("multi-hot", ("0", "1"))
    decoded = load(faces).space.decode
    pairs = {
        (decoded(x[None]).tobytes(), tuple(y.tolist())) for x, y in zip(*next(load(faces).batches(20)), strict=True)
    }
    assert {(x.numpy().tobytes(), tuple(y.tolist())) for x, y in zip(data.x, data.y, strict=True)} <= pairs


def test_no_name_of_a_class_leads_out_of_the_folder(digits, tmp_path):
    names = ("..", "../../up", "/abs", "a/b", "a\\b", "nul\0", "", "A", "a", "x")
    safe = folder_names(names)
    assert len({name.casefold() for name in safe}) == len(names)
    assert not any(set(name) & set("/\\\0") or name in ("", ".", "..") for name in safe)
    model = load(digits)
    model = dataclasses.replace(model, labels=Labels("class", names))
    (tmp_path / "deep").mkdir()
    write_folder(SampleRequest(model, 1, 0, model.conditions_of(list(names))), tmp_path / "deep" / "some")
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]
    assert len(list((tmp_path / "deep" / "some").glob("*/00000.png"))) == len(names)


@pytest.mark.parametrize("words", [["--label", "1"], ["--attributes", "hat"], ["--label", "0..9"]])
def test_an_unconditional_model_is_asked_in_vain(words, unconditional, capsys):
    assert main(["sample", str(unconditional), *words]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "trained without labels" in said


def test_an_unconditional_model_says_how_to_train_another(unconditional, capsys):
    assert main(["sample", str(unconditional), "--label", "1"]) == 2
    assert "--conditional" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("model", "words", "sentence"),
    [
        ("digits", ["--label", "12"], "no class '12'. It knows 10 classes (0, 1, 2,"),
        ("digits", ["--label", "0..12"], "no class '12'"),
        ("digits", ["--label", "1", "--attributes", "2"], "exclude each other"),
        ("digits", ["--attributes", "2"], "use --label"),
        ("digits", ["--label"], "--label needs a value"),
        ("faces", ["--label", "1"], "use --attributes"),
        ("faces", ["--attributes", "smiling"], "no attribute 'smiling'"),
        ("faces", ["--attributes", "1=7"], "between 0 (absent) and 1 (present)"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_sentence(model, words, sentence, request, tmp_path, capsys):
    assert main(["sample", str(request.getfixturevalue(model)), *words]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_data_without_labels_cannot_be_conditional(capsys, tmp_path):
    assert main(["train", "gan", "--data", "swiss_roll", "--conditional", "--rounds", "1", *TINY]) == 2
    said = capsys.readouterr().err
    assert "has no labels" in said
    assert "leave out --conditional" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("said", ["--critic.conditioning", "--networks.generator.conditioning"])
def test_how_labels_are_told_is_not_said_of_a_game_that_is_told_none(said, capsys, tmp_path):
    words = ["train", "cgan", "--data", "digits", "--rounds", "1", said, "embedding", *TINY]
    assert main([*words, "--conditional", "false"]) == 2
    assert f"{said[2:]} selects how labels enter a network" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()
