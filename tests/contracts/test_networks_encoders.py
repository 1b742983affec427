"""Promises that every encoder keeps, on every kind of sample, with every norm, posterior and condition."""

import copy
import io
from itertools import pairwise, product

import pytest
import torch
from torch import nn

from equilibria.core.errors import Refusal
from equilibria.core.posteriors import Gaussian, Point
from equilibria.networks import CRITICS, ENCODERS, GENERATORS
from equilibria.networks.conditioning import Film
from equilibria.networks.norms import NORMS
from equilibria.networks.roles import POSTERIORS

LATENT, CONDITION, ROWS = 6, 3, 5
SHAPES = [(2,), (1, 8, 8), (4, 9, 13)]
VARIANTS = (*ENCODERS, "dcgan+hidden")  # with a fully connected layer
WAYS = ("concat", "embedding", "film", "film+concat")
LABELS = torch.randn(ROWS, CONDITION, generator=torch.Generator().manual_seed(2)).double()


def fits(name, shape, norm="none"):
    """Image networks see no points; a dense network has no pixels to average over."""
    return (len(shape) == 3 or name == "dense") and not (name == "dense" and norm == "instance")


CASES = [case for case in product(VARIANTS, SHAPES, NORMS) if fits(*case)]
every_case = pytest.mark.parametrize(("name", "shape", "norm"), CASES, ids=str)
every_variant = pytest.mark.parametrize("name", VARIANTS)
every_posterior = pytest.mark.parametrize("posterior", POSTERIORS)
every_way = pytest.mark.parametrize("way", WAYS)


def encoder_of(name, shape, norm="none", condition=0, seed=0, **options):
    torch.manual_seed(seed)
    name, _, hidden = name.partition("+")
    options = {"width": 8, "norm": norm} | ({hidden: 12} if hidden else {}) | options
    return ENCODERS[name](shape, LATENT, condition, **options).double()


def draws(*size, seed=1):
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def opened(encoder):
    """The same encoder after what starts closed, at zero, has moved."""
    torch.manual_seed(9)
    for film in (module for module in encoder.modules() if isinstance(module, Film)):
        nn.init.normal_(film.gamma, std=0.5)
        nn.init.normal_(film.beta, std=0.5)
    return encoder


def assert_reached(network):
    sizes = {name: 0.0 if p.grad is None else float(p.grad.abs().max()) for name, p in network.named_parameters()}
    assert not {name: size for name, size in sizes.items() if not size > 1e-9 * max(sizes.values())}


def assert_same(one, other):
    assert type(one) is type(other)
    for here, there in zip(one, other, strict=True):
        assert torch.equal(here, there)


def test_every_generator_has_its_encoder():
    assert list(ENCODERS) == list(GENERATORS)


@every_posterior
@every_case
def test_codes_have_the_shape_of_latents_and_every_parameter_shapes_them(name, shape, norm, posterior):
    encoder, x = encoder_of(name, shape, norm, posterior=posterior), draws(3, *shape)
    code = encoder(x)
    assert isinstance(code, Point if posterior == "point" else Gaussian)
    assert all(part.shape == (3, LATENT) for part in code)
    sum((part.tanh() * draws(3, LATENT, seed=seed)).sum() for seed, part in enumerate(code)).backward()
    assert_reached(encoder)


@every_case
def test_a_code_is_read_from_one_linear_layer_on_the_features(name, shape, norm):
    encoder, x = encoder_of(name, shape, norm).eval(), draws(3, *shape)
    outputs, code = encoder.head(encoder.features(x)), encoder(x)
    assert torch.equal(torch.cat([code.mean, code.log_variance], dim=1), outputs)
    assert isinstance(encoder.head, nn.Linear)


@every_case
def test_in_evaluation_a_code_depends_on_its_sample_alone(name, shape, norm):
    encoder, x = encoder_of(name, shape, norm).eval(), draws(3, *shape)
    before = copy.deepcopy(encoder.state_dict())
    assert_same(encoder(x), encoder(x))
    torch.testing.assert_close(encoder(x[1:2]).mean, encoder(x).mean[1:2])
    assert all(torch.equal(value, before[key]) for key, value in encoder.state_dict().items())


