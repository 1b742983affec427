"""Laws of asking a model's critic or encoder about samples."""

import dataclasses

import pytest
import torch
from torch import nn

from equilibria.core.errors import Refusal
from equilibria.core.posteriors import Point
from equilibria.core.priors import PRIORS
from equilibria.data.dataset import Labels
from equilibria.data.read_samples import UserSamples
from equilibria.data.spaces import Image, Plane
from equilibria.models.conditions import load_conditions
from equilibria.models.critic_outputs import accuracy, classify, outputs, score
from equilibria.models.features import feature_function, features, layer_ends, layer_shapes
from equilibria.models.inputs import read_inputs, translate_labels
from equilibria.models.model import Model
from equilibria.networks import CRITICS, GENERATORS, NETWORKS
from equilibria.recipes.build_networks import CriticInput

LABELS = Labels("class", ("cat", "dog", "owl"))
TOLD = ("concat", "embedding", "projection", "projection+classifier")  # scores depend on the condition
SPACE, SIZE = Image(1, 12, 12), 6


def model(name="dcgan", conditioning=None, encoder=False, **options):
    """A model, not trained, whose critic is of this kind."""
    torch.manual_seed(0)
    size = 0 if conditioning is None else LABELS.size
    told = {} if conditioning is None else {"conditioning": conditioning}
    sees = "pairs" if encoder else "samples"
    widths = {"width": 8} | options
    networks = nn.ModuleDict(
        {
            "generator": GENERATORS["dense"](SPACE.shape, SIZE, size, SPACE.output_activation(), width=8),
            "critic": CRITICS[name](SPACE.shape, SIZE, size, SIZE if encoder else 0, **widths, **told),
        }
    )
    if encoder:
        networks["encoder"] = NETWORKS["encoder"][name](SPACE.shape, SIZE, size, width=8, posterior="point")
    known = load_conditions({"counts": [1, 2, 3]}, LABELS) if size else None
    labels = LABELS if size else None
    networks = networks.eval().requires_grad_(False)
    return Model(networks, SPACE, PRIORS["normal"](size=SIZE), labels, known, CriticInput(sees))


def some(count=9):
    return torch.rand(count, *SPACE.shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


def of(count, classes=3):
    return torch.eye(classes)[torch.arange(count) % classes]


@pytest.mark.parametrize("name", CRITICS)
@pytest.mark.parametrize("norm", ["none", "batch", "spectral"])
def test_a_score_is_the_critics_own_and_of_one_sample_alone(name, norm):
    judged, x = model(name, norm=norm), some(600)
    scores = score(judged, x)
    assert torch.allclose(scores[:5], judged.networks["critic"](x[:5]), atol=1e-5)
    assert torch.allclose(scores[[7, 300, 599]], score(judged, x[[7, 300, 599]]), atol=1e-5)


@pytest.mark.parametrize("name", CRITICS)
def test_a_critic_of_pairs_sees_each_sample_beside_its_code(name):
    judged, x = model(name, encoder=True), some()
    code = judged.networks["encoder"](x)
    assert isinstance(code, Point)
    assert torch.allclose(score(judged, x), judged.networks["critic"](x, code.mean), atol=1e-6)


@pytest.mark.parametrize("conditioning", TOLD)
def test_scores_that_depend_on_labels_are_given_with_labels_only(conditioning):
    judged, x, y = model(conditioning=conditioning), some(), of(9)
    assert torch.allclose(score(judged, x, y), judged.networks["critic"](x, y=y), atol=1e-6)
    with pytest.raises(Refusal, match="depends on its label"):
        score(judged, x)


def test_scores_that_do_not_depend_on_labels_need_none():
    judged, x = model(conditioning="classifier"), some()
    assert torch.equal(score(judged, x), score(judged, x, of(9)))


def test_a_label_that_is_given_is_every_samples():
    judged, x = model(conditioning="projection"), some(4)
    brought = UserSamples(SPACE, tuple("abcd"), torch.zeros(4, *SPACE.shape, dtype=torch.uint8))
    assert read_inputs(judged, brought, required=False).y is None
    with pytest.raises(Refusal, match="these samples have no labels"):
        read_inputs(judged, brought)
    assert torch.equal(read_inputs(judged, brought, "dog").y, torch.eye(3)[[1, 1, 1, 1]])
    with pytest.raises(Refusal, match="2 labels for 4 samples"):
        read_inputs(judged, brought, "dog,owl")
    assert torch.equal(judged.score(x, "dog"), score(judged, x, torch.eye(3)[[1, 1, 1, 1]]))
    assert torch.equal(judged.score(x, "0..2"), score(judged, x, torch.eye(3)[[0, 1, 2, 0]]))


def test_labels_are_translated_by_their_names():
    y = translate_labels(torch.tensor([0, 1, 1]), Labels("class", ("owl", "cat")), LABELS)
    assert torch.equal(y, torch.eye(3)[[2, 0, 0]])
    unused = Labels("class", ("owl", "fox"))
    assert torch.equal(translate_labels(torch.tensor([0, 0]), unused, LABELS), torch.eye(3)[[2, 2]])
    with pytest.raises(Refusal, match="class fox, and this model knows 3 classes"):
        translate_labels(torch.tensor([0, 1]), unused, LABELS)
    with pytest.raises(Refusal, match="2 attributes"):
        translate_labels(torch.zeros(3, 2), Labels("multi-hot", ("0", "1")), LABELS)


def test_brought_samples_go_with_their_own_labels():
    judged = model(conditioning="concat")
    raw = (some(600) * 127).to(torch.uint8)
    y = torch.arange(600) % 3
    brought = UserSamples(SPACE, tuple(map(str, range(600))), raw, Labels("class", ("owl", "dog", "cat")), y)
    given = torch.cat([part for _, part in read_inputs(judged, brought).batches()])
    assert torch.equal(given, torch.eye(3)[2 - y])


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (CriticInput(packed=2), "scores 2 samples as one"),
        (CriticInput("latents"), "scores latents"),
    ],
)
def test_critics_that_see_no_single_sample_refuse(changed, words):
    with pytest.raises(Refusal, match=words):
        score(dataclasses.replace(model(), critic_input=changed), some())


