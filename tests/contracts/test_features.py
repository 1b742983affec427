"""What every feature network promises, and what each of them refuses."""

import dataclasses
import re

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from equilibria.apps.cli import main
from equilibria.core.errors import Refusal
from equilibria.data import load_data
from equilibria.data.spaces import Image
from equilibria.evaluation.features import FEATURES, choose, classifier_training, published, suitable
from equilibria.evaluation.features.classifier import train
from equilibria.evaluation.features.classifier_training import training_seconds
from equilibria.evaluation.features.inception import Inception, bilinear
from equilibria.recipes.parts import options_of

ANY = pytest.mark.parametrize("name", FEATURES)


def weights():
    """Inception's, scattered over (-1, 1) the same way everywhere, and of a size that lets signals through."""
    with torch.device("meta"):
        shapes = Inception().state_dict()
    return {name: _scattered(i, name, like) for i, (name, like) in enumerate(sorted(shapes.items()))}


def _scattered(i, name, like):
    if "num_batches" in name:
        return torch.zeros(())
    waves = torch.sin(torch.arange(like.numel(), dtype=torch.float64) * 12.9898 + i) * 43758.5453
    wave = (2 * (waves - waves.floor()) - 1).reshape(like.shape)
    if like.ndim == 4:
        wave = wave * (6 / like[0].numel()) ** 0.5
    elif name.endswith(("bn.weight", "bn.running_var")):
        wave = 1 + wave / 4
    else:
        wave = wave / 10
    return wave.float()


@pytest.fixture(scope="module")
def inception_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "waves.safetensors"
    save_file(weights(), path)
    return path


@pytest.fixture(scope="module")
def features(inception_file):
    """Each network, for the digits."""
    data = load_data("digits")
    train(data, epochs=1)
    options = {"inception": {"weights": str(inception_file)}}
    return {name: FEATURES[name](data, **options.get(name, {})) for name in FEATURES}


def test_a_classifier_that_takes_too_long_is_not_trained_unless_it_is_named():
    data = load_data("digits")
    data = dataclasses.replace(data, x=data.x[:300], y=data.y[:300])  # of which none is stored
    assert training_seconds(data) > 0
    features = choose("auto", data, seconds=0)
    assert features.name == "random convolutions"
    assert "--features classifier" in features.about
    assert suitable(data) == "classifier"
    assert suitable(dataclasses.replace(data, x=data.x[:100], y=data.y[:100])) == "random"


def test_inception_is_used_by_itself_only_if_its_weights_are_here(tmp_path, monkeypatch):
    monkeypatch.setenv("EQUILIBRIA_INCEPTION", str(tmp_path / "weights.pth"))
    assert published(load_data("digits")) == "auto"
    (tmp_path / "weights.pth").write_bytes(b"")
    assert published(load_data("digits")) == "inception"
    assert published(load_data("ring")) == "auto"


@ANY
def test_features_are_rows_of_finite_numbers(name, features):
    data = load_data("digits")
    said = features[name].network(data.space.encode(data.held_out[:5]))
    assert said.shape[0] == 5
    assert said.ndim == 2
    assert said.dtype == torch.float32
    assert said.isfinite().all()
    assert not said.requires_grad


@ANY
def test_the_features_of_a_sample_do_not_depend_on_its_neighbours(name, features):
    data = load_data("digits")
    x = data.space.encode(data.held_out[:3])
    torch.testing.assert_close(features[name].network(x)[1:2], features[name].network(x[1:2]), rtol=1e-4, atol=1e-5)


@ANY
def test_asking_for_features_draws_nothing_and_changes_nothing(name, features):
    data = load_data("digits")
    x = data.space.encode(data.held_out[:2])
    before, kept_x = torch.get_rng_state(), x.clone()
    first = features[name].network(x)
    assert torch.equal(first, features[name].network(x))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(x, kept_x)


@ANY
def test_every_feature_network_says_what_a_card_needs(name, features):
    found = features[name]
    assert found.name
    assert found.digest
    assert found.resizing
    assert found.about


@ANY
def test_every_option_of_a_feature_network_says_what_it_means(name):
    silent = [option for option, setting in options_of(FEATURES[name]).items() if not setting.help]
    assert not silent