@pytest.mark.parametrize(("name", "shape", "norm"), [case for case in CASES if case[1] != (1, 8, 8)], ids=str)
def test_in_training_batch_norm_alone_makes_samples_shape_each_others_codes(name, shape, norm):
    encoder, x = encoder_of(name, shape, norm), draws(ROWS, *shape)
    moved = torch.cat([x[:1], 3 * x[1:]])
    here, there = (copy.deepcopy(encoder)(rows).mean[0] for rows in (x, moved))
    assert ((here - there).abs().max() > 1e-6) == (norm == "batch")


@every_posterior
@pytest.mark.parametrize(("name", "shape", "norm"), [case for case in CASES if case[1] != (1, 8, 8)], ids=str)
def test_saved_weights_are_the_whole_encoder(name, shape, norm, posterior):
    saved, other = (encoder_of(name, shape, norm, seed=seed, posterior=posterior) for seed in (0, 7))
    x = draws(3, *shape)
    saved(x)  # moves what batch and spectral norm remember
    torch.save(saved.state_dict(), file := io.BytesIO())
    other.load_state_dict(torch.load(io.BytesIO(file.getvalue()), weights_only=True))
    assert_same(other.eval()(x), saved.eval()(x))


@every_case
def test_an_encoders_trunk_is_the_critics(name, shape, norm):
    encoder, (kind, _, hidden) = encoder_of(name, shape, norm), name.partition("+")
    torch.manual_seed(0)
    critic = CRITICS[kind](shape, LATENT, 0, width=8, norm=norm, **({hidden: 12} if hidden else {})).double()
    assert str(encoder.trunk) == str(critic.trunk)
    for (key, weight), (other, same) in zip(
        encoder.trunk.state_dict().items(), critic.trunk.state_dict().items(), strict=True
    ):
        assert key == other
        assert torch.equal(weight, same)
    x = draws(3, *shape)
    assert torch.equal(encoder.features(x), critic.features(x))


@every_case
def test_a_gaussian_starts_close_to_the_standard_normal(name, shape, norm):
    mean, log_variance = encoder_of(name, shape, norm, width=32)(draws(16, *shape))
    assert mean.abs().max() < 1
    assert 0.4 < log_variance.exp().min() <= log_variance.exp().max() < 2.5
    assert Gaussian(mean, log_variance).divergence(Gaussian.standard(mean)).mean() < 0.1


@pytest.mark.parametrize("norm", ["batch", "layer", "group"])
@every_variant
def test_points_start_at_the_scale_of_latents_where_a_norm_keeps_the_scale_of_features(name, norm):
    codes = encoder_of(name, (1, 28, 28), norm, width=32, posterior="point")(draws(16, 1, 28, 28))
    assert 0.3 < codes.mean.std() < 3
    assert torch.equal(codes.draw(), codes.mean)


@pytest.mark.parametrize("size", [(8, 8), (9, 9), (8, 128), (127, 9), (28, 28), (128, 128)])
@pytest.mark.parametrize("channels", [1, 3])
@every_variant
def test_images_of_any_size_are_encoded_to_their_last_pixels(name, channels, size):
    x = draws(2, channels, *size).requires_grad_()
    encoder_of(name, (channels, *size), width=8)(x).mean.sum().backward()
    assert x.grad[..., -1, :].abs().max() > 0
    assert x.grad[..., :, -1].abs().max() > 0


@every_way
@pytest.mark.parametrize(("name", "shape"), [case for case in product(VARIANTS, SHAPES) if fits(*case)], ids=str)
def test_codes_follow_their_condition_and_every_parameter_shapes_them(name, shape, way):
    encoder, x = opened(encoder_of(name, shape, "batch", CONDITION, conditioning=way)), draws(ROWS, *shape)
    mean, log_variance = encoder(x, LABELS)
    (mean.tanh() * draws(ROWS, LATENT) + log_variance.tanh() * draws(ROWS, LATENT, seed=3)).sum().backward()
    assert_reached(encoder)
    codes = encoder.eval()(x[:1].expand_as(x), LABELS).mean
    assert (codes[0] - codes[1]).abs().max() > 1e-6


