"""Laws of codes, reconstructions and inversions, where the encoder inverts the generator or a search must."""

import dataclasses

import numpy as np
import PIL.Image
import pytest
import torch

from equilibria.core.errors import Refusal
from lines import MIXED, chance, line

QUICK = {"starts": 2, "steps": 200}


def pictures(place, x):
    """The same samples as a folder of pictures and as an array."""
    (place / "some").mkdir()
    for i, pixels in enumerate(x):
        PIL.Image.fromarray(pixels[..., 0]).save(place / "some" / f"{i:03}.png")
    np.savez(place / "some.npz", samples=x)
    return place / "some", place / "some.npz"


@pytest.mark.parametrize("encoder", ["point", "gaussian"])
@pytest.mark.parametrize(("told", "moves"), [(False, False), (True, False), (True, True)])
def test_an_encoder_that_inverts_reconstructs_without_error(encoder, told, moves):
    model = line(encoder=encoder, told=told, moves=moves)
    x = model.sample(300, 1, ["cat", "owl"] if told else None)
    pairs = model.reconstruct(x, count=300, labels=["cat", "owl"] if told else None)
    assert pairs.error.max() < 1e-10
    assert torch.equal(pairs.x, x)


def test_codes_say_how_sure_the_encoder_is():
    x = line().sample(3)
    assert torch.allclose(line(encoder="gaussian").encode(x).std, torch.full((3, 4), 0.1))
    assert line(encoder="point").encode(x).std is None
    assert list(line(encoder="gaussian").encode(x).arrays()) == ["latents", "deviations", "files"]
    assert len(line(encoder="gaussian").encode(x).table()[1]) == 9
    assert len(line(encoder="point").encode(x).table()[0]) == 5


def test_codes_of_an_array_are_those_of_the_folder(tmp_path):
    model = line(encoder="gaussian")
    x = model.space.decode(model.sample(300))
    folder, array = pictures(tmp_path, x)
    one, other = model.encode(folder), model.encode(array)
    assert torch.equal(one.mean, other.mean)
    assert torch.equal(one.log_variance, other.log_variance)
    assert one.names[:2] == ("000.png", "001.png")
    alone = model.encode(folder / "007.png")
    assert torch.allclose(alone.mean[0], one.mean[7], atol=1e-6)


def test_so_many_samples_are_taken_evenly_and_in_order(tmp_path):
    model = line(encoder="point")
    folder, _ = pictures(tmp_path, model.space.decode(model.sample(9)))
    assert model.reconstruct(folder, count=3).names == ("000.png", "004.png", "008.png")
    assert model.reconstruct(folder, count=20).names == model.encode(folder).names
    with pytest.raises(Refusal, match="count is 0"):
        model.reconstruct(folder, count=0)


def test_labels_of_a_conditional_model_are_those_of_the_samples_or_the_one_that_is_given(tmp_path):
    model = line(encoder="point", told=True)
    x = model.sample(6, 0, ["cat", "dog"]) / 2
    pixels, names = model.space.decode(x), np.array(["cat", "dog"] * 3)
    np.savez(tmp_path / "some.npz", samples=pixels, labels=names)
    np.savez(tmp_path / "plain.npz", samples=pixels)
    known = model.encode(tmp_path / "some.npz")
    assert known.y.argmax(dim=1).tolist() == [0, 1] * 3
    told = model.encode(tmp_path / "plain.npz", labels="dog")
    assert torch.equal(told.mean[1::2], known.mean[1::2])
    assert not torch.allclose(told.mean[0], known.mean[0])
    with pytest.raises(Refusal, match="no labels: give labeled ones"):
        model.encode(tmp_path / "plain.npz")
    with pytest.raises(Refusal, match="no labels: give labeled ones"):
        model.encode(x)


@pytest.mark.parametrize(("told", "moves"), [(False, False), (True, False), (True, True)])
def test_a_search_finds_the_latent_of_a_linear_generator(told, moves):
    model = line(told=told, moves=moves)
    x = model.sample(5, 1, ["cat", "owl"] if told else None)
    pairs = model.invert(x, labels=["cat", "owl"] if told else None, **QUICK)
    y = model.conditions_of(["cat", "owl", "cat", "owl", "cat"]) if told else None
    z = model.latents_of(model.draw_noise(64, (1, 0))[0][:5], y)
    assert torch.allclose(pairs.latents, z, atol=0.02)
    assert pairs.error.max() < 1e-4