def test_inception_answers_what_the_network_of_2015_answers(inception_file):
    data = load_data("digits")
    rows = torch.arange(64).reshape(1, 1, 8, 8)
    x = torch.cat([rows * 4, (rows * rows) % 256]).to(torch.uint8)
    said = FEATURES["inception"](data, weights=str(inception_file)).network(data.space.encode(x))
    assert said.shape == (2, 2048)
    torch.testing.assert_close(said.reshape(2, 8, 256).mean(dim=2), torch.tensor(INCEPTION), rtol=1e-4, atol=1e-6)


# Means of every 256 features of torch-fidelity's network (the TensorFlow graph's, bit by bit) for these very weights.
INCEPTION = [
    [0.419831, 0.447132, 0.414006, 0.425043, 0.416169, 0.335382, 0.343361, 0.492959],
    [0.469192, 0.516225, 0.470454, 0.483586, 0.472415, 0.38013, 0.395882, 0.54958],
]


def test_other_weights_than_those_of_2015_are_refused(tmp_path):
    data, known = load_data("digits"), weights()
    planted = {
        "of another shape": known | {"Conv2d_1a_3x3.conv.weight": torch.zeros(32, 3, 5, 5)},
        "another Inception": known | {"fc.bias": torch.zeros(1000)},
        "another Inception than": known | {"AuxLogits.fc.bias": torch.zeros(1000)},
    }
    for sentence, each in planted.items():
        save_file(each, path := tmp_path / "other.safetensors")
        with pytest.raises(Refusal, match=sentence):
            FEATURES["inception"](data, weights=str(path))
    path.write_bytes(b"nothing")
    with pytest.raises(Refusal, match="cannot be read as weights"):
        FEATURES["inception"](data, weights=str(path))


def test_absent_weights_are_refused_with_what_to_do(monkeypatch):
    monkeypatch.setenv("EQUILIBRIA_OFFLINE", "1")
    monkeypatch.delenv("EQUILIBRIA_INCEPTION", raising=False)
    with pytest.raises(Refusal, match=r"put pt_inception-2015-12-05-6726825d\.pth into .* --features classifier"):
        choose("inception", load_data("digits"))
    with pytest.raises(Refusal, match="there is no such file"):
        choose("inception", load_data("digits"), weights="nowhere.pth")
    monkeypatch.setenv("EQUILIBRIA_INCEPTION", "nowhere.pth")
    with pytest.raises(Refusal, match="EQUILIBRIA_INCEPTION names nowhere"):
        choose("inception", load_data("digits"))


def test_a_classifier_is_trained_once_and_then_read(tmp_path, monkeypatch):
    monkeypatch.setenv("EQUILIBRIA_CACHE", str(tmp_path))
    data, said = load_data("digits"), list[str]()
    first = choose("classifier", data, say=said.append, epochs=2)
    assert len(said) == 2
    assert "of 188 held-out samples" in said[-1]
    again = choose("classifier", data, say=said.append, epochs=40)
    assert len(said) == 2
    assert again.digest == first.digest
    x = data.space.encode(data.held_out[:4])
    assert torch.equal(again.network(x), first.network(x))
    assert torch.equal(again.classify(x), first.classify(x))
    (path,) = (tmp_path / "features").iterdir()
    path.write_bytes(b"damaged")
    assert choose("classifier", data, epochs=2).digest == first.digest


def test_the_classifier_tells_digits_apart_and_says_how_well():
    data = load_data("digits")
    found = train(data, epochs=8)
    share = choose("classifier", data).classify(data.space.encode(data.held_out)).argmax(dim=1) == data.held_out_y
    assert found.accuracy == pytest.approx(float(share.double().mean()))
    assert found.accuracy > 0.95
    assert f"right on {100 * found.accuracy:.2f} % of 188" in choose("classifier", data).about


def test_training_a_classifier_leaves_the_default_generators_alone():
    before = torch.get_rng_state()
    train(load_data("digits"), epochs=1)
    assert torch.equal(torch.get_rng_state(), before)


def test_different_data_have_different_classifiers():
    data = load_data("digits")
    fewer = dataclasses.replace(data, y=data.y.roll(1))
    assert classifier_training.place(data, 0) != classifier_training.place(fewer, 0)
    assert classifier_training.place(data, 0) != classifier_training.place(data, 1)


