"""The folders that are broken, made once; every module works on a copy."""

import os
import shutil

import pytest

from fuzz.folders import make_comparison, make_folders


@pytest.fixture(scope="session")
def original(tmp_path_factory, own_cache):
    before, place = os.getcwd(), tmp_path_factory.mktemp("original")
    os.chdir(place)
    try:
        make_folders()
    finally:
        os.chdir(before)
    return place


@pytest.fixture(scope="module")
def folders(original, tmp_path_factory):
    """A copy, which is the current folder."""
    with pytest.MonkeyPatch.context() as patch:
        place = shutil.copytree(original, tmp_path_factory.mktemp("fuzz") / "folders")
        patch.chdir(place)
        patch.delenv("EQUILIBRIA_DEBUG", raising=False)
        yield place


@pytest.fixture
def all_folders(folders):
    """With a comparison, for the tests that take long."""
    if not (folders / "runs" / "both").exists():
        make_comparison()
    return folders