@every_way
@every_variant
def test_a_condition_is_neither_forgotten_nor_invented_nor_of_another_width(name, way):
    x, shape = draws(ROWS, 1, 9, 8), (1, 9, 8)
    told, plain = (encoder_of(name, shape, condition=size, conditioning=way) for size in (CONDITION, 0))
    for encoder, wrong in ((told, None), (told, LABELS[:, :2]), (plain, LABELS)):
        with pytest.raises(Refusal, match="condition"):
            encoder(x, wrong)


@pytest.mark.parametrize("norm", ["batch", "none", "group"])
@every_variant
def test_film_starts_as_the_plain_norm(name, norm):
    told, plain = (encoder_of(name, (1, 9, 8), norm, size, conditioning="film") for size in (CONDITION, 0))
    x = draws(ROWS, 1, 9, 8)
    assert_same(told(x, LABELS), plain(x))


@pytest.mark.parametrize(("name", "condition"), [("dense", 0), ("dcgan", CONDITION)])
def test_compiled_encoders_equal_eager_ones(name, condition):
    encoder, x = encoder_of(name, (1, 9, 8), "group", condition), draws(ROWS, 1, 9, 8)
    y = LABELS if condition else None
    for ours, theirs in zip(
        torch.compile(encoder, backend="aot_eager", fullgraph=True)(x, y), encoder(x, y), strict=True
    ):
        torch.testing.assert_close(ours, theirs)


def test_a_permutation_invariant_encoder_has_exactly_the_documented_layers():
    """Donahue et al. 2017: two layers of 1024, batch norm in the second, LeakyReLU; a critic of pairs as well."""
    options = {"width": 1024, "depth": 2, "activation": "leaky_relu", "norm": "batch", "skip_first_norm": True}
    encoder = ENCODERS["dense"]((1, 28, 28), 50, 0, posterior="point", **options)
    critic = CRITICS["dense"]((1, 28, 28), 50, 0, 50, **options)
    for network, inputs, outputs in ((encoder, 784, 50), (critic, 784 + 50, 1)):
        kinds = [type(m).__name__ for m in network.trunk if not isinstance(m, nn.Identity)]
        assert kinds == ["Linear", "PiecewiseReLU", "Linear", "BatchNorm1d", "PiecewiseReLU"]
        layers = [m for m in network.modules() if isinstance(m, nn.Linear)]
        assert [(m.in_features, m.out_features) for m in layers] == [*pairwise((inputs, 1024, 1024, outputs))]


def test_a_gaussian_has_a_mean_and_a_variance_for_each_number():
    """Burda et al. 2016: 200 and 200 tanh units, then a posterior of 50 numbers."""
    encoder = ENCODERS["dense"]((1, 28, 28), 50, 0, widths=(200, 200), activation="tanh")
    assert [type(m).__name__ for m in encoder.trunk if not isinstance(m, nn.Identity)] == ["Linear", "Tanh"] * 2
    assert encoder.head.weight.shape == (2 * 50, 200)


@every_variant
def test_what_cannot_be_built_is_refused_in_words(name):
    for options, sentence in (
        ({"conditioning": "projection"}, "'projection' is for critics and not for encoders: use concat, embedding"),
        ({"conditioning": "film+classifier"}, "'classifier' is for critics and not for encoders"),
        ({"posterior": "guassian"}, "Did you mean 'gaussian'"),
        ({"norm": "bacth"}, "Did you mean 'batch'"),
        ({"width": 0}, "at least"),
    ):
        with pytest.raises(Refusal, match=sentence):
            encoder_of(name, (1, 9, 8), **options)
    if name != "dense":
        with pytest.raises(Refusal, match="use 'dense'"):
            encoder_of(name, (2,))
