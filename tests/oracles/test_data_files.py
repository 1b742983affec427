"""Published files: where they are found, what they must be, and what they hold."""

import gzip
import hashlib
import http.server
import io
import pickle
import struct
import tarfile
import threading

import numpy as np
import pytest
import torch

from equilibria.core.download import first_response
from equilibria.core.errors import Refusal
from equilibria.data import load_data
from equilibria.data.cache import PublishedFile, data_root
from equilibria.data.dataset import Labels
from equilibria.data.datasets.builtin import fashion
from equilibria.data.datasets.cifar10 import BATCHES, load
from equilibria.data.datasets.faces import ATTRIBUTES, attributes_of, correlation, faces, templates
from equilibria.data.datasets.mnist import load as load_idx

FOLDERS = ("small", "small_again")
NOWHERE = "http://127.0.0.1:9/file"  # nothing listens there


def idx_file(array: np.ndarray) -> bytes:
    header = struct.pack(f">{1 + array.ndim}i", 0x800 + array.ndim, *array.shape)
    return gzip.compress(header + array.tobytes(), mtime=0)


@pytest.fixture
def small(tmp_path):
    """A set of four idx files, and what they hold."""
    random = np.random.default_rng(0)
    held = [random.integers(0, 256, shape, dtype=np.uint8) for shape in ((20, 6, 5), (20,), (8, 6, 5), (8,))]
    held[1], held[3] = held[1] % 3, held[3] % 3
    contents = [idx_file(array) for array in held]
    files = tuple(
        PublishedFile(f"{name}-ubyte.gz", hashlib.md5(content).hexdigest(), NOWHERE)
        for name, content in zip(("images", "labels", "test-images", "test-labels"), contents, strict=True)
    )
    return files, contents, held


def put(folder, files, contents):
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in zip(files, contents, strict=True):
        (folder / file.name).write_bytes(content)


@pytest.mark.parametrize("place", ["", "small", "small_again"])
def test_idx_files_are_found_in_the_root_and_in_their_folders(tmp_path, small, place):
    files, contents, expected = small
    put(tmp_path / place, files, contents)
    data = load_idx("small", files, FOLDERS, ("a", "b", "c"), tmp_path)
    assert data.space.shape == (1, 6, 5)
    for found, array in zip((data.x[:, 0], data.y, data.held_out[:, 0], data.held_out_y), expected, strict=True):
        assert np.array_equal(found.numpy(), array)


def test_a_read_only_root_is_enough(tmp_path, small):
    files, contents, _ = small
    put(tmp_path / "small", files, contents)
    for path in (tmp_path / "small", tmp_path):
        path.chmod(0o555)
    before = sorted(tmp_path.rglob("*"))
    assert len(load_idx("small", files, FOLDERS, ("a", "b", "c"), tmp_path).x) == 20
    assert sorted(tmp_path.rglob("*")) == before
    for path in (tmp_path, tmp_path / "small"):
        path.chmod(0o755)


def test_a_wrong_checksum_is_refused_by_the_files_name(tmp_path, small):
    files, contents, _ = small
    put(tmp_path / "small", files, [contents[0], contents[1][:-1] + b"?", *contents[2:]])
    with pytest.raises(Refusal, match=r"labels-ubyte\.gz is not the published file of small: its md5 is \w+, expected"):
        load_idx("small", files, FOLDERS, ("a", "b", "c"), tmp_path)


def test_a_file_that_ends_early_is_refused(tmp_path, small):
    files, contents, _ = small
    short = gzip.compress(gzip.decompress(contents[0])[:-1])
    files = (PublishedFile("images-ubyte.gz", hashlib.md5(short).hexdigest(), NOWHERE), *files[1:])
    put(tmp_path, files, [short, *contents[1:]])
    with pytest.raises(Refusal, match="ends before its 20 samples"):
        load_idx("small", files, FOLDERS, ("a", "b", "c"), tmp_path)


def test_without_a_network_one_sentence_says_which_file_goes_where(tmp_path, small):
    files, contents, _ = small
    put(tmp_path / "small", files[:2], contents[:2])
    with pytest.raises(Refusal) as refusal:
        load_idx("small", files, FOLDERS, ("a", "b", "c"), tmp_path)
    said = str(refusal.value)
    assert f"put test-images-ubyte.gz, test-labels-ubyte.gz into {tmp_path / 'small'}" in said
    assert "--data-root or EQUILIBRIA_DATA" in said


def test_a_host_that_never_answers_is_not_waited_for():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), SilentHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(TimeoutError, match="no answer"):
            first_response(f"http://127.0.0.1:{server.server_port}/", seconds=0.05)
        SilentHandler.wait.set()
        server.shutdown()


class SilentHandler(http.server.BaseHTTPRequestHandler):
    wait = threading.Event()

    def do_GET(self):
        self.wait.wait(5)


