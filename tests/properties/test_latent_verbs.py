"""Laws of arithmetic, traversals and directions among latents, on models that are known in closed form."""

import numpy as np
import pytest
import torch

from equilibria.core.errors import Refusal
from equilibria.data.dataset import Labels
from equilibria.models.latent_directions import regress
from lines import MIXED, chance, line


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("moves", [False, True])
def test_a_less_a_and_c_is_the_average_of_c(told, moves):
    model = line(told=told, moves=told and moves)
    found = model.arithmetic("0,5", "0,5", "7,2,9", seed=3)
    assert torch.equal(found.latents[4], found.mean_latents[2])
    assert torch.equal(found.results[4], found.means[2])


def test_averages_are_of_the_samples_that_were_named():
    model = line()
    found = model.arithmetic("0..2", [5], 70, seed=3)
    z = model.draw_noise(64, (3, 0))[0]
    assert torch.allclose(found.mean_latents[0], z[:3].mean(dim=0))
    assert torch.equal(found.mean_latents[1], z[5])
    assert torch.equal(found.mean_latents[2], model.draw_noise(64, (3, 1))[0][6])
    assert torch.allclose(found.latents[4], z[:3].mean(dim=0) - z[5] + found.mean_latents[2])
    assert [len(each) for each in found.operands] == [3, 1, 1]
    assert torch.equal(found.operands[2][0], model.sample(71, 3)[70])


def test_noise_around_the_answer_is_uniform_within_its_scale():
    found = line(size=1000).arithmetic(noise=0.25)
    away = found.latents - found.latents[4]
    assert (away[4] == 0).all()
    noise = torch.cat([away[:4], away[5:]])
    assert noise.abs().max() <= 0.2501
    assert abs(noise.std() - 0.25 / 3**0.5) < 0.005
    assert len(noise.unique(dim=0)) == 8
    assert torch.equal(line().arithmetic(noise=0).latents, line().arithmetic(noise=0).latents[[4] * 9])


def test_labels_are_reckoned_with_unless_one_is_asked_for():
    model = line(told=True)
    y = model.draw_noise(64, (0, 0))[1]
    found = model.arithmetic(0, 1, 2)
    expected = model.generate(found.latents[4:5], (y[0] - y[1] + y[2])[None])
    assert torch.allclose(found.results[4:5], expected, atol=1e-6)
    found = model.arithmetic(0, 1, 2, labels="dog")
    assert torch.allclose(found.results[4:5], model.generate(found.latents[4:5], model.conditions_of("dog")), atol=1e-6)


@pytest.mark.parametrize("prior", ["normal", "uniform"])
def test_the_middle_of_a_traversal_is_the_base(prior):
    model = line(prior)
    rows = model.traverse(5, coordinates=[2, 0], steps=7, seed=1)
    z, reach = model.draw_noise(64, (1, 0))[0][5], 3.0 if prior == "normal" else 1.0
    for at, row, x in zip((2, 0), rows.latents, rows.samples, strict=True):
        assert torch.equal(row[3], z)
        assert torch.equal(x[3], model.sample(6, 1)[5])
        others = [i for i in range(4) if i != at]
        assert torch.equal(row[:, others], z[others].expand(7, -1))
        assert row[[0, -1], at].tolist() == [-reach, reach]
        assert (row[1:, at] > row[:-1, at]).all()
        assert torch.allclose(row[:4, at].diff(), row[:4, at].diff()[0].expand(3), atol=1e-6)


def test_categories_are_taken_in_turn():
    model = line("joint", **MIXED)
    rows = model.traverse(0, steps=5)
    assert rows.names == ("z 0", "z 1", "z 2", "z 3", "z 4", "category at z 5")
    assert [len(row) for row in rows.samples] == [5] * 5 + [3]
    assert torch.equal(rows.latents[-1][:, 5:], torch.eye(3))
    assert (rows.latents[-1][:, :5] == model.draw_noise(64, (0, 0))[0][0, :5]).all()
    assert rows.latents[0][[0, -1], 0].tolist() == [-3, 3]
    assert rows.latents[3][[0, -1], 3].tolist() == [-1, 1]
    assert model.traverse(0, coordinates="7,6").names == ("category at z 5",)


def test_the_coordinates_that_change_samples_most_are_shown():
    model = line(size=40)
    matrix = model.networks["generator"].matrix
    with torch.no_grad():
        matrix[torch.arange(40) % 4 > 0] *= 0.01
    assert model.traverse().names == tuple(f"z {at}" for at in range(0, 40, 4))


