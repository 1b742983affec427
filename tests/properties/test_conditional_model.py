"""Laws of drawing by label, from models of every kind of labels."""

import dataclasses
import json

import numpy as np
import PIL.Image
import pytest
import torch

import equilibria as eq
from equilibria.core.errors import Refusal
from equilibria.core.priors import PRIORS
from equilibria.data.dataset import Data, Labels
from equilibria.data.spaces import Image, Plane
from equilibria.models.conditions import MAX_ROWS, load_conditions, training_conditions
from equilibria.models.load import reestimate
from equilibria.models.model import Model
from equilibria.networks import GENERATORS
from equilibria.runs.selection import held_out
from equilibria.runs.trainer import sample_grid
from sessions import Silent
from shares import one_in

WISH = {
    "generator": "dense",
    "critic": "dense",
    "generator.width": 8,
    "critic.width": 8,
    "generator.norm": "batch",
    "batch": 8,
    "rounds": 3,
    "threads": 1,
    "matmul": "default",
    "conditional": True,
}
KINDS = {  # labels of 100 samples, and two that can be asked for
    "class": (np.array(["cat", "dog", "owl", "owl"] * 25), ("dog", "owl")),
    "multi-hot": (np.tile([[0, 1], [1, 1], [0, 0], [1, 0]], (25, 1)), ("0", "0,1=0.5")),
    "vector": (np.linspace(-1, 1, 200, dtype=np.float32).reshape(100, 2), ("0.2,0.7", "1=0.5,0=-1")),
}
SAMPLES = {"points": (100, 2), "images": (100, 4, 4)}


def labelled(kind="class", classes=3, points=True, shares=(1, 2, 5)):
    """A small data set of this kind of labels."""
    chance = torch.Generator().manual_seed(0)
    x = torch.rand(800, 2, generator=chance) if points else torch.zeros(800, 1, 4, 4, dtype=torch.uint8)
    if kind == "class":
        y = torch.multinomial(torch.tensor([float(s) for s in shares]), 800, replacement=True, generator=chance)
    else:
        y = torch.rand(800, classes, generator=chance).round(decimals=0 if kind == "multi-hot" else 3)
    labels = Labels(kind, tuple(f"name {i}" for i in range(classes)))
    return Data("some", Plane() if points else Image(1, 4, 4), x, x[:80], labels, y, y[:80])


def conditional(data, norm="batch"):
    """A model, not trained, of these data."""
    torch.manual_seed(0)
    shape, size = data.space.shape, data.labels.size
    generator = GENERATORS["dense"](shape, 6, size, data.space.output_activation(), width=16, norm=norm)
    return Model(
        torch.nn.ModuleDict({"generator": generator}).eval(),
        data.space,
        PRIORS["normal"](size=6),
        data.labels,
        training_conditions(data),
    )


def train(display, **wish):
    return eq.train("wgan-gp", display, **wish).folder


