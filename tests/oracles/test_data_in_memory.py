"""Samples in memory are those that come back, and a run on them needs no memory to go on."""

import numpy as np
import PIL.Image
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from equilibria.core.errors import Refusal
from equilibria.data import load_data
from equilibria.data.cache import stored_data
from equilibria.runs.session import resume, train
from sessions import Silent

X = np.random.default_rng(0).integers(0, 256, (60, 8, 8), np.uint8)
Y = np.arange(60) % 3
IMAGES = [PIL.Image.fromarray(x) for x in X]
UNIT = torch.from_numpy(X)[:, None].float() / 127.5 - 1


class Pairs(torch.utils.data.Dataset):
    def __len__(self):
        return len(X)

    def __getitem__(self, i):
        return UNIT[i], int(Y[i])


FORMS = {
    "array": (X, Y),
    "tensor": (UNIT, torch.from_numpy(Y)),
    "list of arrays": [(x, y) for x, y in zip(X, Y, strict=True)],
    "dataset": Pairs(),
    "tensors": TensorDataset(UNIT, torch.from_numpy(Y)),
    "loader": DataLoader(Pairs(), batch_size=7),
    "images": list(zip(IMAGES, Y, strict=True)),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_samples_come_back_in_whatever_form_they_are(form):
    path = stored_data(FORMS[form])
    assert stored_data(FORMS[form]) == path
    data = load_data(path)
    every = torch.cat([data.x, data.held_out]).flatten(1)
    places = [int((every == torch.from_numpy(x.ravel())).all(dim=1).nonzero()[0, 0]) for x in X]
    assert sorted(places) == list(range(60))
    y = torch.cat([data.y, data.held_out_y])
    assert [data.labels.names[y[place]] for place in places] == [str(y) for y in Y]


def test_names_and_paths_stay_as_they_are(tmp_path):
    for data in (None, "digits", tmp_path, {"name": "digits"}):
        assert stored_data(data) == data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "list index out of range"),
        (3, "no array, tensor, "),
        ([np.zeros((8, 8)), np.zeros((8, 9))], "Dataset or list: all input arrays must have the same shape"),
        (["a.png", "b.png"], "it holds <U5"),
        (object(), "it holds object"),
    ],
)
def test_what_is_no_data_is_refused_in_words(data, words, tmp_path):
    with pytest.raises(Refusal, match=words):
        train("gan-ns", Silent(), data=data, runs=tmp_path)


def test_a_run_on_an_array_goes_on_without_it(tmp_path):
    small = {"generator.width": 8, "critic.width": 8, "batch": 8, "threads": 1, "matmul": "default", "watch": 0}
    run = train("gan-ns", Silent(), data=X, runs=tmp_path, rounds=2, **small)
    assert run.folder.name == "gan-ns-array"
    assert resume(run, Silent(), rounds=3).step == 3
