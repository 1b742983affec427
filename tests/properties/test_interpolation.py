"""Laws of the ways between latents."""

import math

import numpy as np
import pytest
import torch

from equilibria.core.errors import Refusal
from equilibria.core.priors import PRIORS
from equilibria.models.interpolation import between, linear, spherical
from lines import MIXED, chance, line

TIMES = torch.linspace(0, 1, 7)
WAYS = [linear, spherical]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [1, 2, 50])
def test_the_ends_of_a_way_are_exactly_those_given(way, size):
    start, end = chance(5, size), chance(5, size, seed=1)
    path = way(start, end, TIMES)
    assert path.shape == (5, 7, size)
    assert torch.equal(path[:, 0], start)
    assert torch.equal(path[:, -1], end)


def test_the_spherical_way_keeps_the_length_between_equal_lengths():
    start, end = (3 * torch.nn.functional.normalize(chance(20, 8, seed=seed)) for seed in (0, 1))
    assert torch.allclose(spherical(start, end, TIMES).norm(dim=-1), torch.tensor(3.0), atol=1e-5)


def test_the_spherical_way_changes_the_length_linearly_between_others():
    start, end = chance(20, 8), 4 * chance(20, 8, seed=1)
    lengths = torch.lerp(start.norm(dim=1)[:, None], end.norm(dim=1)[:, None], TIMES)
    assert torch.allclose(spherical(start, end, TIMES).norm(dim=-1), lengths, rtol=1e-5)


def test_the_spherical_way_turns_at_constant_speed():
    start, end = chance(20, 8).double(), 4 * chance(20, 8, seed=1).double()
    path = torch.nn.functional.normalize(spherical(start, end, TIMES), dim=-1)
    turns = (path[:, 1:] * path[:, :-1]).sum(dim=-1).clamp(max=1).acos()
    assert torch.allclose(turns, turns[:, :1].expand_as(turns), atol=1e-7)
    whole = (path[:, 0] * path[:, -1]).sum(dim=-1).acos()
    assert torch.allclose(turns.sum(dim=1), whole, atol=1e-7)


def test_the_spherical_way_between_axes_is_a_quarter_of_a_circle():
    path = spherical(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]), TIMES)[0]
    angles = TIMES * math.pi / 2
    assert torch.allclose(path, torch.stack([angles.cos(), angles.sin()], dim=1), atol=1e-6)


@pytest.mark.parametrize("size", [2, 50])
def test_opposite_directions_turn_through_one_that_is_orthogonal(size):
    start = torch.nn.functional.normalize(chance(4, size))
    path = spherical(start, -start, TIMES)
    assert torch.allclose(path.norm(dim=-1), torch.ones(4, 7), atol=1e-5)
    assert (path[:, 3] * start).sum(dim=-1).abs().max() < 1e-5


@pytest.mark.parametrize("end", [torch.zeros(1, 3), torch.tensor([[2.0, 4.0, 6.0]]), torch.tensor([[1.0, 2.0, 3.0]])])
def test_a_way_without_a_turn_is_straight(end):
    start = torch.tensor([[1.0, 2.0, 3.0]])
    assert torch.allclose(spherical(start, end, TIMES), linear(start, end, TIMES), atol=1e-6)


def test_normal_latents_turn_and_all_others_go_straight():
    prior = PRIORS["joint"](**MIXED)
    start, end = prior.draw(5), prior.draw(5)
    path = between(start, end, 7, prior)
    assert torch.equal(path[..., :3], spherical(start[:, :3], end[:, :3], TIMES))
    assert torch.equal(path[..., 3:], linear(start[:, 3:], end[:, 3:], TIMES))
    assert torch.equal(between(start, end, 7, prior, "linear"), linear(start, end, TIMES))
    assert torch.equal(between(start, end, 7, prior, "spherical"), spherical(start, end, TIMES))
    assert torch.equal(between(start, end, 7, PRIORS["uniform"](size=8)), linear(start, end, TIMES))
    assert torch.equal(between(start, end, 7, PRIORS["normal"](size=8)), spherical(start, end, TIMES))


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("moves", [False, True])
def test_the_ends_of_a_row_are_the_samples(told, moves):
    model = line(told=told, moves=told and moves)
    rows = model.interpolate([0, 70], [130, 3], steps=5, seed=4)
    x = model.sample(131, 4)
    for row, (start, end) in zip(rows.samples, ((0, 130), (70, 3)), strict=True):
        assert torch.equal(row[0], x[start])
        assert torch.equal(row[-1], x[end])


def test_a_row_keeps_its_label_or_goes_from_one_to_another():
    model = line(told=True)
    rows = model.interpolate([0, 2], [1, 3], steps=3, labels=["cat", "dog"])
    assert [row.argmax(dim=1).tolist() for row in rows.conditions] == [[0] * 3, [1] * 3]
    rows = model.interpolate([0, 2], [1, 3], steps=3, labels="cat", labels_to="owl")
    assert all(torch.equal(row, torch.tensor([[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]])) for row in rows.conditions)
    assert torch.equal(rows.samples[0][0], model.sample(1, 0, "cat")[0])
    assert torch.equal(rows.samples[1][-1], model.sample(4, 0, "owl")[3])


def test_latents_and_pictures_can_be_ends(tmp_path):
    model = line(encoder="point")
    z = chance(2, 4)
    rows = model.interpolate(z, model.generate(z), steps=3)
    assert torch.allclose(rows.latents[1][2], z[1], atol=1e-4)
    np.savez(tmp_path / "found.npz", latents=z.numpy())
    for given in (tmp_path / "found.npz", str(tmp_path / "found.npz"), z.numpy()):
        assert torch.equal(model.interpolate(given, 0).latents[1], model.interpolate(z, 0).latents[1])
    np.savez(tmp_path / "pixels.npz", samples=model.space.decode(model.generate(z)))
    known = model.encode(tmp_path / "pixels.npz").mean
    assert torch.equal(model.interpolate(tmp_path / "pixels.npz", 0).latents[1][0], known[1])


@pytest.mark.parametrize(
    ("start", "end", "wish", "sentence"),
    [
        ([0, 1], [2, 3, 4], {}, "2 and 3 latents, which cannot be paired"),
        (0, 1, {"steps": 1}, "at least 2"),
        (0, 1, {"way": "sperical"}, "Did you mean 'spherical'"),
        (0, 1, {"labels": 1}, "trained without labels"),
        (0, 1, {"labels_to": 1}, "trained without labels"),
        (chance(2, 5), 1, {}, r"\(N, 4\) are needed"),
        (-1, 1, {}, "numbers from 0"),
        ("digits", 1, {}, "no encoder: use `invert`"),
        ("nowhere.npz", 1, {}, "There is no file nowhere.npz"),
    ],
)
def test_ways_that_cannot_be_gone_are_refused(start, end, wish, sentence):
    with pytest.raises(Refusal, match=sentence):
        line().interpolate(start, end, **wish)
