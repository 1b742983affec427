"""Whatever path a verb is given, and whatever is there: one sentence, and exit code 2 where another path would help."""

import importlib
import os
import pkgutil

import pytest

import equilibria
from fuzz.folders import answer

VERBS = [
    "resume PATH",
    "doctor PATH",
    "report PATH",
    "evaluate PATH --count 20 --features pixels",
    "sample PATH",
    "reject PATH",
    "interpolate PATH",
    "probe PATH",
    "export PATH",
    "score PATH images",
    "score runs/gan PATH",
    "encode runs/vae PATH",
    "data check PATH",
    "show PATH.json",
    "train PATH.json",
    "train gan --data PATH --rounds 1",
    "train gan --runs PATH --rounds 1 --threads 1 --matmul default --device cpu --watch 0",
    "train gan --data ring --data-root PATH --rounds 1 --threads 1 --matmul default --device cpu --watch 0",
    "compare PATH runs/gan",
    "compare gan --out PATH --data ring --rounds 1 --seeds 1",
    "sample runs/gan --out PATH.png",
]
PATHS = ["locked/run", "locked", "a" * 300, "a" * 252, "~nosuchuser/x", "images.npy/x", "loop", "\udcff", "images.npy"]


@pytest.fixture(scope="module")
def place(folders):
    """The folders, of which one is closed to the user, who is not root."""
    for module in pkgutil.walk_packages(equilibria.__path__, "equilibria."):  # the libraries may be closed to the user
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    importlib.import_module("scipy.stats")
    root = os.geteuid() == 0
    os.symlink("loop", "loop")
    os.mkdir("locked", 0)
    os.mkdir("sealed")
    os.chmod("sealed", 0o555)
    if root:
        for folder in (folders, *folders.parents[:2]):
            folder.chmod(0o777)
        os.seteuid(65534)
    try:
        yield folders
    finally:
        if root:
            os.seteuid(0)
        os.chmod("locked", 0o700)


EVERY = [(verb, path) for verb in VERBS for path in PATHS]


@pytest.mark.parametrize(("verb", "path"), EVERY[::4], ids=ascii)
def test_a_path_that_cannot_be_used_is_named_in_a_sentence(place, verb, path):
    got = answer([word.replace("PATH", path) for word in verb.split()])
    assert not got.fault, got.text[-600:]
    assert got.code in (0, 2), got.text[-600:]


SEALED = [("sample", "sheet.png"), ("sample --out drawn/", "drawn"), ("traverse", "traversal.png")]
SEALED += [("export --format safetensors", "generator.safetensors"), ("film --interpolation", "film.gif")]


@pytest.mark.parametrize(("verb", "name"), SEALED)
def test_in_a_folder_that_cannot_be_written_one_sentence_says_so(place, verb, name):
    command, *rest = verb.split()
    os.chdir("sealed")
    try:
        got = answer([command, "../runs/gan", *rest])
    finally:
        os.chdir("..")  # not by its whole name, which may lie in a folder that is closed
    assert (got.code, got.text) == (
        2,
        f"equilibria: {name} cannot be written: Permission denied. Choose another --out.\n",
    )


@pytest.mark.long
@pytest.mark.parametrize(("verb", "path"), EVERY, ids=ascii)
def test_every_path_that_cannot_be_used_is_named_in_a_sentence(place, verb, path):
    test_a_path_that_cannot_be_used_is_named_in_a_sentence(place, verb, path)