@pytest.fixture(
    scope="module", params=one_in(2, [((kind, samples),) for samples in SAMPLES for kind in KINDS]), ids="-".join
)
def trained(request, tmp_path_factory):
    """A run of three rounds on an array with labels, and two conditions to ask for."""
    kind, samples = request.param
    place = tmp_path_factory.mktemp("array")
    x = np.random.default_rng(0).uniform(0, 1, SAMPLES[samples]).astype(np.float32)
    np.savez(place / "some.npz", samples=x, labels=KINDS[kind][0])
    display = Silent()
    wish = WISH | {"data": str(place / "some.npz"), "runs": place, "name": "run"}
    return train(display, **wish), KINDS[kind][1], kind, display


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 63, 64, 65, 130])
def test_a_sample_depends_on_the_seed_its_place_and_its_label_alone(kind, count):
    model = conditional(labelled(kind))
    y = torch.rand(200, 3, generator=torch.Generator().manual_seed(1))
    assert torch.equal(model.sample(count, 3), model.sample(200, 3)[:count])
    assert torch.equal(model.sample(count, 3, y), model.sample(200, 3, y)[:count])
    for i in {0, count // 2, count - 1}:
        alone = model.sample(count, 3, y[i])
        assert torch.equal(alone[i], model.sample(count, 3, y)[i])


def test_labels_share_their_latents():
    data = labelled()
    model, seen = conditional(data), []
    model.networks["generator"].register_forward_pre_hook(lambda _, inputs: seen.append(inputs))
    samples = [model.sample(10, 4, labels) for labels in (None, 0, 1, "name 2", [0, 1])]
    assert all(torch.equal(z, seen[0][0]) for z, _ in seen)
    assert not any(torch.equal(one, samples[1]) for one in samples[2:4])
    assert torch.equal(samples[4][::2], samples[1][::2])
    assert torch.equal(samples[4][1::2], samples[2][1::2])


def test_classes_that_nobody_asks_for_are_drawn_as_often_as_the_data_have_them():
    data = labelled(shares=(1, 2, 5))
    y = torch.cat([y for _, y in conditional(data).batches(20_000)])
    shares = data.y.bincount() / len(data.y)
    assert torch.allclose(y.mean(0), shares, atol=4 * 0.5 / 20_000**0.5)


@pytest.mark.parametrize("kind", ["multi-hot", "vector"])
def test_other_conditions_that_nobody_asks_for_are_rows_of_the_training_data(kind):
    data = labelled(kind)
    y = torch.cat([y for _, y in conditional(data).batches(2000)])
    known = {tuple(row) for row in data.y.tolist()}
    drawn = {tuple(row) for row in y.tolist()}
    assert drawn <= known
    assert len(drawn) == (8 if kind == "multi-hot" else MAX_ROWS)


@pytest.mark.parametrize("kind", KINDS)
def test_conditions_come_back_from_plain_values(kind):
    data = labelled(kind)
    stored = json.loads(json.dumps(training_conditions(data).describe(data.labels)))
    again = load_conditions(stored, data.labels)
    assert torch.equal(again.rows, training_conditions(data).rows)
    assert torch.equal(again.weights, training_conditions(data).weights)


def test_an_unconditional_model_refuses_labels_and_says_what_to_do():
    data = labelled()
    generator = GENERATORS["dense"]((2,), 6, 0, torch.nn.Identity(), width=16)
    model = Model(torch.nn.ModuleDict({"generator": generator}), data.space, PRIORS["normal"](size=6), data.labels)
    with pytest.raises(Refusal, match=r"trained without labels.*--conditional"):
        model.sample(3, labels=0)
    assert repr(model) == "Model(2, 6 latent dimensions, unconditional)"
    assert repr(conditional(data)).endswith("conditional on 3 classes (name 0, name 1, name 2))")


def test_batch_statistics_are_of_conditions_as_in_training():
    """The mean of the first norm's input is that under the data's shares, which no single class has."""
    data = labelled(shares=(1, 0.001, 8))
    model = conditional(data)
    reestimate(model, 64, 0, lambda: pytest.fail("no network needs data"))
    norm = next(m for m in model.networks["generator"].modules() if isinstance(m, torch.nn.BatchNorm1d))
    mean, seen = norm.running_mean.clone(), []
    norm.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].mean(0)))
    gaps = []
    for labels in (None, 0, 1, 2):
        seen.clear()
        model.sample(6400, 9, labels)
        gaps.append(float((torch.stack(seen).mean(0) - mean).norm()))
    assert gaps[0] < 0.2 * min(gaps[1:3])
    assert gaps[0] < gaps[3]


@pytest.mark.parametrize("points", [True, False])
def test_a_sheet_shows_each_of_few_classes(points):
    data = labelled(points=points)
    model = conditional(data)
    names = [f"another name {i}" for i in range(3)]
    drawn = sample_grid(model, data, 0)
    assert drawn == sample_grid(model, data, 0)
    renamed = dataclasses.replace(data.labels, names=tuple(names))
    assert drawn != sample_grid(dataclasses.replace(model, labels=renamed), data, 0)
    many = labelled(classes=17, points=points, shares=[1] * 17)
    assert sample_grid(conditional(many), many, 0) != drawn


def test_rows_of_a_sheet_are_classes_from_the_same_latents(tmp_path):
    data = labelled(points=False)
    model = conditional(data)
    (tmp_path / "sheet.png").write_bytes(sample_grid(model, data, 5))
    picture = np.asarray(PIL.Image.open(tmp_path / "sheet.png"))
    for place, row in enumerate(np.split(picture, 3)):
        expected = np.asarray(model.space.sample_grid(model.sample(16, 5, place), 16))
        np.testing.assert_array_equal(row[:, -expected.shape[1] :], expected)


def test_held_out_samples_of_a_class_are_of_that_class():
    data = labelled(points=True)
    rows = [held_out(data, 1000, place) for place in range(3)]
    assert sum(map(len, rows)) == len(data.held_out)
    for place, x in enumerate(rows):
        assert torch.equal(x.sort(0).values, data.held_out[data.held_out_y == place].sort(0).values)


def test_trained_models_can_be_asked(trained):
    folder, (one, other), kind, _ = trained
    model = eq.load(folder)
    assert model.labels.kind == kind
    first, second = model.sample(70, 1, one), model.sample(70, 1, other)
    assert (first != second).any()
    assert torch.equal(model.sample(70, 1, model.conditions_of(one)), first)
    assert model.sample(70, 1).isfinite().all()


def test_trained_models_say_what_they_were_told(trained):
    folder, _, kind, display = trained
    card, config = (folder / "model" / "README.md").read_text(), json.loads((folder / "model/config.json").read_text())
    labels = eq.load(folder).labels
    assert f"conditional on the labels: {labels}" in " ".join(display.said[0].split())
    assert f"it knows {labels}" in card
    assert ("--label" in card) == (kind == "class")
    assert ("are shared with the model" in card) == (kind != "class")
    assert list(config["conditions"]) == (["counts"] if kind == "class" else ["rows"])
    assert all(len(line) <= 200 for line in card.splitlines()[2:8])


