"""The probe's two classifiers against what is known of them, and its three rows."""

import pytest
import torch
from torch import nn

import equilibria as eq
from equilibria.core.errors import Refusal
from equilibria.core.priors import PRIORS
from equilibria.data import load_data
from equilibria.data.dataset import Data, Labels
from equilibria.data.spaces import Image, Plane
from equilibria.models.conditions import load_conditions
from equilibria.models.features import default_layers
from equilibria.models.linear_svm import fit, loss, minimize
from equilibria.models.model import Model
from equilibria.models.probe import ProbeOptions, join, nearest_class, probe, reestimate_untrained, untrained
from equilibria.networks import CRITICS
from equilibria.recipes.build import build
from equilibria.recipes.recipe import Recipe
from sessions import Silent

TINY = {
    "generator": "dense",
    "critic": "dense",
    "generator.width": 8,
    "critic.width": 8,
    "critic.norm": "batch",
    "batch": 8,
    "rounds": 2,
    "threads": 1,
    "matmul": "default",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run of two rounds with seed 5."""
    return eq.train("gan-ns", Silent(), runs=tmp_path_factory.mktemp("runs"), name="run", seed=5, **TINY).folder


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def blobs(count=300, apart=8.0, features=5):
    """Three classes around three corners."""
    y = torch.arange(count) % 3
    return normal(count, features) + apart * torch.eye(3, features)[y], y


@pytest.mark.parametrize("count", [1, 7, 100])
def test_the_nearest_neighbour_is_the_nearest_of_all(count, monkeypatch):
    monkeypatch.setattr("equilibria.models.probe._DISTANCES", 300)  # several chunks
    known, asked, y = normal(100, 6), normal(count, 6, seed=1), torch.arange(100)
    assert torch.equal(nearest_class(known, y, asked), torch.cdist(asked, known).argmin(dim=1))


def test_every_sample_is_its_own_nearest_neighbour_however_far_from_zero():
    known = normal(100, 6) + 1000
    assert torch.equal(nearest_class(known, torch.arange(100), known), torch.arange(100))


def test_the_linear_classifier_minimizes_its_loss():
    x, y = blobs(apart=1.0)
    signs = 2.0 * torch.eye(3)[y] - 1
    weights, bias = minimize(x.double(), signs.double(), 1e-2, torch.zeros(6, 3, dtype=torch.float64), 1e-7)
    place = torch.cat([weights, bias[None]])
    least = float(loss(place, x.double(), signs.double(), 1e-2))
    for seed in range(20):
        moved = place + 1e-3 * normal(6, 3, seed=seed).double()
        assert float(loss(moved, x.double(), signs.double(), 1e-2)) > least


def test_the_linear_classifier_has_the_closed_form_of_two_samples():
    """Samples at +-1 with labels +-1: (1 - w)^2 + decay w^2 / 2 is least at w = 2 / (2 + decay), without bias."""
    x, signs = torch.tensor([[1.0], [-1.0]]), torch.tensor([[1.0], [-1.0]])
    for decay in (0.01, 0.5, 2.0):
        weights, bias = minimize(x, signs, decay, torch.zeros(2, 1))
        assert float(weights) == pytest.approx(2 / (2 + decay), abs=1e-3)
        assert float(bias) == pytest.approx(0, abs=1e-3)


def test_classes_that_a_plane_parts_are_all_told():
    x, y = blobs()
    assert torch.equal(fit(x.clone(), y, 3).classes(x), y)


def test_the_scale_and_the_place_of_features_do_not_matter_to_the_linear_classifier():
    x, y = blobs(apart=1.5)
    moved = x * torch.tensor([1e-3, 1.0, 50.0, 3.0, 0.2]) + torch.tensor([0.0, 9.0, -3.0, 1.0, 0.1])
    one, other = (fit(each.clone(), y, 3).classes(each) for each in (x, moved))
    assert (one == other).double().mean() > 0.99


def test_features_that_never_change_are_left_out():
    x, y = blobs(apart=1.5)
    padded = torch.cat([x, torch.full((300, 40), 0.3)], dim=1)
    one, other = fit(x.clone(), y, 3), fit(padded.clone(), y, 3)
    assert torch.equal(one.classes(x), other.classes(padded))
    assert not other.scale[5:].any()


def test_the_decay_is_the_one_that_others_confirm():
    """Of pure noise in many features, weak decays learn by heart: the strongest does no worse."""
    x, y = torch.cat([blobs(150, 1.0)[0], 3 * normal(150, 300, seed=2)], dim=1), torch.arange(150) % 3
    assert fit(x, y, 3).decay > 1e-5


def test_chunks_are_joined_in_order():
    x = normal(10, 4)
    assert torch.equal(join(iter(x.split(3)), 10), x)


def data(shape=(1, 8, 8)):
    """Two classes of pictures, which differ in brightness."""
    y = torch.arange(120) % 2
    x = (normal(120, *shape) * 20 + 100 + 60 * y[:, None, None, None]).clamp(0, 255).to(torch.uint8)
    return Data("some", Image(*shape), x[:80], x[80:], Labels("class", ("dark", "light")), y[:80], y[80:])


def model(conditioning=None, seed=0, **options):
    torch.manual_seed(seed)
    size = 0 if conditioning is None else 2
    told = {} if conditioning is None else {"conditioning": conditioning}
    critic = CRITICS["dcgan"]((1, 8, 8), 4, size, width=8, **told, **options)
    networks = nn.ModuleDict({"critic": critic}).eval().requires_grad_(False)
    labels = Labels("class", ("dark", "light"))
    known = load_conditions({"counts": [1, 1]}, labels) if size else None
    return Model(networks, Image(1, 8, 8), PRIORS["normal"](size=4), labels, known)


def test_three_rows_come_together_and_the_first_is_of_pixels():
    report = probe(model(seed=1), model(), data(), ProbeOptions(pooled=2))
    assert [row.name for row in report.rows] == ["raw pixels", "critic, untrained", "critic, trained"]
    assert [row.size for row in report.rows] == [64, 12 * 8, 12 * 8]  # 2 x 2 values of 8 channels, and of 16
    assert (report.train, report.test) == (80, 40)
    raw = probe(model(seed=2, norm="none"), model(), data()).rows[0]
    assert (raw.linear, raw.nearest) == (report.rows[0].linear, report.rows[0].nearest)
    assert report.rows[0].linear > 0.9


def test_the_same_network_twice_gives_the_same_row_twice():
    rows = probe(model(norm="none"), model(norm="none"), data()).rows
    assert (rows[1].linear, rows[1].nearest) == (rows[2].linear, rows[2].nearest)


@pytest.mark.parametrize("conditioning", ["concat", "embedding"])
def test_features_that_are_told_the_label_are_not_probed(conditioning):
    with pytest.raises(Refusal, match="depend on its condition"):
        probe(model(conditioning), model(conditioning), data())


@pytest.mark.parametrize("conditioning", ["projection", "classifier"])
def test_features_that_are_not_told_are(conditioning):
    assert probe(model(conditioning), model(conditioning), data()).rows[2].linear > 0.9


def test_batch_norms_that_saw_nothing_are_settled_on_the_data():
    settled, samples = model(norm="batch"), data()
    x = samples.space.encode(samples.x)
    reestimate_untrained(settled, x, "critic")
    trunk = settled.networks["critic"].trunk
    norm = next(part for part in trunk if isinstance(part, nn.BatchNorm2d))
    before = trunk[: list(trunk).index(norm)](x)
    assert torch.allclose(norm.running_mean, before.mean(dim=(0, 2, 3)), atol=1e-5)
    assert not norm.training


def test_the_untrained_network_is_the_one_that_the_run_began_with(folder):
    began = build(Recipe.load(folder / "recipe.json"), load_data("digits")).game.networks.state_dict()
    trained = eq.load(folder).networks.state_dict()
    state = untrained(eq.load(folder), 5).networks.state_dict()
    assert state.keys() == began.keys()
    assert all(torch.equal(value, began[name]) for name, value in state.items())
    assert any((value != trained[name]).any() for name, value in state.items())


def test_probing_leaves_the_random_numbers_alone(folder):
    torch.manual_seed(3)
    expected = torch.rand(3)
    model = eq.load(folder)
    torch.manual_seed(3)
    untrained(model, 0)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(
    ("question", "words"),
    [({"train": 1}, "train is 1"), ({"test": 0}, "test is 0"), ({"pooled": -1}, "pooled is -1")],
)
def test_questions_that_mean_nothing_are_refused(question, words):
    with pytest.raises(Refusal, match=words):
        ProbeOptions(**question)


def test_what_cannot_be_probed_is_refused():
    unlabelled = Data("some", Image(1, 8, 8), data().x, data().held_out)
    networks = nn.ModuleDict({"critic": CRITICS["dense"]((2,), 4, 0)})
    with pytest.raises(Refusal, match="has none: choose other --data"):
        probe(model(), model(), unlabelled)
    with pytest.raises(Refusal, match="this model is for samples of 1 x 8 x 8"):
        probe(model(), model(), data((1, 9, 9)))
    with pytest.raises(Refusal, match="no convolutions"):
        default_layers(Model(networks, Plane(1.0), PRIORS["normal"](size=4)), "critic", 4)