def test_a_search_goes_as_near_as_the_generator_can():
    model = line()
    x = chance(5, 1, 3, 3, seed=7) / 3
    matrix = model.networks["generator"].matrix
    nearest = x.flatten(1) @ torch.linalg.pinv(matrix)
    pairs = model.invert(x, **QUICK)
    least = (nearest @ matrix - x.flatten(1)).square().mean(dim=1)
    assert torch.allclose(pairs.error, least, atol=1e-4)
    assert torch.allclose(pairs.latents, nearest, atol=0.05)


def test_what_a_prior_bounds_stays_within_and_categories_stay_categories():
    model = line("joint", **MIXED)
    pairs = model.invert(5 * chance(6, 1, 3, 3), **QUICK)
    assert pairs.latents[:, 3:5].abs().max() <= 1
    assert torch.equal(pairs.latents[:, 5:].sort(dim=1).values, torch.tensor([[0.0, 0.0, 1.0]]).expand(6, -1))
    assert pairs.latents[:, :3].abs().max() > 1


def test_a_search_starts_from_the_code_where_there_is_an_encoder():
    model = line(encoder="point")
    x = model.sample(5)
    pairs = model.invert(x, starts=1, steps=1, lr=1e-9)
    assert pairs.error.max() < 1e-10
    assert line().invert(x, starts=1, steps=1, lr=1e-9).error.max() > 1e-3


def test_more_starts_are_never_worse():
    model, x = line("joint", **MIXED), chance(6, 1, 3, 3)
    one, many = (model.invert(x, starts=starts, steps=100).error for starts in (1, 6))
    assert (many <= one + 1e-6).all()
    assert (many < one - 1e-4).any()


def test_features_of_the_critic_can_be_compared():
    class Half(torch.nn.Module):
        def features(self, x, y=None):
            return x.flatten(1)[:, :4]

    model = line()
    x = model.sample(3)
    with pytest.raises(Refusal, match="no critic of single samples"):
        model.invert(x, distance="features")
    networks = torch.nn.ModuleDict({**model.networks, "critic": Half()})
    found = dataclasses.replace(model, networks=networks).invert(x, starts=2, steps=200, distance="features")
    assert torch.allclose(found.reconstructed.flatten(1)[:, :4], x.flatten(1)[:, :4], atol=0.02)


def test_a_code_that_is_read_alone_is_made_a_draw_of_the_prior():
    model = dataclasses.replace(line("joint", "gaussian", **MIXED), encoder_output="code")
    x = model.sample(20)
    codes = model.encode(x)
    assert torch.allclose(codes.mean[:, 5:].sum(dim=1), torch.ones(20))
    assert codes.std is None
    assert (codes.mean[:, :3] == 0).all()
    pairs = model.reconstruct(x)
    logits = line("joint", "gaussian", **MIXED).encode(x).mean
    assert torch.equal(pairs.latents[:, 5:].argmax(dim=1), logits[:, 5:].argmax(dim=1))
    assert torch.equal(pairs.latents[:, 3:5], logits[:, 3:5])
    assert "reads the code only" in pairs.remarks[0]


@pytest.mark.parametrize(
    ("source", "search", "sentence"),
    [
        (chance(2, 1, 4, 4), {}, r"floats \(N, 1, 3, 3\)"),
        (chance(2, 1, 3, 3), {"steps": 0}, "steps is 0"),
        (chance(2, 1, 3, 3), {"starts": 0}, "starts is 0"),
        (chance(2, 1, 3, 3), {"lr": 0.0}, "lr is 0"),
        (chance(2, 1, 3, 3), {"distance": "squred"}, "Did you mean 'squared'"),
        ("digits", {}, "has samples of 1 x 8 x 8"),
        ("nowhere", {}, "nothing is at"),
    ],
)
def test_searches_that_cannot_be_made_are_refused(source, search, sentence):
    with pytest.raises(Refusal, match=sentence):
        line().invert(source, **search)