@pytest.fixture
def host(tmp_path):
    """A host on this machine that offers the files of a folder."""
    (tmp_path / "host").mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given):
            super().__init__(*given, directory=str(tmp_path / "host"))

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield tmp_path / "host", f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_what_is_absent_is_downloaded_checked_and_found_the_next_time(tmp_path, small, host, monkeypatch):
    files, contents, _ = small
    folder, url = host
    put(folder, files, contents)
    files = tuple(PublishedFile(file.name, file.md5, f"{url}/{file.name}") for file in files)
    assert len(load_idx("small", files, FOLDERS, ("a", "b", "c"), tmp_path / "root").x) == 20
    assert sorted(p.name for p in (tmp_path / "root" / "small").iterdir()) == sorted(file.name for file in files)
    monkeypatch.setenv("EQUILIBRIA_OFFLINE", "1")
    assert len(load_idx("small", files, FOLDERS, ("a", "b", "c"), tmp_path / "root").x) == 20


def test_a_download_that_is_something_else_leaves_nothing_behind(tmp_path, small, host):
    files = small[0]
    folder, url = host
    put(folder, files, [b"<html>log in</html>"] * 4)
    files = tuple(PublishedFile(file.name, file.md5, f"{url}/{file.name}") for file in files)
    with pytest.raises(Refusal, match="returned another file"):
        load_idx("small", files, FOLDERS, ("a", "b", "c"), tmp_path / "root")
    assert [path for path in (tmp_path / "root").rglob("*") if path.is_file()] == []


