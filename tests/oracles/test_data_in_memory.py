"""Samples in memory are those that come back, and a run on them needs no memory to go on."""

import re
import shutil
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

import equilibria as eq
from equilibria.core.errors import Refusal
from equilibria.data import load_data
from equilibria.data.in_memory import stored_data
from equilibria.runs.session import resume, train
from sessions import Silent, assert_equal

X = np.random.default_rng(0).integers(0, 256, (60, 8, 8), np.uint8)
Y = np.arange(60) % 3
IMAGES = [PIL.Image.fromarray(x) for x in X]
UNIT = torch.from_numpy(X)[:, None].float() / 127.5 - 1
SMALL = {"generator.width": 8, "critic.width": 8, "batch": 8, "threads": 1, "matmul": "default", "watch": 0}


class Pairs(torch.utils.data.Dataset):
    def __len__(self):
        return len(X)

    def __getitem__(self, i):
        return UNIT[i], int(Y[i])


class Columns(Pairs):
    def __getitem__(self, i):
        return {"pixel_values": UNIT[i], "labels": torch.tensor(Y[i])}


class Indexed:
    """No data set of PyTorch, as those of other libraries."""

    shape = (len(X), 2)
    __len__, __getitem__ = Columns.__len__, Columns.__getitem__


class Endless(IterableDataset):
    def __iter__(self):
        return zip(IMAGES, Y.tolist(), strict=True)


class Broken(Pairs):
    def __getitem__(self, i):
        raise IndexError(i)


FORMS = {
    "array": (X, Y),
    "tensor": (UNIT, torch.from_numpy(Y)),
    "half": (UNIT.bfloat16().float().bfloat16(), Y.tolist()),
    "list of arrays": [(x, y) for x, y in zip(X, Y, strict=True)],
    "list of tensors": [[x, y] for x, y in zip(UNIT, torch.from_numpy(Y), strict=True)],
    "dataset": Pairs(),
    "tensors": TensorDataset(UNIT, torch.from_numpy(Y)),
    "iterable": Endless(),
    "loader": DataLoader(Pairs(), batch_size=7, shuffle=True),
    "images": list(zip(IMAGES, Y, strict=True)),
    "dicts": [{"image": image, "label": int(y)} for image, y in zip(IMAGES, Y, strict=True)],
    "loader of dicts": DataLoader(Columns(), batch_size=7),
    "indexed": Indexed(),
    "images, labels": (IMAGES, list(map(str, Y))),
}


def parts(form):
    """The samples that come back from a form, as bytes, with the names of their labels."""
    data = load_data(stored_data(form))
    rows = [x.numpy().tobytes() for x in torch.cat([data.x, data.held_out])]
    names = [data.labels.names[y] for y in torch.cat([data.y, data.held_out_y])] if data.labels else [None] * len(rows)
    return dict(zip(rows, names, strict=True))


@pytest.mark.parametrize("form", FORMS)
def test_the_same_samples_come_back_in_whatever_form_they_are(form):
    assert stored_data(FORMS[form]) == stored_data(FORMS[form])
    known = X if form != "half" else ((UNIT.bfloat16().float() * 127.5) + 127.5).round().to(torch.uint8).numpy()
    assert parts(FORMS[form]) == {x.tobytes(): str(y) for x, y in zip(known, Y, strict=True)}


UNLABELED = {
    "array": X,
    "tensor": torch.from_numpy(X),
    "list": list(X),
    "images": IMAGES,
    "data set": TensorDataset(UNIT),
    "pair": (X, None),
}


@pytest.mark.parametrize("form", UNLABELED.values(), ids=UNLABELED)
def test_samples_without_labels_have_none(form):
    assert parts(form) == {x.tobytes(): None for x in X}


def test_labels_that_are_none_are_unknown_and_names_stay_names():
    names = [None if i % 5 == 0 else "cat" if i % 2 else "=dog" for i in range(60)]
    for form in ((X, names), list(zip(IMAGES, names, strict=True))):
        data = load_data(stored_data(form))
        assert set(data.labels.names) == {"cat", "=dog"}
        assert int((torch.cat([data.y, data.held_out_y]) < 0).sum()) == 12


@pytest.mark.parametrize("label", [{"label": 1}, {}])
def test_rows_of_unclear_keys_are_refused_with_a_line_that_works(label):
    data = [{"left": image, "right": image} | label for image in IMAGES]
    with pytest.raises(Refusal, match=r"keys left, right.*: choose the samples with") as refusal:
        stored_data(data)
    line = str(refusal.value).partition("data=")[2].rstrip(".")
    assert parts(eval(line, {"data": data})) == dict.fromkeys((x.tobytes() for x in X), "1" if label else None)