def test_checkpoints_can_be_asked(trained):
    folder, (one, _), _, _ = trained
    assert torch.equal(eq.load(folder, "last").sample(9, 1, one), eq.load(folder).sample(9, 1, one))


def test_arrays_carry_labels_that_can_be_read_back(trained, tmp_path):
    folder, asked, kind, _ = trained
    model = eq.load(folder)
    path = eq.sample(folder, count=70, seed=2, out=tmp_path / "some.npz", labels=list(asked))
    with np.load(path, allow_pickle=False) as stored:
        samples, labels = stored["samples"], stored["labels"]
    for i, one in enumerate(asked):
        np.testing.assert_array_equal(samples[70 * i : 70 * (i + 1)], model.space.decode(model.sample(70, 2, one)))
        found, expected = labels[70 * i : 70 * (i + 1)], model.conditions_of(one).repeat(70, 1)
        if kind == "class":
            assert found.tolist() == [one] * 70
        else:
            np.testing.assert_allclose(found, model.labels.decode(expected), atol=1e-6)
    drawn = eq.sample(folder, out=tmp_path / "drawn.npz", seed=2)
    with np.load(drawn, allow_pickle=False) as stored:
        assert len(stored["labels"]) == 64
        np.testing.assert_array_equal(stored["samples"], model.space.decode(model.sample(64, 2)))
    if kind == "class":
        from equilibria.data import load_data

        assert set(load_data(str(drawn)).labels.names) <= set(model.labels.names)


@pytest.mark.parametrize(
    "conditions",
    [
        {"counts": [1]},
        {"counts": [0, 0, 0]},
        {"counts": [-1, 1, 1]},
        {"counts": "many"},
        {"rows": [[1.0]]},
        [],
    ],
)
def test_conditions_that_do_not_fit_are_refused(conditions, tmp_path):
    place = _stored(conditional(labelled()), tmp_path)
    config = json.loads((place / "config.json").read_text())
    (place / "config.json").write_text(json.dumps(config | {"conditions": conditions}))
    with pytest.raises(Refusal, match=r"damaged|conditions is \[\]: it must be an object"):
        eq.load(place)


@pytest.mark.parametrize("labels", [{"kind": "classes", "names": ["a"]}, {"kind": "class"}, "many"])
def test_labels_that_are_none_are_refused(labels, tmp_path):
    place = _stored(conditional(labelled()), tmp_path)
    config = json.loads((place / "config.json").read_text())
    (place / "config.json").write_text(json.dumps(config | {"labels": labels}))
    with pytest.raises(Refusal, match=r"config\.json(: labels| are)"):
        eq.load(place)


def test_models_stored_before_conditions_were_known_still_load(tmp_path):
    wish = WISH | {"data": "digits", "conditional": False, "runs": tmp_path, "name": "old"}
    place = train(Silent(), **wish) / "model"
    expected, config = eq.load(place).sample(5), json.loads((place / "config.json").read_text())
    assert config.pop("conditions") is None
    (place / "config.json").write_text(json.dumps(config))
    assert torch.equal(eq.load(place).sample(5), expected)
    assert eq.load(place).conditions is None


@pytest.mark.parametrize(("data", "times"), [("digits", 1), ("swiss_roll", 0)])
def test_labels_that_are_not_used_are_mentioned_once(data, times, tmp_path):
    display = Silent()
    train(display, **WISH | {"data": data, "conditional": False, "runs": tmp_path, "dry_run": True})
    (said,) = display.said
    assert said.count("labels, ignored without --conditional: ") == times


def _stored(model, place):
    """The folder of a model that was not trained."""
    from safetensors.torch import save_file

    from equilibria.models.model_folder import describe

    spec = {"generator": {"name": "dense", "width": 16, "norm": "batch"}}
    config = describe(spec, {"name": "normal", "size": 6}, model)
    (place / "config.json").write_text(json.dumps(config))
    save_file(model.networks.state_dict(), place / "weights.safetensors")
    assert torch.equal(eq.load(place).sample(5, 1, 2), model.sample(5, 1, 2))
    return place


@pytest.mark.parametrize("recorded", [True, False])
def test_numbers_are_scaled_as_when_the_run_began(tmp_path, recorded):
    place = tmp_path / "some.npz"
    np.savez(place, samples=np.random.default_rng(0).normal(size=(100, 2)), labels=KINDS["vector"][0])
    folder = eq.train("gan-ns", Silent(), data=str(place), name="run", runs=tmp_path, **WISH).folder
    scales = eq.load(folder).labels.scales
    if not recorded:  # as in a run of an earlier version
        summary = json.loads((folder / "summary.json").read_text())
        del summary["data"]["label_scales"]
        (folder / "summary.json").write_text(json.dumps(summary))
    np.savez(place, samples=np.random.default_rng(0).normal(size=(100, 2)), labels=9 * KINDS["vector"][0])
    eq.resume(folder, Silent(), rounds=4)
    assert eq.load(folder).labels.scales == (scales if recorded else ())