def test_a_direction_is_the_difference_of_the_means():
    z, y = chance(50, 4), (chance(50, seed=1) > 0).float()
    found = regress(z, torch.stack([y, 1 - y], dim=1), Labels("class", ("with", "without")))
    expected = z[y == 1].mean(dim=0) - z[y == 0].mean(dim=0)
    assert torch.allclose(found, torch.stack([expected, -expected]), atol=1e-6)


def test_a_direction_of_a_number_is_the_slope():
    y, slope = chance(50), chance(4, seed=1)
    found = regress(y[:, None] * slope + chance(4, seed=2), y[:, None], Labels("vector", ("0",)))
    assert torch.allclose(found[0], slope, atol=1e-5)


def test_directions_come_from_samples_that_somebody_looked_at(tmp_path):
    model = line()
    z = model.draw_noise(64, (2, 0))[0]
    table = {0: "cat", 3: "dog", 5: "cat", 9: "dog"}
    found = model.attribute(table, seed=2, away=1.5, steps=3)
    assert found.names == ("cat", "dog")
    cats = (z[0] + z[5] - z[3] - z[9]) / 2
    assert torch.allclose(found.directions, torch.stack([cats, -cats]), atol=1e-6)
    moved = torch.stack([z[0] - 1.5 * cats, z[0], z[0] + 1.5 * cats])
    assert torch.allclose(found.rows.latents[0], moved, atol=1e-6)
    path = tmp_path / "seen.csv"
    path.write_text("sample,what\n" + "".join(f"{i},{name}\n" for i, name in table.items()))
    assert torch.equal(model.attribute(path, seed=2).directions, found.directions)
    path.write_text("sample,cat,happy\n0,1,1\n3,0,1\n5,1,0\n9,0,0\n")
    again = model.attribute(path, seed=2)
    assert again.names == ("cat", "happy")
    assert torch.allclose(again.directions[0], cats, atol=1e-6)


def test_directions_come_from_codes_of_labelled_samples(tmp_path):
    model = line(encoder="point")
    z, y = chance(40, 4) / 10, np.arange(40) % 3
    np.savez(tmp_path / "some.npz", samples=model.space.decode(model.generate(z)), labels=y)
    found = model.attribute(tmp_path / "some.npz")
    assert found.names == ("0", "1", "2")
    codes = model.encode(tmp_path / "some.npz").mean
    assert torch.allclose(found.directions[0], codes[y == 0].mean(dim=0) - codes[y != 0].mean(dim=0), atol=1e-5)


@pytest.mark.parametrize(
    ("verb", "wish", "sentence"),
    [
        ("arithmetic", {"noise": -1.0}, "noise is -1"),
        ("arithmetic", {"a": "no-such-folder"}, "no encoder: use `invert`"),
        ("arithmetic", {"labels": 3}, "trained without labels"),
        ("traverse", {"steps": 4}, "odd number"),
        ("traverse", {"coordinates": "0..9"}, "no coordinate 9: latents have 4"),
        ("traverse", {"base": "0,1"}, "The base has 2 latents"),
        ("traverse", {"reach": 0.0}, "reach is 0"),
        ("attribute", {"source": "digits"}, "no encoder to locate labeled samples"),
        ("attribute", {"source": "nowhere.csv"}, "nowhere.csv cannot be read"),
        ("attribute", {"source": {0: "cat", 1: "dog"}}, "at least 2 samples with a label and 2 without"),
        ("attribute", {"source": {0: "cat", 1: "cat", 2: "cat"}}, "at least 2 samples"),
        ("encode", {}, "no encoder: use `invert`"),
        ("reconstruct", {"source": "digits"}, "no encoder: use `invert`"),
        ("invert", {}, "does not record its training data"),
    ],
)
def test_what_a_model_cannot_do_is_said(verb, wish, sentence):
    with pytest.raises(Refusal, match=sentence):
        getattr(line(), verb)(**wish)


@pytest.mark.parametrize(
    "text", ["sample,what\n", "sample\n1\n", "sample,what\n0,cat\n1\n", "sample,a,b\n0,x,y\n1,0,1\n"]
)
def test_a_table_that_is_none_is_refused(text, tmp_path):
    (tmp_path / "seen.csv").write_text(text)
    with pytest.raises(Refusal, match=r"seen\.csv"):
        line().attribute(tmp_path / "seen.csv")
