"""Images of the hub, without the hub: a data set in its form on this machine."""

import importlib.util

import numpy as np
import PIL.Image
import pytest
import torch

from equilibria.core.errors import Refusal
from equilibria.data import load_data

INSTALLED = importlib.util.find_spec("datasets") is not None


@pytest.fixture
def local(tmp_path, monkeypatch):
    """The current folder holds owner/name, and no network is asked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    for i in range(30):
        place = tmp_path / "owner" / "name" / "train" / ("cat" if i % 3 else "dog")
        place.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(i).integers(0, 256, (16, 16), dtype=np.uint8)
        PIL.Image.fromarray(pixels).save(place / f"{i}.png")
    return tmp_path / "owner" / "name" / "train"


@pytest.mark.skipif(INSTALLED, reason="the extra `hub` is installed")
def test_without_the_extra_one_sentence_says_what_to_install():
    with pytest.raises(Refusal, match=r"pip install 'equilibria\[hub\]'"):
        load_data("hf:owner/name")


@pytest.mark.parametrize("name", ["hf:name", "hf:/etc", "hf:../owner/name", "hf:owner/name/more"])
def test_what_is_no_name_of_the_hub_is_refused(name):
    with pytest.raises(Refusal, match="hf:owner/name is needed"):
        load_data(name)


@pytest.mark.skipif(not INSTALLED, reason="the extra `hub` is not installed")
def test_images_and_classes_are_read(local):
    data = load_data("hf:owner/name")
    assert data.space.shape == (1, 16, 16)
    assert data.labels.names == ("cat", "dog")
    assert torch.cat([data.y, data.held_out_y]).bincount().tolist() == [20, 10]
    files = {np.asarray(PIL.Image.open(path)).tobytes() for path in local.rglob("*.png")}
    assert {row.numpy().tobytes() for row in torch.cat([data.x, data.held_out])} == files


@pytest.mark.skipif(not INSTALLED, reason="the extra `hub` is not installed")
def test_what_the_hub_does_not_have_is_refused_in_one_line(local):
    for spec in ("hf:nobody/nothing", {"name": "hf:owner/name", "split": "tset"}):
        with pytest.raises(Refusal, match="cannot be loaded from the hub") as refusal:
            load_data(spec)
        assert "\n" not in str(refusal.value)
    with pytest.raises(Refusal, match="Did you mean 'label'"):
        load_data({"name": "hf:owner/name", "label": "lable"})
