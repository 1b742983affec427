"""What every test stands on: one thread, a cache of its own, and the data folder where there is one."""

import gc
import multiprocessing
import os
from pathlib import Path

import pytest
import torch

torch.set_num_threads(1)
gc.disable()  # while tests are collected
multiprocessing.set_forkserver_preload(
    ["torch.distributed", "torch._dynamo", "equilibria.runs.session", "equilibria.runs.trainer"]
)


def pytest_collection_finish():
    """Modules and collected tests live to the end: leave them out of garbage collection."""
    gc.enable()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def pytest_collection_modifyitems(items):
    """Two processes that share the tests must call them by the same names."""
    assert not [item.nodeid[:200] for item in items if " at 0x" in item.nodeid]


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Caches go to a temporary folder, one for each test process; nothing waits for the disk: nobody cuts the power."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        patch.setenv("EQUILIBRIA_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder with the original files of the data sets: EQUILIBRIA_DATA, or shared/data beside the repository."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    root = Path(os.environ.get("EQUILIBRIA_DATA") or beside)
    if not root.is_dir():
        pytest.skip("no data folder: set EQUILIBRIA_DATA to one with mnist/, fashion-mnist/, cifar-10/")
    return root
