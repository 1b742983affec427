"""`data check` says what is there."""

import numpy as np
import PIL.Image
import pytest

from equilibria.apps.cli import main
from equilibria.core.errors import Refusal
from equilibria.data import check, load_data
from equilibria.data.inspect import few_remark


def picture(seed: int, shape=(16, 16)) -> PIL.Image.Image:
    return PIL.Image.fromarray(np.random.default_rng(seed).integers(10, 200, shape, dtype=np.uint8))


@pytest.fixture
def folder(tmp_path):
    for i in range(30):
        place = tmp_path / "photos" / ("cat" if i % 3 else "dog")
        place.mkdir(parents=True, exist_ok=True)
        picture(i, (16, 16) if i % 5 else (20, 30)).save(place / f"{i}.png")
    picture(1).save(tmp_path / "photos" / "cat" / "again.png")
    (tmp_path / "photos" / "cat" / "broken.png").write_bytes(b"no picture")
    return tmp_path / "photos"


def test_a_folder_is_described_whole(folder):
    report = check(str(folder))
    assert report.usable
    assert report.train + report.held_out == 31
    assert report.shape == (1, 16, 16)
    assert report.formats == {"size": {"16 x 16": 25, "30 x 20": 6}, "mode": {"L": 31}}
    assert report.classes == {"cat": 21, "dog": 10}
    assert report.duplicates == 1
    assert report.left_out == ("cat/broken.png: not an image in a known format",)
    assert report.values[0] >= 0
    assert report.values[1] <= 255


def test_the_lines_name_what_matters(folder):
    text = "\n".join(check(str(folder)).lines())
    for said in (
        "31 images of 16 x 16, 1 channel; ",
        "16 x 16 (25), 30 x 20 (6)",
        "2 classes: cat (21), dog (10). Only a conditional recipe uses them.",
        "Exact duplicates: 1.",
        "Left out: cat/broken.png",
        "lanczos",
        "very few",
    ):
        assert said in text


def test_what_cannot_be_used_says_why(tmp_path):
    report = check(str(tmp_path))
    assert not report.usable
    assert "holds no images" in report.lines()[1]


def test_points_and_vectors_are_described(tmp_path):
    assert "60,000 points" in check("ring").lines()[0]
    np.savez(
        tmp_path / "a.npz", x=np.random.default_rng(0).random((30, 8, 8)), y=np.random.default_rng(1).random((30, 2))
    )
    report = check({"name": str(tmp_path / "a.npz")})
    assert report.labels == "vector"
    assert "Labels: 2 numbers per sample. Only a conditional recipe uses them." in report.lines()


def test_checking_a_cache_twice_says_the_same(folder):
    assert check(str(folder)) == check(str(folder))


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("digit", "Did you mean 'digits'"),
        ("minst", "Did you mean 'mnist'"),
        ("no/such/folder", "nothing is at"),
        ({"name": "ring", "mode": 3}, "Did you mean 'modes'"),
        ("folder", "give the path of a folder instead"),
        ({}, "Data needs a name"),
        ({"name": 3}, "Data needs a name"),
    ],
)
def test_unknown_data_are_refused_with_the_nearest(spec, said):
    with pytest.raises(Refusal, match=said):
        load_data(spec)


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "photos.tar").write_bytes(b"PK")
    with pytest.raises(Refusal, match=r"neither a folder of images, a \.zip of them, nor an \.npy or \.npz"):
        load_data(str(tmp_path / "photos.tar"))


def test_a_path_wins_over_nothing_but_a_name_wins_over_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits").mkdir()
    picture(0).save(tmp_path / "digits" / "0.png")
    picture(1).save(tmp_path / "digits" / "1.png")
    assert load_data("digits").space.shape == (1, 8, 8)
    assert load_data("./digits").space.shape == (1, 16, 16)


def test_the_settings_of_training_are_tried_by_the_check(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for i in range(12):
        (tmp_path / "wide").mkdir(exist_ok=True)
        picture(i, (12, 20)).save(tmp_path / "wide" / f"{i}.png")
    assert main(["data", "check", "wide"]) == 0
    assert "cropped" in capsys.readouterr().out
    assert main(["data", "check", "wide", "--data.fit", "pad", "--data.size", "16", "--out", "look.png"]) == 0
    assert "padded with white: 12." in capsys.readouterr().out
    data = load_data({"name": "wide", "fit": "pad", "size": 16})
    expected = data.space.sample_grid(data.space.encode(data.x))
    assert np.array_equal(np.asarray(PIL.Image.open("look.png")), np.asarray(expected))
    for words, said in (
        (["--out", "look.png"], "look.png exists"),
        (["--fit", "pad"], "Did you mean '--data.fit'"),
        (["--data.level", "2"], "level is 2"),
    ):
        assert main(["data", "check", "wide", *words]) == 2
        printed = capsys.readouterr()
        assert said in printed.out + printed.err


def test_the_size_that_training_would_choose_is_said(tmp_path, capsys):
    for i in range(12):
        picture(i, (48, 48)).save(tmp_path / f"{i}.png")
    assert main(["data", "check", str(tmp_path)]) == 0
    assert "would choose --data.size 32: the files have about 48 pixels" in capsys.readouterr().out
    assert main(["data", "check", str(tmp_path), "--data.size", "32"]) == 0
    assert "would choose" not in capsys.readouterr().out


@pytest.mark.parametrize(("count", "amount"), [(40, "very few"), (400, "few"), (1500, "")])
def test_few_samples_are_announced_with_what_helps(tmp_path, count, amount):
    rows = np.random.default_rng(0).integers(0, 256, (count, 4, 4), dtype=np.uint8)
    np.save(tmp_path / "some.npy", rows)
    text = "\n".join(check(str(tmp_path / "some.npy")).lines())
    data = load_data(str(tmp_path / "some.npy"))
    assert (f"{len(data.x)} training images are {amount}: " in text) == bool(amount)
    assert ("What helps: more images" in text and "--augmentation diffaugment" in text) == bool(amount)
    assert "diffaugment" not in few_remark(data, augmentation=False)
