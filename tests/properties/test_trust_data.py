"""Data are read, never run: nothing is executed, nothing is written outside, memory stays bounded."""

import hashlib
import io
import os
import pickle
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib

import numpy as np
import PIL.Image
import pytest

from equilibria.core.errors import Refusal
from equilibria.data import check, load_data
from equilibria.data.datasets.cifar10 import BATCHES, load

MIB = 1 << 20


class Hostile:
    """Creates a file when unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def good_batch(rows: int = 2) -> bytes:
    return pickle.dumps({b"data": np.arange(rows * 3072).astype(np.uint8).reshape(rows, -1), b"labels": [0] * rows}, 2)


def sums(contents):
    return {name: hashlib.md5(content).hexdigest() for name, content in contents.items()}


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """Caches and data inside one folder, so that anything written outside is seen."""
    monkeypatch.setenv("EQUILIBRIA_CACHE", str(tmp_path / "cache"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def test_the_hostile_pickle_is_hostile(tmp_path):
    pickle.loads(pickle.dumps(Hostile(tmp_path / "created")))
    assert (tmp_path / "created").exists()


@pytest.mark.parametrize("suffix", ["npy", "npz"])
@pytest.mark.parametrize("where", ["samples", "labels"])
def test_a_pickle_in_an_array_is_not_loaded(tmp_path, suffix, where):
    hostile = np.array([Hostile(tmp_path / "created")] * 20, dtype=object)
    arrays = {"samples": np.arange(20 * 64).astype(np.uint8).reshape(20, 8, 8), where: hostile}
    path = tmp_path / f"array.{suffix}"
    np.savez(path, **arrays) if suffix == "npz" else np.save(path, hostile)
    with pytest.raises(Refusal, match="Python objects"):
        load_data(str(path))
    assert not check(str(path)).usable
    assert not (tmp_path / "created").exists()


def test_a_bare_pickle_called_npy_is_not_loaded(tmp_path):
    for name in ("array.npy", "array.npz"):
        (tmp_path / name).write_bytes(pickle.dumps(Hostile(tmp_path / "created")))
        with pytest.raises(Refusal, match="cannot be read as arrays"):
            load_data(str(tmp_path / name))
    assert not (tmp_path / "created").exists()


@pytest.mark.parametrize(
    "hostile",
    [
        lambda path: pickle.dumps({b"data": Hostile(path)}),
        lambda path: b"cos\nmkdir\n(V" + str(path).encode() + b"\ntR.",
        lambda path: b"cbuiltins\neval\n(V__import__('os').mkdir('" + str(path).encode() + b"')\ntR.",
        lambda path: b"cnumpy.f2py.diagnose\nrun\n(tR.",
    ],
    ids=["reduce", "os", "eval", "numpy"],
)
def test_a_hostile_batch_is_refused_even_with_the_right_checksum(own_folder, tmp_path, hostile):
    folder = own_folder / "cifar-10-batches-py"
    folder.mkdir()
    contents = {name: good_batch() for name in BATCHES} | {"test_batch": hostile(tmp_path / "created")}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    with pytest.raises(Refusal, match="nothing was run"):
        load(sums(contents), own_folder)
    assert not (tmp_path / "created").exists()


def test_a_published_set_is_checked_before_it_is_unpickled(own_folder, tmp_path):
    folder = own_folder / "cifar-10-batches-py"
    folder.mkdir()
    for name in BATCHES:
        (folder / name).write_bytes(pickle.dumps(Hostile(tmp_path / "created")))
    with pytest.raises(Refusal, match=r"data_batch_1 in .* is not the published file"):
        load_data("cifar10", own_folder)
    assert not (tmp_path / "created").exists()


def test_an_archive_that_climbs_out_writes_nothing_outside(own_folder, tmp_path):
    contents = {name: good_batch() for name in BATCHES}
    with tarfile.open(own_folder / "cifar-10-python.tar.gz", "w:gz") as archive:
        for name in ("../escaped", str(tmp_path / "absolute"), "cifar-10-batches-py/../../escaped"):
            _add(archive, name, b"outside")
        link = tarfile.TarInfo("cifar-10-batches-py")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
        archive.addfile(link)
        for name, content in contents.items():
            _add(archive, f"cifar-10-batches-py/{name}", content)
    before = _files(tmp_path)
    assert len(load(sums(contents), own_folder).x) == 10
    assert {path.split("/")[0] for path in _files(tmp_path) - before} == {"cache"}


def test_a_link_in_an_archive_is_not_followed(own_folder, tmp_path):
    (tmp_path / "secret").write_bytes(good_batch())
    contents = {name: good_batch() for name in BATCHES}
    with tarfile.open(own_folder / "cifar-10-python.tar", "w") as archive:
        for name in contents:
            link = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "secret")
            archive.addfile(link)
    with pytest.raises(Refusal, match="has no data_batch_1"):
        load(sums(contents), own_folder)


def test_links_that_leave_a_folder_of_images_are_not_followed(own_folder, tmp_path):
    (tmp_path / "secrets").mkdir()
    image(99).save(tmp_path / "secrets" / "secret.png")
    for i in range(12):
        image(i).save(own_folder / f"{i}.png")
    (own_folder / "link.png").symlink_to(tmp_path / "secrets" / "secret.png")
    (own_folder / "folder").symlink_to(tmp_path / "secrets")
    (own_folder / "dangling.png").symlink_to(tmp_path / "nowhere")
    (own_folder / "inside.png").symlink_to(own_folder / "3.png")  # a file that is there already
    report = check(str(own_folder))
    assert report.train + report.held_out == 12
    assert "Links out of the folder, not followed without --data.links follow: 2 (folder, link.png)." in report.remarks
    assert "Links that lead nowhere: 1 (dangling.png)." in report.remarks


def image(seed: int) -> PIL.Image.Image:
    return PIL.Image.fromarray(np.random.default_rng(seed).integers(0, 256, (8, 8), dtype=np.uint8))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_called_png_is_not_waited_for(own_folder):
    for i in range(5):
        image(i).save(own_folder / f"{i}.png")
    os.mkfifo(own_folder / "pipe.png")
    assert check(str(own_folder)).usable


def test_postscript_called_png_starts_no_interpreter(own_folder):
    image(0).save(own_folder / "0.png")
    image(1).save(own_folder / "1.png")
    (own_folder / "2.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n")
    assert check(str(own_folder)).left_out == ("2.png: not an image in a known format",)


def flat_png(side: int) -> bytes:
    """A grey image of side x side zeros, in a few kilobytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    packer, rows = zlib.compressobj(9), b""
    for _ in range(side):
        rows += packer.compress(bytes(1 + side // 8))
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)  # one bit a pixel
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows + packer.flush()) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [8_008, 20_000, 65_000])
def test_a_huge_image_is_left_out_by_its_header(own_folder, side):
    image(0).save(own_folder / "0.png")
    image(1).save(own_folder / "1.png")
    (own_folder / "bomb.png").write_bytes(
        flat_png(side)
        if side < 10_000
        else flat_png(8_008).replace(struct.pack(">II", 8_008, 8_008), struct.pack(">II", side, side))
    )
    report = check(str(own_folder))
    assert report.usable
    assert len(report.left_out) == 1
    assert report.left_out[0].startswith("bomb.png: ")


