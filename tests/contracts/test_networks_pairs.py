"""Promises of critics that judge a sample together with a latent."""

import io
from itertools import product

import pytest
import torch
from torch import nn

from equilibria.networks import CRITICS
from equilibria.networks.conditioning import Film
from equilibria.networks.norms import NORMS
from equilibria.recipes.build_networks import is_coupled
from equilibria.terms.gradients import input_gradient

LATENT, CONDITION, ROWS = 6, 3, 5
SHAPES = [(2,), (1, 8, 8), (4, 9, 13)]
VARIANTS = (*CRITICS, "dcgan+hidden")  # with a fully connected layer
WAYS = ("concat", "embedding", "film", "projection", "classifier", "projection+classifier", "projection+film")
LABELS = torch.randn(ROWS, CONDITION, generator=torch.Generator().manual_seed(2)).double()


def fits(name, shape, norm="none"):
    return (len(shape) == 3 or name == "dense") and not (name == "dense" and norm == "instance")


CASES = [case for case in product(VARIANTS, SHAPES, NORMS) if fits(*case)]
every_case = pytest.mark.parametrize(("name", "shape", "norm"), CASES, ids=str)
every_shape = pytest.mark.parametrize(("name", "shape"), [c for c in product(VARIANTS, SHAPES) if fits(*c)], ids=str)
every_variant = pytest.mark.parametrize("name", VARIANTS)
every_way = pytest.mark.parametrize("way", WAYS)


def critic_of(name, shape, norm="none", condition=0, seed=0, second_view=LATENT, **options):
    torch.manual_seed(seed)
    name, _, hidden = name.partition("+")
    options = {"width": 8, "norm": norm} | ({hidden: 12} if hidden else {}) | options
    critic = CRITICS[name](shape, LATENT, condition, second_view, **options).double()
    for film in (module for module in critic.modules() if isinstance(module, Film)):  # starts closed, at zero
        nn.init.normal_(film.gamma, std=0.5)
        nn.init.normal_(film.beta, std=0.5)
    return critic


def draws(*size, seed=1):
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def pairs(shape, rows=ROWS):
    return draws(rows, *shape), draws(rows, LATENT, seed=4)


def assert_reached(network):
    sizes = {name: 0.0 if p.grad is None else float(p.grad.abs().max()) for name, p in network.named_parameters()}
    assert not {name: size for name, size in sizes.items() if not size > 1e-9 * max(sizes.values())}


@every_case
def test_each_pair_gets_one_score_and_every_parameter_shapes_it(name, shape, norm):
    critic, (x, z) = critic_of(name, shape, norm), pairs(shape)
    scores, features = critic(x, z), critic.features(x, z)
    assert scores.shape == (ROWS,)
    assert features.shape == (ROWS, critic.head.in_features)
    (critic(x, z).tanh() @ draws(ROWS)).backward()
    assert_reached(critic)


@every_case
def test_a_score_is_no_sum_of_one_for_the_sample_and_one_for_the_latent(name, shape, norm):
    """A sum has no mixed second difference: s(x, z) - s(x, z') = s(x', z) - s(x', z')."""
    critic, (x, z) = critic_of(name, shape, norm), pairs(shape, 16)
    for part in critic.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            part.momentum = 1.0  # it remembers this batch
    critic(x, z)
    critic.eval()
    here, there = (critic(x, z) - critic(x, z.flip(0)), critic(x.flip(0), z) - critic(x.flip(0), z.flip(0)))
    assert (here - there).abs().max() > 1e-3 * (here.abs() + there.abs()).max()


@every_case
def test_a_critic_has_slopes_in_both_views_and_they_move_its_weights(name, shape, norm):
    critic, (x, z) = critic_of(name, shape, norm), pairs(shape)
    slopes = input_gradient(critic, (x, z))
    size = x[0].numel()
    assert slopes.shape == (ROWS, size + LATENT)
    assert slopes[:, :size].abs().max() > 0
    assert slopes[:, size:].abs().max() > 0
    slopes.square().sum().backward()
    for weight in critic.parameters():
        assert weight.ndim == 1 or (weight.grad.isfinite().all() and weight.grad.abs().max() > 0)


