"""What is brought to a model comes in its own order, with its own names."""

import numpy as np
import PIL.Image
import pytest
import torch

from equilibria.core.errors import Refusal
from equilibria.data import load_data
from equilibria.data.read_samples import read_samples
from equilibria.data.spaces import Image, Plane

SPACE = Image(1, 8, 8)


def pictures(place, names, size=8):
    """Grey pictures, the i-th of brightness i."""
    for i, name in enumerate(names):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.new("L", (size, size), i).save(place / name)
    return place


def test_pictures_keep_their_names_and_their_order(tmp_path):
    brought = read_samples(pictures(tmp_path, [f"{i:03}.png" for i in range(40)]), SPACE)
    assert brought.names == tuple(f"{i:03}.png" for i in range(40))
    assert brought.raw[:, 0, 0, 0].tolist() == list(range(40))


def test_subfolders_are_labels(tmp_path):
    brought = read_samples(pictures(tmp_path, ["owl/0.png", "cat/1.png", "owl/2.png"]), SPACE)
    assert [brought.labels.names[i] for i in brought.y.tolist()] == [name.split("/")[0] for name in brought.names]


@pytest.mark.parametrize("broken", [None, "1"])
def test_subfolders_have_the_class_numbers_of_training(tmp_path, broken):
    pictures(tmp_path, [f"{name}/{i}.png" for name in range(12) for i in range(3)])
    for i in range(3 if broken else 0):
        (tmp_path / broken / f"{i}.png").write_bytes(b"no picture")  # a class without a picture is none
    data, brought = load_data({"name": str(tmp_path), "size": 8}), read_samples(tmp_path, SPACE)
    assert brought.labels == data.labels
    assert sorted(brought.y.tolist()) == sorted([*data.y.tolist(), *data.held_out_y.tolist()])
    assert [brought.labels.names[i] for i in brought.y.tolist()] == [name.split("/")[0] for name in brought.names]


def test_pictures_are_brought_to_the_size_that_the_model_knows(tmp_path):
    pictures(tmp_path, ["some.png"], size=50)
    assert read_samples(tmp_path, Image(3, 16, 16)).raw.shape == (1, 3, 16, 16)
    assert torch.equal(read_samples(tmp_path / "some.png", SPACE).raw, read_samples(tmp_path, SPACE).raw)


def test_what_cannot_be_read_is_left_out_and_named(tmp_path):
    pictures(tmp_path, ["good.png"])
    (tmp_path / "bad.png").write_bytes(b"no picture")
    brought = read_samples(tmp_path, SPACE)
    assert brought.names == ("good.png",)
    assert "bad.png" in brought.remarks[0]
    (tmp_path / "good.png").write_bytes(b"no picture either")
    with pytest.raises(Refusal, match="None of the 2 images"):
        read_samples(tmp_path, SPACE)


def test_arrays_keep_their_order_and_their_labels(tmp_path):
    x = np.arange(50, dtype=np.uint8)[:, None, None].repeat(8, 1).repeat(8, 2)
    np.savez(tmp_path / "some.npz", samples=x, labels=np.arange(50) % 3)
    brought = read_samples(tmp_path / "some.npz", SPACE)
    assert brought.raw[:, 0, 0, 0].tolist() == list(range(50))
    assert [brought.labels.names[i] for i in brought.y.tolist()] == [str(i % 3) for i in range(50)]
    np.save(tmp_path / "points.npy", np.random.default_rng(0).normal(size=(9, 2)))
    assert read_samples(tmp_path / "points.npy", Plane(2.0)).raw.shape == (9, 2)


@pytest.mark.parametrize(("part", "count"), [("train", 1609), ("held-out", 188), ("all", 1797)])
def test_a_set_with_a_name_is_brought_in_parts(part, count):
    data, brought = load_data("digits"), read_samples("digits", SPACE, part)
    assert len(brought.names) == len(brought.raw) == len(brought.y) == count
    assert torch.equal(brought.raw[-1], (data.x if part == "train" else data.held_out)[-1])


@pytest.mark.parametrize(
    ("path", "space", "part", "words"),
    [
        ("digits", Image(1, 28, 28), "train", "samples of 1 x 8 x 8, and this model is for samples of 1 x 28 x 28"),
        ("digits", SPACE, "trian", "Did you mean 'train'"),
        ("nowhere", SPACE, "train", "No data set is called 'nowhere'"),
        (".", Image(1, 8, 9), "train", r"give an \.npz file"),
        (".", Plane(1.0), "train", r"give an \.npz file"),
        ("empty", SPACE, "train", "holds no images"),
    ],
)
def test_what_the_model_does_not_know_is_refused(path, space, part, words, tmp_path, monkeypatch):
    monkeypatch.chdir(pictures(tmp_path, ["some.png"]))
    (tmp_path / "empty").mkdir()
    with pytest.raises(Refusal, match=words):
        read_samples(path, space, part)