def test_images_of_several_sizes_are_resized_as_those_of_a_folder_are(tmp_path):
    images = [image.resize((8 + i % 3, 9)) for i, image in enumerate(IMAGES)]
    for i, image in enumerate(images):
        image.save(tmp_path / f"{i:02}.png")
    data, expected = (load_data({"name": str(name), "size": 8}) for name in (stored_data(images), tmp_path))
    assert torch.equal(data.x, expected.x)


def test_data_keeps_its_held_out_part_and_its_labels():
    labels = eq.Labels("class", ("ant", "bee", "cow"))
    x, y = torch.from_numpy(X[:, None]), torch.from_numpy(Y)
    data = eq.Data("my set", eq.Image(1, 8, 8), x[:40], x[40:], labels, y[:40], y[40:])
    again = load_data(path := stored_data(data))
    assert Path(path).name == "my-set.npz"
    for name in ("x", "held_out", "labels", "y", "held_out_y"):
        assert_equal(getattr(again, name), getattr(data, name))
    points = eq.Data("points", eq.Plane(), torch.rand(30, 2), torch.rand(10, 2))
    assert torch.equal(load_data(stored_data(points)).held_out, points.held_out)


def test_names_and_paths_stay_as_they_are(tmp_path):
    for data in (None, "digits", tmp_path, {"name": "digits"}):
        assert stored_data(data) == data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "The data holds no samples"),
        (X[:0], "The data holds no samples"),
        (3, "no numbers|of unsized object"),
        ([np.zeros((8, 8)), np.zeros((8, 9))], r"several shapes, such as \(8, 8\) and \(8, 9\): give them one"),
        (["a.png", "b.png"], r"File names: give their folder, or \[PIL.Image.open\(name\) for name in names\]"),
        ([{"image": "a.png", "label": 1}], r"dicts with the keys image, label: choose the samples with data=\[\["),
        (object(), "an array, a tensor, "),
        ((IMAGES, Y[:5]), "There are 60 images and 5 labels"),
        ((X, Y[:5]), r"labels of shape \(5,\) for 60 samples"),
        (Broken(), r"test_data_in_memory.py, line \d+, in __getitem__: IndexError: 0"),
        ([PIL.Image.new("F", (8, 8))] * 2, "cannot write mode F as PNG"),
    ],
)
def test_what_is_no_data_is_refused_in_words(data, words, tmp_path):
    with pytest.raises(Refusal, match=words):
        train("gan-ns", Silent(), data=data, runs=tmp_path)


def test_a_run_on_an_array_goes_on_with_it_where_its_file_is_gone(tmp_path, monkeypatch):
    monkeypatch.setenv("EQUILIBRIA_CACHE", str(tmp_path / "cache"))
    run = train("gan-ns", Silent(), data=X, runs=tmp_path, rounds=1, **SMALL)
    assert run.folder.name == "gan-ns-array"
    shutil.rmtree(tmp_path / "cache")
    with pytest.raises(Refusal, match=r"It held samples from Python: give them again, as in eq.resume\(RUN, data=x\)"):
        resume(run, Silent(), rounds=2)
    display = Silent()
    assert resume(run, display, rounds=2, data=X).step == 2
    assert not any("has changed" in said for said in display.said)
    other = Silent()
    assert resume(run, other, rounds=3, data=X[::-1].copy() // 2).step == 3
    assert any("has changed" in said for said in other.said)


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (Path("images"), "'images' is data, not a recipe: write `equilibria train --data images`"),
        (Path("nothing"), "No recipe is called 'nothing'"),
        (Path("nothing.json"), "nothing.json cannot be read"),
        (Path("runs/one"), "runs/one is a run: `equilibria resume runs/one` continues it"),
        (X, "The recipe is ndarray: give a name, a JSON file or a Recipe, and samples as data=..."),
    ],
    ids=str,
)
def test_what_is_no_recipe_is_refused_in_words(recipe, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "images").mkdir()
    (tmp_path / "runs" / "one").mkdir(parents=True)
    (tmp_path / "runs" / "one" / "recipe.json").write_text("{}")
    with pytest.raises(Refusal, match=re.escape(words)):
        train(recipe, Silent(), data="ring")


def test_one_callback_is_enough_and_a_run_is_named_by_its_folder(tmp_path):
    steps = []
    run = train(
        "gan-ns", Silent(), data=X, rounds=2, runs=tmp_path, callbacks=lambda run: steps.append(run.step), **SMALL
    )
    assert steps[-1] == 2
    assert eq.doctor(run).run == str(run.folder)


@pytest.mark.long
def test_recipes_are_compared_on_samples_in_memory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small = {name: SMALL[name] for name in ("generator.width", "critic.width", "batch")}
    study = eq.compare(["gan-ns"], data=X, rounds=1, seeds=1, metrics="sliced_wasserstein", **small).study
    assert [Path(result.data).name for result in study.results] == ["array.npz"]