def test_critics_that_compare_a_batch_refuse():
    with pytest.raises(Refusal, match="minibatch_std"):
        score(model(minibatch_std=4), some())


def test_a_model_without_a_critic_says_so():
    judged = model()
    del judged.networks["critic"]
    with pytest.raises(Refusal, match="no critic"):
        score(judged, some())
    with pytest.raises(Refusal, match="no encoder"):
        features(model(), some(), of="encoder")


LAYERS = {
    ("dcgan", 0): ["conv1", "conv2", "features"],
    ("dcgan", 16): ["conv1", "conv2", "dense1", "features"],
    ("dense", 0): ["dense1", "dense2", "dense3", "features"],
    ("residual", 0): ["block1", "block2", "block3", "block4", "mean", "features"],
}


@pytest.mark.parametrize(("name", "hidden"), LAYERS)
@pytest.mark.parametrize("norm", ["none", "batch", "weight"])
def test_layers_have_names_and_say_what_their_shapes_promise(name, hidden, norm):
    judged, x = model(name, norm=norm, **({"hidden": hidden} if hidden else {})), some(3)
    shapes = layer_shapes(judged)
    assert list(shapes) == LAYERS[name, hidden]
    for layer, shape in shapes.items():
        assert features(judged, x, layer=layer).shape == (3, *shape)


def test_a_layer_ends_behind_its_norm_and_its_bend():
    judged, x = model("dense", norm="layer"), some(5)
    trunk, h = judged.networks["critic"].trunk, x.flatten(1)
    for number, end in ((1, 3), (2, 6), (3, 9)):
        h = trunk[end - 3 : end](h)
        assert torch.allclose(features(judged, x, layer=f"dense{number}"), h, atol=1e-6)
    assert torch.allclose(features(judged, x), judged.networks["critic"].features(x), atol=1e-6)


def test_hearing_leaves_no_hooks_behind():
    judged = model()
    features(judged, some(), layer="conv1")
    assert not any(part._forward_hooks for part in judged.networks.modules())


def test_layers_beside_the_trunk_carry_the_name_of_their_chain():
    judged = model("dcgan", encoder=True)
    assert {"tower.dense1", "mixed.dense1"} < set(layer_ends(judged.networks["critic"]))
    assert features(judged, some(3), layer="tower.dense1").shape[0] == 3


def test_an_encoder_has_features_and_a_code():
    judged, x = model(encoder=True), some()
    network = judged.networks["encoder"]
    assert list(layer_shapes(judged, "encoder"))[-2:] == ["features", "code"]
    assert torch.allclose(features(judged, x, of="encoder"), network.features(x), atol=1e-6)
    assert torch.allclose(features(judged, x, layer="code", of="encoder"), network(x).mean, atol=1e-6)


def test_an_unknown_layer_is_answered_with_the_nearest():
    with pytest.raises(Refusal, match="Did you mean 'conv2'"):
        features(model(), some(), layer="cnov2")
    with pytest.raises(Refusal, match="Known: critic, encoder"):
        features(model(), some(), of="generator")


def test_pooled_maps_keep_the_largest_of_each_part():
    judged, x = model(), some(3)
    maps = [features(judged, x, layer=layer) for layer in ("conv1", "conv2")]  # 6 x 6 and 3 x 3
    both = torch.cat(
        list(outputs(judged, feature_function(judged, ["conv1", "conv2"], pooled=3), read_inputs(judged, x)))
    )
    first = maps[0].unflatten(2, (3, 2)).unflatten(4, (3, 2)).amax(dim=(3, 5))
    assert torch.equal(both, torch.cat([first.flatten(1), maps[1].flatten(1)], dim=1))


def test_probabilities_sum_to_one_and_are_the_class_heads():
    judged, x = model(conditioning="classifier"), some(300)
    said = classify(judged, x)
    assert torch.allclose(said.sum(dim=1), torch.ones(300))
    assert torch.equal(said.argmax(dim=1), judged.networks["critic"].classify(x).argmax(dim=1))
    with pytest.raises(Refusal, match=r"no class head.*acgan"):
        classify(model(conditioning="projection"), x)
    with pytest.raises(Refusal, match="no class head"):
        classify(model(), x)


def test_how_often_a_class_head_is_right_is_counted_by_kind():
    said, y = torch.tensor([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]]), torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    assert accuracy(said, y, Labels("class", ("a", "b"))) == ("accuracy", pytest.approx(2 / 3))
    assert accuracy(said, y, Labels("multi-hot", ("a", "b")))[1] == pytest.approx(4 / 6)
    assert accuracy(said, y, Labels("vector", ("a", "b")))[1] == pytest.approx((0.1 + 0.6 + 0.3) / 3)


def test_points_are_judged_as_images_are():
    critic = CRITICS["dense"]((2,), SIZE, 0, width=8)
    networks = nn.ModuleDict({"critic": critic}).eval()
    judged, x = Model(networks, Plane(1.0), PRIORS["normal"](size=2)), torch.randn(300, 2)
    assert torch.allclose(score(judged, x), critic(x), atol=1e-6)
