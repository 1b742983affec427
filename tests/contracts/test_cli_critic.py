"""What the verbs that ask a trained critic promise: tables, arrays, pictures, and sentences."""

import csv

import numpy as np
import PIL.Image
import pytest
import torch

import equilibria as eq
from equilibria.apps.cli import main
from equilibria.core.seeding import generator
from equilibria.data import load_data
from equilibria.data.batches import binarized

TINY = ["--threads", "1", "--matmul", "default", "--batch", "8", "--rounds", "2", "--generator", "dense"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Runs of two rounds on digits: one that classifies, one by transport."""
    place = tmp_path_factory.mktemp("runs")
    for name, recipe in (("classes", "acgan"), ("transport", "wgan-gp")):
        said = ["train", recipe, "--runs", str(place), "--name", name, "--critic.width", "8", *TINY]
        assert main(said) == 0
    return place


def rows(name):
    with open(name, newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_scores_are_a_table_from_the_lowest_on_and_a_picture(place, capsys):
    capsys.readouterr()
    assert main(["score", str(place / "transport"), "digits", "--count", "5"]) == 0
    heads, *found = rows("scores.csv")
    assert heads == ["file", "score"]
    data, model = load_data("digits"), eq.load(place / "transport")
    scores = model.score(data.space.encode(data.held_out))
    written = {int(name.removeprefix("held-out/")): float(score) for name, score in found}
    assert torch.allclose(torch.tensor([written[i] for i in range(len(scores))]), scores, rtol=1e-4, atol=1e-6)
    assert [float(score) for _, score in found] == sorted(written.values())
    said = capsys.readouterr().out
    assert found[0][0] in said
    assert "comparable within this model only" in said
    picture = np.asarray(PIL.Image.open("scores.png"))
    for order, row in zip(
        (scores.argsort(stable=True), scores.argsort(stable=True).flip(0)), np.split(picture, 2), strict=True
    ):
        expected = np.asarray(data.space.sample_grid(data.space.encode(data.held_out[order[:5]]), 5))
        np.testing.assert_array_equal(row[:, -expected.shape[1] :], expected)


def test_features_are_listed_by_name_and_written_as_arrays(place, capsys):
    folder = str(place / "transport")
    capsys.readouterr()
    assert main(["features", folder]) == 0
    assert "conv1" in capsys.readouterr().out
    assert main(["features", folder, "digits", "--layer", "conv1,features"]) == 0
    data, model = load_data("digits"), eq.load(folder)
    with np.load("features.npz", allow_pickle=False) as stored:
        assert set(stored) == {"conv1", "features", "files", "labels"}
        expected = model.features(data.space.encode(data.held_out), layer="conv1")
        np.testing.assert_allclose(stored["conv1"], expected.numpy(), atol=1e-5)
        assert stored["labels"].tolist() == data.held_out_y.tolist()
    assert main(["features", folder, "digits", "--pooled", "2", "--out", "pooled.npz"]) == 0
    with np.load("pooled.npz", allow_pickle=False) as stored:
        assert stored["features"].shape == (188, (8 + 16) * 4)


def scored(folder, path):
    """The scores of samples by their names."""
    assert main(["score", str(folder), str(path), "--force"]) == 0
    return {name: float(score) for name, score in rows("scores.csv")[1:]}


def test_a_critic_sees_a_folder_as_in_training(tmp_path):
    """Wide pictures are padded, not cropped, where training padded them."""
    chance = np.random.default_rng(0)
    for i in range(20):
        (tmp_path / "wide").mkdir(exist_ok=True)
        PIL.Image.fromarray(chance.integers(0, 256, (8, 12), np.uint8)).save(tmp_path / "wide" / f"{i:02}.png")
    options = ["--data.fit", "pad", "--data.resizer", "nearest", "--data.size", "8", "--critic.width", "8"]
    assert main(["train", "wgan-gp", "--data", "wide", *options, "--name", "padded", *TINY]) == 0
    data, model = load_data({"name": "wide", "fit": "pad", "resizer": "nearest", "size": 8}), eq.load("runs/padded")
    expected = model.score(data.space.encode(torch.cat([data.x, data.held_out]))).sort().values
    found = torch.tensor(sorted(scored("runs/padded", "wide").values()))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_a_critic_of_black_and_white_is_shown_no_grey(tmp_path):
    said = ["train", "acgan", "--data", "digits", "--binarize", "true", "--critic.width", "8", "--name", "binary"]
    assert main([*said, *TINY]) == 0
    data, model = load_data("digits"), eq.load("runs/binary")
    x, labels = binarized(data.space.encode(data.held_out), generator(0)), data.held_out_y.tolist()
    found = torch.tensor([score for _, score in sorted(scored("runs/binary", "digits").items())])
    torch.testing.assert_close(found, model.score(x, labels=labels), rtol=1e-4, atol=1e-5)
    assert main(["classify", "runs/binary", "digits"]) == 0
    classes = torch.tensor([[float(value) for value in row[3:]] for row in rows("classes.csv")[1:]])
    torch.testing.assert_close(classes, model.classify(x), rtol=1e-4, atol=1e-5)
    assert main(["features", "runs/binary", "digits", "--layer", "features"]) == 0
    with np.load("features.npz", allow_pickle=False) as stored:
        np.testing.assert_allclose(stored["features"], model.features(x, labels=labels).numpy(), atol=1e-5)


def test_classes_are_a_table_of_probabilities(place, capsys):
    folder = str(place / "classes")
    assert main(["sample", folder, "--label", "3,5", "--count", "4", "--out", "drawn/"]) == 0
    capsys.readouterr()
    assert main(["classify", folder, "drawn"]) == 0
    heads, *found = rows("classes.csv")
    assert heads == ["file", "label", "class", *map(str, range(10))]
    assert {(row[0].split("/")[0], row[1]) for row in found} == {("3", "3"), ("5", "5")}
    assert all(sum(map(float, row[3:])) == pytest.approx(1, abs=1e-4) for row in found)
    assert all(row[2] == str(np.argmax([float(value) for value in row[3:]])) for row in found)
    share = np.mean([row[1] == row[2] for row in found])
    assert f"accuracy {100 * share:.2f} %" in capsys.readouterr().out


def test_what_passes_is_written_as_samples_are(place, capsys):
    folder, words = str(place / "classes"), ["--burn-in", "100", "--seed", "3"]
    capsys.readouterr()
    assert main(["reject", folder, "--label", "3,5", "--count", "4", "--out", "some.npz", *words]) == 0
    said = capsys.readouterr().out
    assert "Kept 8 of" in said
    assert "Assumed: the critic is optimal" in said
    with np.load("some.npz", allow_pickle=False) as stored:
        assert stored["labels"].tolist() == [3] * 4 + [5] * 4
        assert stored["samples"].shape == (8, 8, 8, 1)
    assert main(["reject", folder, *words]) == 0
    assert PIL.Image.open("sheet.png").size[0] == PIL.Image.open("sheet.png").size[1]
    assert eq.load(folder).reject(3, labels=7).shape == (3, 1, 8, 8)


def test_a_probe_prints_its_three_rows_together(place, capsys):
    capsys.readouterr()
    assert main(["probe", str(place / "classes"), "--train", "60", "--test", "40"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in ("raw pixels", "critic, untrained", "critic, trained", "standardized"))


WRONG = [
    (["score", "RUN"], "write `equilibria score RUN PATH`"),
    (["score", "RUN", "nowhere"], "No data set is called 'nowhere'"),
    (["score", "RUN", "digits", "--out", "scores.txt"], "end it in .csv"),
    (["score", "RUN", "digits", "--count", "0"], "count is 0"),
    (["score", "RUN", "ring"], "this model is for samples of 1 x 8 x 8"),
    (["features", "RUN", "digits", "--layer", "cnov1"], "Did you mean 'conv1'?"),
    (["features", "RUN", "--layer", "conv1"], "write `equilibria features RUN PATH"),
    (["features", "RUN", "--of", "encoder"], "no encoder"),
    (["classify", "RUN", "digits"], "no class head"),
    (["reject", "RUN"], "that of 'wasserstein' does not"),
    (["probe", "RUN", "--data", "swiss_roll"], "has samples of 2"),
    (["probe", "RUN", "--device", "abacus"], "is not available here"),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_what_cannot_be_asked_is_refused_in_words(words, sentence, place, capsys):
    assert main([str(place / "transport") if word == "RUN" else word for word in words]) == 2
    assert sentence in capsys.readouterr().err


def test_nothing_is_written_over(place, tmp_path, capsys):
    (tmp_path / "scores.png").write_text("mine")
    assert main(["score", str(place / "transport"), "digits", "--out", "scores.csv"]) == 2
    assert (tmp_path / "scores.png").read_text() == "mine"
    assert not (tmp_path / "scores.csv").exists()
    assert "--force" in capsys.readouterr().err