def bomb(path, declared: int, shape: tuple[int, ...]):
    """An .npz whose one array unpacks to `declared` zeros."""
    packed = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with packed as archive, archive.open("x.npy", "w", force_zip64=True) as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        for _ in range(declared // MIB):
            file.write(bytes(MIB))
    return path


@pytest.fixture(scope="module")
def large_bomb(tmp_path_factory):
    return bomb(tmp_path_factory.mktemp("bomb") / "bomb.npz", 300 * MIB, (300 * MIB // 64, 8, 8))


def test_an_array_that_unpacks_without_measure_is_not_unpacked(large_bomb):
    assert large_bomb.stat().st_size < 2 * MIB
    with pytest.raises(Refusal, match=r"would unpack to 0\.3 GiB"):
        load_data(str(large_bomb))


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_an_array_that_claims_more_than_its_file_holds_is_not_allocated(tmp_path, suffix):
    shape = (1 << 40, 8, 8)
    if suffix == "npz":
        bomb(tmp_path / "bomb.npz", MIB, shape)
    else:
        with (tmp_path / "bomb.npy").open("wb") as file:
            np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
    with pytest.raises(Refusal, match="more than the file holds"):
        load_data(str(tmp_path / f"bomb.{suffix}"))


def test_an_archive_that_unpacks_without_end_is_refused(own_folder, monkeypatch):
    monkeypatch.setattr(sys.modules["equilibria.data.datasets.cifar10"], "_ARCHIVE", 4 * MIB)
    contents = {name: good_batch() for name in BATCHES}
    with tarfile.open(own_folder / "cifar-10-python.tar.gz", "w:gz") as archive:
        _add(archive, "padding", bytes(8 * MIB))
        for name, content in contents.items():
            _add(archive, f"cifar-10-batches-py/{name}", content)
    with pytest.raises(Refusal, match="unpacks to more than"):
        load(sums(contents), own_folder)


@pytest.mark.skipif(sys.platform != "linux", reason="limits on memory are enforced on Linux only")
def test_bombs_fit_into_little_memory(own_folder, large_bomb):
    """The whole of it in a process that may use 600 MiB more than it starts with."""
    for i in range(8):
        image(i).save(own_folder / f"{i}.png")
    (own_folder / "large.png").write_bytes(flat_png(7_992))  # just below the limit: it is decoded
    looking = f"""
import resource
from equilibria.data import check
start = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (start + 600 * {MIB},) * 2)
print(check({str(own_folder)!r}).left_out, check({str(large_bomb)!r}).usable)
"""
    run = subprocess.run([sys.executable, "-c", looking], capture_output=True, text=True, env=os.environ, check=False)
    assert run.stdout.split() == ["()", "False"], run.stderr


@pytest.mark.parametrize("name", ["os:system", "os.system", "__import__('os')", "../../etc/passwd", "hf:", ""])
def test_names_of_data_never_name_code(name):
    with pytest.raises(Refusal):
        load_data({"name": name})


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _files(folder) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
