"""What every way of conditioning promises, in every network, on every kind of sample and of condition."""

import io
from itertools import product

import pytest
import torch
from torch import nn

from equilibria.core.errors import Refusal
from equilibria.networks import CRITICS, GENERATORS
from equilibria.networks.conditioning import CONDITIONINGS, Film
from equilibria.recipes.build_networks import is_coupled
from equilibria.terms.gradients import input_gradient
from shares import one_in

LATENT, CONDITION, ROWS = 6, 4, 5
SHAPES = [(2,), (1, 28, 28), (3, 32, 32)]
DRAWN = ("concat", "embedding", "film", "film+concat", "film+embedding")
JUDGED = (*DRAWN, "projection", "projection+film", "projection+concat", "classifier", "projection+classifier")
KINDS = {
    "classes": torch.eye(CONDITION).double()[[0, 1, 2, 3, 0]],
    "attributes": torch.tensor([[1, 0, 1, 0], [1, 1, 1, 1], [0, 0, 1, 0], [0, 1, 1, 0], [0, 0, 0, 1]]).double(),
    "numbers": torch.randn(ROWS, CONDITION, generator=torch.Generator().manual_seed(2)).double(),
}


def combinations(ways):
    fits = [(name, shape) for name, shape in product(GENERATORS, SHAPES) if name == "dense" or len(shape) == 3]
    return [(*fit, way) for fit, way in product(fits, ways)]


def cases(ways):
    return pytest.mark.parametrize(("name", "shape", "way"), combinations(ways), ids=str)


every_kind = pytest.mark.parametrize("kind", KINDS)
every_generator, every_critic = cases(DRAWN), cases(JUDGED)


def draws(*size, seed=1):
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def generator_of(name, shape, way, condition=CONDITION, seed=0, **options):
    torch.manual_seed(seed)
    options = {"width": 8, "norm": "batch"} | options
    return GENERATORS[name](shape, LATENT, condition, nn.Tanh(), conditioning=way, **options).double()


def critic_of(name, shape, way, condition=CONDITION, seed=0, **options):
    torch.manual_seed(seed)
    return CRITICS[name](
        shape, LATENT, condition, **({"width": 8, "norm": "none"} | options), conditioning=way
    ).double()


def opened(network):
    """The same network after what starts closed, at zero, has moved."""
    torch.manual_seed(9)
    for film in (module for module in network.modules() if isinstance(module, Film)):
        nn.init.normal_(film.gamma, std=0.5)
        nn.init.normal_(film.beta, std=0.5)
    return network


def assert_reached(network):
    sizes = {name: 0.0 if p.grad is None else float(p.grad.abs().max()) for name, p in network.named_parameters()}
    assert not {name: size for name, size in sizes.items() if not size > 1e-9 * max(sizes.values())}


@every_kind
@every_generator
def test_samples_follow_their_condition_and_every_parameter_shapes_them(name, shape, way, kind):
    generator, y = opened(generator_of(name, shape, way)), KINDS[kind]
    z = draws(ROWS, LATENT)
    samples = generator(z, y)
    assert samples.shape == (ROWS, *shape)
    (samples * draws(ROWS, *shape)).sum().backward()
    assert_reached(generator)
    generator.eval()
    one = z[:1].expand(ROWS, -1)
    assert (generator(one, y)[0] - generator(one, y)[1]).abs().max() > 1e-6


@every_kind
@every_critic
def test_scores_see_whether_a_sample_fits_its_condition_and_every_parameter_shapes_them(name, shape, way, kind):
    """A condition that only shifts scores has score(x, y) - score(x', y) the same for every y."""
    critic, x, y = opened(critic_of(name, shape, way)), draws(ROWS, *shape), KINDS[kind]
    scores = critic(x, y=y)
    assert scores.shape == (ROWS,)
    loss = scores.tanh() @ draws(ROWS)
    loss = loss + critic.classify(x).tanh().square().sum() if "classifier" in way else loss
    loss.backward()
    assert_reached(critic)
    here, there = (critic(x[i].expand_as(x), y=y) for i in (0, 1))
    seen = ((here - there) - (here - there)[0]).abs().max()
    assert seen < 1e-12 if way == "classifier" else seen > 1e-7


