"""An archive of images is the folder that it was made from, and is never unpacked."""

import io
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch

from equilibria.apps.cli import main
from equilibria.core.errors import Refusal
from equilibria.data import load_data
from equilibria.data.read_samples import read_samples

CLASSES = ("cat", "dog")


def png(seed, side=8):
    buffer = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side), np.uint8)
    PIL.Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Images of two classes, a hidden file, and one that is no image."""
    place = tmp_path_factory.mktemp("photos") / "set"
    for i in range(40):
        path = place / CLASSES[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(i, 8 + i % 3))
    (place / "notes.txt").write_text("about")
    (place / ".hidden.png").write_bytes(png(99))
    return place


@pytest.fixture(scope="module")
def archive(folder):
    return Path(shutil.make_archive(str(folder), "zip", folder))


def pack(path, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def assert_same_data(one, other):
    for name in ("x", "held_out", "y", "held_out_y"):
        assert torch.equal(getattr(one, name), getattr(other, name)), name
    assert (one.labels, one.formats, one.left_out) == (other.labels, other.formats, other.left_out)


@pytest.mark.parametrize("top", ["", "photos/"])
@pytest.mark.parametrize("options", [{}, {"size": 12, "fit": "pad", "level": 0}])
def test_an_archive_is_the_folder_that_it_was_made_from(folder, tmp_path, top, options):
    members = {f"{top}{path.relative_to(folder)}": path for path in folder.rglob("*") if path.is_file()}
    archive = pack(tmp_path / "photos.zip", {name: path.read_bytes() for name, path in members.items()})
    data, expected = (load_data({"name": str(path), **options}) for path in (archive, folder))
    assert (data.labels is None) == ("level" in options)
    if data.labels is not None:
        assert_same_data(data, expected)
    assert sorted(x.numpy().tobytes() for x in data.x) == sorted(x.numpy().tobytes() for x in expected.x)
    assert any("no images: 1 (notes.txt)" in remark for remark in data.remarks)
    assert os.listdir(tmp_path) == ["photos.zip"]


def test_a_table_in_an_archive_gives_the_labels(tmp_path):
    images = {f"all/{i}.png": png(i) for i in range(30)}
    table = "file,label\n" + "".join(f"{i}.png,{'ab'[i % 2]}\n" for i in range(30))
    data = load_data(str(pack(tmp_path / "a.zip", images | {"all/labels.csv": table})))
    assert data.labels.names == ("a", "b")


def test_an_archive_with_other_pictures_is_other_data(tmp_path):
    path = tmp_path / "a.zip"
    before = load_data(str(pack(path, {f"{i}.png": png(i) for i in range(20)})))
    stamp = os.stat(path).st_mtime_ns
    after = load_data(str(pack(path, {f"{i}.png": png(i + 50) for i in range(20)})))
    os.utime(path, ns=(stamp, stamp))
    assert not {x.numpy().tobytes() for x in before.x} & {x.numpy().tobytes() for x in after.x}


def test_every_verb_takes_an_archive(archive, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    small = ["--batch", "8", "--generator.width", "8", "--critic.width", "8", "--threads", "1", "--watch", "0"]
    assert main(["data", "check", str(archive), "--data.size", "8"]) == 0
    assert main(["train", "gan-ns", "--data", str(archive), "--data.size", "8", "--rounds", "1", *small]) == 0
    assert main(["resume", "runs/gan-ns-set", "--rounds", "2"]) == 0
    assert main(["score", "runs/gan-ns-set", str(archive)]) == 0
    assert main(["evaluate", str(archive), "--against", str(archive), "--metrics", "sliced_wasserstein"]) == 0
    assert "has changed" not in capsys.readouterr().out
    assert main(["train", str(archive)]) == 2
    assert f"is data, not a recipe: write `equilibria train --data {archive}`" in capsys.readouterr().err
    assert sorted(os.listdir(tmp_path)) == ["runs", "scores.csv", "scores.png"]


def test_an_archive_of_samples_is_read_as_its_folder_is(archive, folder):
    space = load_data({"name": str(folder), "size": 8}).space
    one, other = (read_samples(path, space) for path in (archive, folder))
    assert one.names == other.names
    assert torch.equal(one.raw, other.raw)


def bomb(path):
    """Two images that unpack to 300 MiB each, as the table of the archive says."""
    with zipfile.ZipFile(path, "w") as file:
        for i in range(2):
            file.writestr(f"{i}.png", png(i))
            file.filelist[-1].file_size = 300 << 20
    return path


def outward(path):
    """Names that would lead out of a folder if they were unpacked."""
    return pack(path, {f"{place}{i}.png": png(i) for i, place in enumerate(["../", "//", "a/../../", "b/"] * 5)})


def damaged(path):
    """One image of many whose bytes are not those that were packed."""
    pack(path, {f"{i}.png": png(i) for i in range(20)}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[content.index(png(7)) + 60] ^= 255
    path.write_bytes(content)
    return path


def test_what_an_archive_unpacks_to_is_bounded(tmp_path):
    with pytest.raises(Refusal, match=r"would unpack to 0.6 GiB from 0.0 MiB, so it is not read: unpack it yourself"):
        load_data(str(bomb(tmp_path / "a.zip")))


def test_names_that_lead_out_of_an_archive_lead_nowhere(tmp_path):
    (tmp_path / "in").mkdir()
    data = load_data(str(outward(tmp_path / "in" / "a.zip")))
    assert len(data.x) + len(data.held_out) == 10  # those with .. are as hidden files are
    assert os.listdir(tmp_path) == ["in"]
    assert os.listdir(tmp_path / "in") == ["a.zip"]


def test_a_damaged_member_is_left_out_and_named(tmp_path):
    data = load_data(str(damaged(tmp_path / "a.zip")))
    assert len(data.x) + len(data.held_out) == 19
    assert data.left_out[0].startswith("7.png: ")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"a.txt": b"text"}, r"a.zip holds no images, only files that are no images: 1 \(a.txt\)"),
        ({}, "a.zip holds no images"),
        (b"PK", "a.zip is no archive that can be read: it is damaged or incomplete"),
    ],
)
def test_what_is_no_archive_of_images_is_refused(content, words, tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(content) if isinstance(content, bytes) else pack(path, content)
    with pytest.raises(Refusal, match=words):
        load_data(str(path))