def test_the_data_root_is_the_argument_then_the_variable_then_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EQUILIBRIA_DATA", str(tmp_path / "variable"))
    assert data_root(tmp_path / "argument") == tmp_path / "argument"
    assert data_root(None) == tmp_path / "variable"
    monkeypatch.delenv("EQUILIBRIA_DATA")
    monkeypatch.setenv("EQUILIBRIA_CACHE", str(tmp_path / "cache"))
    assert data_root(None) == tmp_path / "cache" / "data"
    monkeypatch.delenv("EQUILIBRIA_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert data_root(None) == tmp_path / "xdg" / "equilibria" / "data"


@pytest.fixture
def batches():
    """Six small batches as CIFAR-10 keeps them: pickles with keys of bytes."""
    random = np.random.default_rng(1)
    return {
        name: pickle.dumps(
            {b"data": random.integers(0, 256, (4, 3072), dtype=np.uint8), b"labels": [0, 9, 3, 3]}, protocol=2
        )
        for name in BATCHES
    }


def archive(contents: dict[str, bytes], mode: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as file:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def sums(contents):
    return {name: hashlib.md5(content).hexdigest() for name, content in contents.items()}


@pytest.mark.parametrize("form", ["tar.gz", "tar.xz", "tar", "folder"])
def test_cifar_is_read_from_every_form(tmp_path, batches, form, monkeypatch):
    monkeypatch.setenv("EQUILIBRIA_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cifar-10").mkdir()
    if form == "folder":
        (tmp_path / "cifar-10" / "cifar-10-batches-py").mkdir()
        for name, content in batches.items():
            (tmp_path / "cifar-10" / "cifar-10-batches-py" / name).write_bytes(content)
    else:
        packed = archive(dict(reversed(batches.items())), "w:" + form.removeprefix("tar").removeprefix("."))
        (tmp_path / "cifar-10" / f"cifar-10-python.{form}").write_bytes(packed)
    data = load(sums(batches), tmp_path)
    assert (data.x.shape, data.held_out.shape) == ((20, 3, 32, 32), (4, 3, 32, 32))
    third = pickle.loads(batches["data_batch_3"])[b"data"]
    assert np.array_equal(data.x[8:12].flatten(1).numpy(), third)  # red, green and blue planes, batches in order
    assert data.y.tolist() == [0, 9, 3, 3] * 5


def test_cifar_is_unpacked_once(tmp_path, batches, monkeypatch):
    monkeypatch.setenv("EQUILIBRIA_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "cifar-10-python.tar.gz"
    path.write_bytes(archive(batches, "w:gz"))
    first = load(sums(batches), tmp_path)
    path.unlink()
    assert torch.equal(load(sums(batches), tmp_path).x, first.x)


def test_an_incomplete_or_altered_cifar_is_refused_by_name(tmp_path, batches, monkeypatch):
    monkeypatch.setenv("EQUILIBRIA_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "cifar-10-python.tar"
    path.write_bytes(archive({name: b for name, b in batches.items() if name != "data_batch_4"}, "w:"))
    with pytest.raises(Refusal, match="has no data_batch_4"):
        load(sums(batches), tmp_path)
    path.write_bytes(archive(batches | {"data_batch_2": batches["data_batch_1"]}, "w:"))
    with pytest.raises(Refusal, match=r"data_batch_2 in .* is not the published file"):
        load(sums(batches), tmp_path)
    path.write_bytes(archive(batches, "w:gz")[:-100])
    with pytest.raises(Refusal, match="cannot be read"):
        load(sums(batches), tmp_path)


def test_a_broken_cache_is_made_again(tmp_path, batches, monkeypatch):
    monkeypatch.setenv("EQUILIBRIA_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cifar-10-python.tar").write_bytes(archive(batches, "w:"))
    first = load(sums(batches), tmp_path)
    (kept,) = (tmp_path / "cache").rglob("x.npy")
    kept.write_bytes(kept.read_bytes()[:1000])
    assert torch.equal(load(sums(batches), tmp_path).x, first.x)


def test_an_unwritable_cache_costs_time_not_data(tmp_path, batches, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("EQUILIBRIA_CACHE", str(tmp_path / "file" / "cache"))
    (tmp_path / "cifar-10-python.tar").write_bytes(archive(batches, "w:"))
    assert len(load(sums(batches), tmp_path).x) == 20


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_the_real_files_hold_what_their_authors_say(data_root, name):
    data = load_data(name, data_root)
    assert (data.x.shape, data.held_out.shape) == ((60000, 1, 28, 28), (10000, 1, 28, 28))
    counts = {"mnist": 5923, "fashion_mnist": 6000}  # zeros, T-shirts
    assert data.y.bincount()[0] == counts[name]


def test_mnist_has_its_published_mean_and_deviation(data_root):
    x = load_data("mnist", data_root).x.float() / 255
    assert (round(x.mean().item(), 4), round(x.std().item(), 4)) == (0.1307, 0.3081)


@pytest.mark.long
def test_the_real_cifar_holds_what_its_authors_say(data_root):
    data = load_data("cifar10", data_root)
    assert (data.x.shape, data.held_out.shape) == ((50000, 3, 32, 32), (10000, 3, 32, 32))
    assert data.y.bincount().tolist() == [5000] * 10
    assert data.held_out_y.bincount().tolist() == [1000] * 10
    assert torch.equal(load_data("cifar10", data_root).x[-1], data.x[-1])


def test_the_built_in_clothes_are_a_thousand_images_of_each_class():
    data = fashion()
    x, y = torch.cat([data.x, data.held_out]), torch.cat([data.y, data.held_out_y])
    assert y.bincount().tolist() == [1000] * 10
    assert 0.09 < len(data.held_out) / len(x) < 0.11
    assert data.held_out_y.bincount().min() > 70
    rows = sorted(bytes([int(kind)]) + image.numpy().tobytes() for image, kind in zip(x, y, strict=True))
    assert (
        hashlib.sha256(b"".join(rows)).hexdigest() == "e5777572baadfb222023314faff58b7123643d5f100e11fdf6f1abffaf564727"
    )


def test_the_built_in_clothes_are_the_first_of_each_class_of_the_original(data_root):
    data, original = fashion(), load_data("fashion_mnist", data_root)
    assert data.labels == original.labels
    for kind in range(10):
        kept = torch.cat([data.x[data.y == kind], data.held_out[data.held_out_y == kind]])
        expected = original.x[original.y == kind][:1000]
        assert {image.numpy().tobytes() for image in kept} == {image.numpy().tobytes() for image in expected}


@pytest.mark.parametrize("shift", [True, False])
def test_attributes_of_drawn_faces_are_read_off_their_pixels(shift):
    data = faces(count=500, shift=shift)
    assert torch.equal(attributes_of(data.x / 255), data.y)
    assert torch.equal(attributes_of(data.held_out / 255), data.held_out_y)
    assert data.labels == Labels("multi-hot", ATTRIBUTES)
    assert data.y.T.corrcoef().fill_diagonal_(0).abs().max() < 0.15
    assert len({row.tobytes() for row in data.x.numpy()}) > (0.97 if shift else 0.6) * len(data.x)
    assert float(correlation(data.x / 255).amax(dim=1).min()) > 0.99
    assert torch.equal(data.x[..., 2], data.x[..., 0]) != shift  # hats reach to column 3, and two pixels farther


@pytest.mark.parametrize(("name", "rows", "sign"), [
    ("glasses", range(5, 10), 1), ("smile", range(9, 12), -1), ("hat", range(5), 1), ("beard", range(9, 16), -1),
])  # fmt: skip
def test_an_attribute_of_drawn_faces_changes_its_own_part_of_the_face(name, rows, sign):
    drawings, attributes = (each[7::15] for each in templates())  # in the middle of 15 positions
    has = attributes[:, ATTRIBUTES.index(name)].bool()
    change = (drawings[has].mean(dim=0) - drawings[~has].mean(dim=0)).flatten()
    pixel = int(change.abs().argmax())
    assert pixel // 16 in rows
    assert float(change[pixel]) * sign > 0.3