@every_critic
def test_only_a_classifier_classifies_and_it_is_not_told_the_answer(name, shape, way):
    critic, x = opened(critic_of(name, shape, way)), draws(ROWS, *shape)
    assert hasattr(critic, "classify") == ("classifier" in way)
    if "classifier" in way:
        for y in KINDS.values():
            assert critic.classify(x).shape == (ROWS, CONDITION)
            assert torch.equal(critic.classify(x), critic.classes(critic.features(x, y=y)))


@pytest.mark.parametrize(("name", "shape", "way"), one_in(3, combinations(JUDGED)), ids=str)
def test_critics_judge_row_by_row(name, shape, way):
    critic, x, y = critic_of(name, shape, way), draws(ROWS, *shape), KINDS["numbers"]
    assert not is_coupled(critic, (x,), y)
    opened(critic).eval()
    torch.testing.assert_close(critic(x[1:2], y=y[1:2]), critic(x, y=y)[1:2])
    assert torch.equal(critic(x, y=y), critic(x, y=y))


@every_critic
def test_the_slope_of_a_conditional_critic_is_that_of_each_row(name, shape, way):
    critic, x, y = opened(critic_of(name, shape, way)), draws(2, *shape), KINDS["classes"][:2]
    slopes = input_gradient(lambda x: critic(x, y=y[: len(x)]), (x,))
    slopes.square().sum().backward()
    assert slopes.abs().max() > 0
    assert all(p.grad is None or p.grad.isfinite().all() for p in critic.parameters())


@every_critic
def test_saved_weights_are_the_whole_conditional_critic(name, shape, way):
    saved, other = opened(critic_of(name, shape, way)), critic_of(name, shape, way, seed=7)
    torch.save(saved.state_dict(), file := io.BytesIO())
    other.load_state_dict(torch.load(io.BytesIO(file.getvalue()), weights_only=True))
    x, y = draws(ROWS, *shape), KINDS["classes"]
    assert torch.equal(other(x, y=y), saved(x, y=y))


@pytest.mark.parametrize("way", JUDGED)
@pytest.mark.parametrize("name", CRITICS)
def test_a_condition_is_neither_forgotten_nor_invented_nor_of_another_width(name, way):
    x, y = draws(ROWS, 1, 9, 8), KINDS["classes"]
    networks = [(critic_of(name, (1, 9, 8), way), x), (critic_of(name, (1, 9, 8), way, 0), x)]
    if way in DRAWN:
        z = draws(ROWS, LATENT)
        networks += [(generator_of(name, (1, 9, 8), way), z), (generator_of(name, (1, 9, 8), way, 0), z)]
    for i, (network, rows) in enumerate(networks):
        for wrong in (y,) if i % 2 else (None, y[:, :2]):
            with pytest.raises(Refusal, match="condition"):
                network(rows, y=wrong)


@pytest.mark.parametrize("way", JUDGED)
@pytest.mark.parametrize("name", CRITICS)
def test_without_a_condition_nothing_is_built(name, way):
    plain, told = critic_of(name, (1, 9, 8), "concat", 0), critic_of(name, (1, 9, 8), way, 0)
    assert list(told.state_dict()) == list(plain.state_dict())
    assert {key.split(".")[0] for key in plain.state_dict()} == {"trunk", "head"}
    if way in DRAWN:
        generators = (generator_of(name, (1, 9, 8), w, 0) for w in ("concat", way))
        first, second = (list(generator.state_dict()) for generator in generators)
        assert first == second
        assert {key.split(".")[0] for key in first} == {"layers"}


