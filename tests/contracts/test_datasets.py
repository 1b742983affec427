"""Every data set keeps the promises of its kind."""

import inspect

import numpy as np
import PIL.Image
import pytest
import torch

from equilibria.core.catalogue import options, summary
from equilibria.data import DATASETS, data_builder, load_data
from equilibria.data.spaces import SPACES

PUBLISHED = ("mnist", "fashion_mnist", "cifar10", "stacked_mnist")  # with an official held-out part
ELSEWHERE = ("hub",)  # only reachable with a network and an extra


@pytest.fixture(scope="module")
def specs(tmp_path_factory):
    """What to ask `load_data` for to get each entry of the catalogue."""
    place, random = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    for i in range(40):
        (place / "pictures" / "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 256, (12 + i % 3, 15, 3), dtype=np.uint8)
        PIL.Image.fromarray(pixels).save(place / "pictures" / "ab"[i % 2] / f"{i}.png")
    np.savez(place / "array.npz", images=random.integers(0, 256, (50, 9, 7), dtype=np.uint8), labels=np.arange(50) % 3)
    few = {"name": "stacked_mnist", "count": 500}
    return {"folder": str(place / "pictures"), "array": str(place / "array.npz"), "stacked_mnist": few}


@pytest.fixture(scope="module", params=[name for name in DATASETS if name not in ELSEWHERE])
def data(request, specs):
    name = request.param
    if name == "cifar10":
        pytest.skip("takes long to unpack: the real files are read in tests/oracles/test_data_files.py")
    root = request.getfixturevalue("data_root") if name in PUBLISHED else None
    return load_data(specs.get(name, name), root)


def test_samples_lie_in_the_space(data):
    for part in (data.x, data.held_out):
        assert len(part) > 0
        x = data.space.encode(part[:64])
        assert x.dtype == torch.float32
        assert x.shape[1:] == data.space.shape
        assert torch.isfinite(x).all()
        if data.x.dtype == torch.uint8:
            assert x.min() >= -1
            assert x.max() <= 1


def test_what_people_see_is_what_was_kept(data):
    seen = torch.from_numpy(data.space.decode(data.space.encode(data.x[:64])))
    kept = data.x[:64]
    assert torch.equal(seen, kept.permute(0, 2, 3, 1) if kept.ndim == 4 else kept)


def test_images_are_kept_as_bytes(data):
    assert data.x.dtype == data.held_out.dtype == (torch.uint8 if len(data.space.shape) == 3 else torch.float32)


def test_the_same_call_gives_the_same_data(data, specs, request):
    name = request.node.callspec.params["data"]
    root = request.getfixturevalue("data_root") if name in PUBLISHED else None
    again = load_data(specs.get(name, name), root)
    assert torch.equal(again.x, data.x)
    assert torch.equal(again.held_out, data.held_out)
    assert (again.space, again.labels, again.remarks) == (data.space, data.labels, data.remarks)


def test_no_sample_is_both_trained_on_and_held_out(data):
    if data.name == "lines":
        pytest.skip("one coordinate of 24 random bits repeats itself by chance")
    train = {row.numpy().tobytes() for row in data.x}
    assert not train & {row.numpy().tobytes() for row in data.held_out}


def test_labels_belong_to_their_samples(data):
    if data.labels is None:
        assert data.y is None
        assert data.held_out_y is None
        return
    for x, y in ((data.x, data.y), (data.held_out, data.held_out_y)):
        assert len(x) == len(y)
        encoded = data.labels.encode(y[:64])
        assert encoded.shape == (len(y[:64]), data.labels.size)
        assert encoded.dtype == torch.float32


def test_a_space_is_rebuilt_from_its_description(data):
    described = data.space.describe()
    assert SPACES[described.pop("name")](**described) == data.space


def test_a_sheet_shows_cells_of_32_pixels_at_least(data):
    sheet = data.space.sample_grid(data.space.encode(data.x[:10]), columns=5, real=data.space.encode(data.held_out[:3]))
    assert sheet.mode == "RGB"
    assert sheet.width >= 5 * 32
    assert sheet.height >= 2 * 32


def test_the_output_activation_cannot_leave_the_space(data):
    out = data.space.output_activation()(torch.randn(8, *data.space.shape) * 100)
    if data.x.dtype == torch.uint8:
        assert out.abs().max() <= 1
    assert out.shape == (8, *data.space.shape)


@pytest.mark.parametrize("name", DATASETS)
def test_a_user_sets_options_and_the_builder_gives_the_rest(name):
    parameters = inspect.signature(DATASETS[name]).parameters
    context = {key for key in parameters if key not in options(DATASETS[name])}
    assert context <= {"root", "path"}
    assert all(parameters[key].annotation is not inspect.Parameter.empty for key in parameters)


@pytest.mark.parametrize("name", DATASETS)
def test_the_first_line_would_do_in_a_table(name):
    assert summary(DATASETS[name]).endswith(".")
    assert len(summary(DATASETS[name])) <= 120


def test_names_and_paths_lead_to_builders_without_loading(specs):
    assert data_builder({"name": "ring", "modes": 3}) is DATASETS["ring"]
    assert data_builder(specs["folder"]) is DATASETS["folder"]
    assert data_builder(specs["array"]) is DATASETS["array"]
    assert data_builder("hf:owner/name") is DATASETS["hub"]