def test_a_classifier_belongs_to_the_content_of_data_wherever_they_lie(tmp_path):
    x, y = np.random.default_rng(0).integers(0, 256, (5000, 8, 8), np.uint8), np.arange(5000) % 2
    data, place = [], classifier_training.place
    for name, bit in (("one", 0), ("same", 0), ("other", 1)):
        x[4321] ^= bit  # one sample of many
        np.savez(tmp_path / f"{name}.npz", x=x, y=y)
        data.append(load_data(str(tmp_path / f"{name}.npz")))
    one, same, other = data
    assert place(one, 0) == place(same, 0)
    held_out = ({"held_out": one.held_out.roll(1, dims=0)}, {"held_out_y": 1 - one.held_out_y})
    assert place(one, 0) not in [place(each, 0) for each in (other, *(dataclasses.replace(one, **c) for c in held_out))]


def test_larger_pictures_are_averaged_and_the_card_says_so():
    data = dataclasses.replace(load_data("digits"), space=Image(1, 64, 48))
    found = FEATURES["random"](data)
    assert found.resizing == "averaged to 32 x 32"
    assert found.network(torch.rand(2, 1, 64, 48)).shape == found.network(torch.rand(2, 1, 64, 48)).shape


@pytest.mark.parametrize("name", ["inception", "classifier", "random"])
def test_points_are_seen_as_they_are_only(name):
    with pytest.raises(Refusal, match="--features"):
        choose(name, load_data("ring"))
    assert suitable(load_data("ring")) == "pixels"


def test_pictures_without_classes_have_no_classifier():
    data = dataclasses.replace(load_data("digits"), labels=None, y=None, held_out_y=None)
    with pytest.raises(Refusal, match="has no labels, and a classifier needs classes"):
        choose("classifier", data)
    said = list[str]()
    assert choose("auto", data, say=said.append).name == "random convolutions"
    assert "never trained" in said[0]


def test_a_network_of_ones_own_is_taken_by_name(tmp_path, monkeypatch):
    (tmp_path / "my_features_here.py").write_text(
        "from equilibria.evaluation.features import Features\n"
        "def sums(data, *, scale=1.0):\n"
        "    return Features('sums', lambda x: scale * x.flatten(1).sum(dim=1, keepdim=True), 'none')\n"
        "def wrong(data):\n    return 3\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    data = load_data("digits")
    found = choose("my_features_here:sums", data, scale=2.0)
    assert found.network(torch.ones(2, 1, 8, 8)).tolist() == [[128.0], [128.0]]
    with pytest.raises(Refusal, match="my_features_here:wrong answers int"):
        choose("my_features_here:wrong", data)
    with pytest.raises(Refusal, match="Did you mean 'inception'"):
        choose("inceptoin", data)


def test_places_between_pixels_are_those_of_tensorflow_1():
    x = torch.tensor([[[[0.0, 6.0]]]])
    assert bilinear(x, 6)[0, 0, 0].tolist() == [0.0, 2.0, 4.0, 6.0, 6.0, 6.0]


def test_a_classifier_that_is_kept_is_not_trained_again_unless_forced(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("EQUILIBRIA_CACHE", str(tmp_path))
    assert main(["features", "train", "digits", "--epochs", "1"]) == 0
    assert re.search(r"Right on [\d.]+ % of 188 held-out samples after 1 epoch\.", capsys.readouterr().out)
    assert main(["features", "train", "digits", "--epochs", "2"]) == 0
    assert "--force trains another" in capsys.readouterr().out
    assert main(["features", "train", "digits", "--epochs", "2", "--force"]) == 0
    assert "after 2 epochs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["features", "train"], "write `equilibria features train DATA`"),
        (["features", "train", "ring"], "has no images"),
        (["features", "train", "digits", "--epochs", "-1", "--force"], "epochs is -1"),
        (["features", "train", "digits", "--epohcs", "1"], "Did you mean '--epochs'?"),
        (["features", "trian"], "There is no model in trian"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_a_sentence(words, sentence, capsys):
    assert main(words) == 2
    said = capsys.readouterr()
    assert sentence in said.err
    assert said.err.count("\n") == 1