@pytest.mark.parametrize("norm", ["batch", "none", "group"])
@pytest.mark.parametrize("name", GENERATORS)
def test_film_starts_as_the_plain_norm(name, norm):
    z, x, y = draws(ROWS, LATENT), draws(ROWS, 1, 9, 8), KINDS["numbers"]
    told, plain = (generator_of(name, (1, 9, 8), "film", condition, norm=norm) for condition in (CONDITION, 0))
    assert torch.equal(told(z, y), plain(z))
    told, plain = (critic_of(name, (1, 9, 8), "film", condition, norm=norm) for condition in (CONDITION, 0))
    assert torch.equal(told(x, y=y), plain(x))


def test_film_scales_and_shifts_each_channel_of_each_row():
    film, h, y = opened(Film(CONDITION, nn.Identity(), 3)).double(), draws(ROWS, 3, 2, 2), KINDS["attributes"]
    for row, channel in product(range(ROWS), range(3)):
        expected = h[row, channel] * (1 + film.gamma[channel] @ y[row]) + film.beta[channel] @ y[row]
        torch.testing.assert_close(film(h, y)[row, channel], expected)


@pytest.mark.parametrize("name", CRITICS)
def test_projection_is_the_head_and_the_inner_product_with_the_embedded_condition(name):
    critic, x, y = critic_of(name, (1, 9, 8), "projection"), draws(ROWS, 1, 9, 8), KINDS["numbers"]
    features, embedding = critic.features(x, y=y), critic.verdicts[0].embedding.weight
    expected = critic.head(features)[:, 0] + ((y @ embedding) * features).sum(dim=1)
    torch.testing.assert_close(critic(x, y=y), expected)


@pytest.mark.parametrize("name", CRITICS)
def test_the_norm_around_layers_is_around_every_head(name):
    critic = critic_of(name, (1, 9, 8), "projection+classifier", norm="spectral")
    for layer in (critic.critic.head, critic.critic.verdicts[0].embedding, critic.classes):
        assert nn.utils.parametrize.is_parametrized(layer, "weight")


def test_an_embedding_of_classes_is_a_table():
    generator = generator_of("dense", (2,), "embedding")
    table = generator.entrance.beside[0].maps.weight.t()
    for row, chosen in enumerate(KINDS["classes"].argmax(dim=1)):
        torch.testing.assert_close(generator.entrance.beside[0](KINDS["classes"])[row], table[chosen])


@pytest.mark.parametrize(("name", "way"), one_in(3, list(product(CRITICS, ["film+concat", "projection+classifier"]))))
def test_compiled_conditional_critics_equal_eager_ones(name, way):
    shape = (1, 9, 8)
    critic, x, y = opened(critic_of(name, shape, way)), draws(ROWS, *shape), KINDS["classes"]
    torch.testing.assert_close(torch.compile(critic, backend="aot_eager", fullgraph=True)(x, y=y), critic(x, y=y))


@pytest.mark.parametrize(
    ("networks", "way", "sentence"),
    [
        (GENERATORS, "projection", "'projection' is for critics and not for generators: use concat"),
        (GENERATORS, "film+classifier", "'classifier' is for critics"),
        (CRITICS, "projecton", "Did you mean 'projection'"),
        (CRITICS, "concat+", "No conditioning is called ''"),
        (CRITICS, "classifier+concat", "cannot be combined: the features would contain"),
        (CRITICS, "film+classifier", "cannot be combined"),
    ],
)
def test_ways_that_do_not_exist_or_do_not_suit_are_refused(networks, way, sentence):
    output_activation = (nn.Tanh(),) if networks is GENERATORS else ()
    for condition, name in product((0, CONDITION), networks):
        with pytest.raises(Refusal) as refused:
            networks[name]((1, 9, 8), LATENT, condition, *output_activation, conditioning=way)
        assert sentence in str(refused.value)


def test_every_way_is_tried_here():
    assert {part for way in JUDGED for part in way.split("+")} == set(CONDITIONINGS)