@pytest.mark.parametrize("norm", ["none", "batch"])
@every_shape
def test_pairs_are_judged_one_by_one_in_evaluation_and_without_batch_norm_always(name, shape, norm):
    critic, (x, z) = critic_of(name, shape, norm), pairs(shape)
    assert is_coupled(critic, (x, z)) == (norm == "batch")
    critic.eval()
    assert torch.equal(critic(x, z), critic(x, z))
    torch.testing.assert_close(critic(x[1:2], z[1:2]), critic(x, z)[1:2])


@every_shape
def test_a_deviation_over_the_batch_couples_pairs(name, shape):
    critic, (x, z) = critic_of(name, shape, minibatch_std=2), pairs(shape, 8)
    assert is_coupled(critic, (x, z))
    (critic(x, z).tanh() @ draws(8)).backward()
    assert_reached(critic)


@pytest.mark.parametrize("norm", ["none", "batch"])
@every_variant
def test_neither_view_drowns_the_other_at_the_start(name, norm):
    """The deviation of scores along one view, the other held: within a factor of thirty of each other."""
    critic = critic_of(name, (1, 28, 28), norm, width=32)
    x, z = nn.functional.interpolate(draws(64, 1, 4, 4), scale_factor=7), draws(64, LATENT)
    ratio = critic(x, z[:1].expand_as(z)).std() / critic(x[:1].expand_as(x), z).std()
    assert 1 / 30 < ratio < 30


@pytest.mark.parametrize("norm", ["none", "batch", "spectral"])
@every_shape
def test_saved_weights_are_the_whole_critic(name, shape, norm):
    saved, other = (critic_of(name, shape, norm, seed=seed) for seed in (0, 7))
    x, z = pairs(shape)
    saved(x, z)  # moves what batch and spectral norm remember
    torch.save(saved.state_dict(), file := io.BytesIO())
    other.load_state_dict(torch.load(io.BytesIO(file.getvalue()), weights_only=True))
    assert torch.equal(other.eval()(x, z), saved.eval()(x, z))


@every_shape
def test_a_critic_of_nothing_beside_is_the_critic_of_samples(name, shape):
    alone, same = critic_of(name, shape, "group", second_view=0), critic_of(name, shape, "group", second_view=0)
    assert {key.split(".")[0] for key in alone.state_dict()} == {"trunk", "head"}
    x, z = pairs(shape)
    assert torch.equal(alone(x), same(x))
    assert critic_of(name, shape, "group")(x, z).shape == alone(x).shape


@every_way
@every_shape
def test_scores_see_whether_a_pair_fits_its_condition_and_every_parameter_shapes_them(name, shape, way):
    """A condition that only shifts scores has s(x, z, y) - s(x', z', y) the same for every y."""
    critic, (x, z) = critic_of(name, shape, "group", CONDITION, conditioning=way), pairs(shape)
    loss = critic(x, z, y=LABELS).tanh() @ draws(ROWS)
    loss = loss + critic.classify(x, z).tanh().square().sum() if "classifier" in way else loss
    loss.backward()
    assert_reached(critic)
    for one, other in ((0, 1), (1, 1)), ((0, 0), (0, 1)):  # another sample; another latent
        here, there = (critic(x[i].expand_as(x), z[j].expand_as(z), y=LABELS) for i, j in (one, other))
        seen = ((here - there) - (here - there)[0]).abs().max()
        assert seen < 1e-12 if way == "classifier" else seen > 1e-7


@pytest.mark.parametrize("way", [way for way in WAYS if "classifier" in way])
@every_shape
def test_a_classifier_guesses_from_both_views_and_is_not_told_the_answer(name, shape, way):
    critic, (x, z) = critic_of(name, shape, condition=CONDITION, conditioning=way), pairs(shape)
    guesses = critic.classify(x, z)
    assert guesses.shape == (ROWS, CONDITION)
    assert torch.equal(guesses, critic.classes(critic.features(x, z, y=LABELS)))
    assert (guesses - critic.classify(x, z.flip(0)))[0].abs().max() > 1e-6
    assert (guesses - critic.classify(x.flip(0), z))[0].abs().max() > 1e-6


@pytest.mark.parametrize(("name", "way"), [("dense", "concat"), ("dcgan", "film")])
def test_compiled_critics_of_pairs_equal_eager_ones(name, way):
    critic, (x, z) = critic_of(name, (1, 9, 8), "group", CONDITION, conditioning=way), pairs((1, 9, 8))
    compiled = torch.compile(critic, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x, z, y=LABELS), critic(x, z, y=LABELS))
