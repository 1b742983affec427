"""Promises that every generator and every critic keeps, on every kind of sample and with every norm."""

import io
from itertools import product

import pytest
import torch
from torch import nn

from equilibria.core.errors import Refusal
from equilibria.networks import CRITICS, GENERATORS
from equilibria.networks.norms import NORMS, none
from equilibria.networks.residual import Attention
from equilibria.terms.gradients import input_gradient

SHAPES = [(1, 8, 8), (1, 28, 28), (3, 32, 32), (4, 9, 13), (3, 64, 48), (2,)]
LATENT, CONDITION = 6, 3


def is_refused(name, shape, norm):
    """Image networks draw no points; a dense network has no pixels to average over."""
    return (name != "dense" and len(shape) == 1) or (name == "dense" and norm == "instance")


VARIANTS = (*GENERATORS, "dcgan+hidden")  # with a fully connected layer
CASES = [case for case in product(VARIANTS, SHAPES, NORMS) if not is_refused(*case)]
every_case = pytest.mark.parametrize(("name", "shape", "norm"), CASES)


def generator_of(name, shape, norm, condition=0, seed=0):
    torch.manual_seed(seed)
    name, _, hidden = name.partition("+")
    return GENERATORS[name](shape, LATENT, condition, nn.Tanh(), width=8, norm=norm, **connected(hidden)).double()


def critic_of(name, shape, norm, condition=0, seed=0):
    torch.manual_seed(seed)
    name, _, hidden = name.partition("+")
    return CRITICS[name](shape, LATENT, condition, width=8, norm=norm, **connected(hidden)).double()


def connected(hidden):
    return {hidden: 12} if hidden else {}


def draws(*size, seed=1):
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def assert_reached(network):
    """No parameter is without effect: a bias before batch norm would show here as rounding noise."""
    sizes = {name: 0.0 if p.grad is None else float(p.grad.abs().max()) for name, p in network.named_parameters()}
    unused = {name: size for name, size in sizes.items() if not size > 1e-9 * max(sizes.values())}
    assert not unused


def test_both_roles_have_the_same_networks():
    assert list(GENERATORS) == list(CRITICS)


@pytest.mark.parametrize("case", [case for case in product(GENERATORS, SHAPES, NORMS) if is_refused(*case)], ids=str)
def test_what_cannot_be_built_is_refused(case):
    for build in (generator_of, critic_of):
        with pytest.raises(Refusal, match="dense"):
            build(*case)


@every_case
def test_samples_have_the_shape_of_the_space_and_every_parameter_shapes_them(name, shape, norm):
    generator = generator_of(name, shape, norm)
    samples = generator(draws(3, LATENT))
    assert samples.shape == (3, *shape)
    assert samples.abs().max() <= 1
    (samples * draws(3, *shape)).sum().backward()
    assert_reached(generator)


@every_case
def test_each_sample_gets_one_score_and_every_parameter_shapes_it(name, shape, norm):
    critic = critic_of(name, shape, norm)
    x = draws(3, *shape)
    scores = critic(x)
    assert scores.shape == (3,)
    assert critic.features(x).shape == (3, critic.features(x).shape[1])
    (scores.tanh() @ draws(3)).backward()
    assert_reached(critic)


@every_case
def test_in_evaluation_a_row_depends_on_itself_alone(name, shape, norm):
    for network, rows in (
        (generator_of(name, shape, norm), draws(3, LATENT)),
        (critic_of(name, shape, norm), draws(3, *shape)),
    ):
        network.eval()
        before = {key: value.clone() for key, value in network.state_dict().items()}
        together = network(rows)
        assert torch.equal(together, network(rows))
        torch.testing.assert_close(network(rows[1:2]), together[1:2])
        assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


@pytest.mark.parametrize(("name", "shape", "norm"), [case for case in CASES if case[1] in ((4, 9, 13), (2,))])
def test_saved_weights_are_the_whole_network(name, shape, norm):
    for build, rows in ((generator_of, draws(3, LATENT)), (critic_of, draws(3, *shape))):
        saved, other = build(name, shape, norm), build(name, shape, norm, seed=7)
        saved(rows)  # moves what batch and spectral norm remember
        torch.save(saved.state_dict(), file := io.BytesIO())
        other.load_state_dict(torch.load(io.BytesIO(file.getvalue()), weights_only=True))
        assert torch.equal(other.eval()(rows), saved.eval()(rows))


@every_case
def test_the_slope_of_a_critic_moves_its_weights(name, shape, norm):
    critic = critic_of(name, shape, norm)
    slopes = input_gradient(critic, (draws(3, *shape),))
    assert slopes.abs().max() > 0
    slopes.square().sum().backward()
    for weight in critic.parameters():
        assert weight.ndim == 1 or (weight.grad.isfinite().all() and weight.grad.abs().max() > 0)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_condition_moves_every_output_and_is_neither_forgotten_nor_invented(name):
    y = torch.eye(CONDITION, dtype=torch.float64)
    for build, rows in ((generator_of, draws(1, LATENT)), (critic_of, draws(1, 1, 9, 8))):
        conditional, plain = (build(name, (1, 9, 8), "none", condition) for condition in (CONDITION, 0))
        rows = rows.expand(CONDITION, *rows.shape[1:])
        answers = conditional(rows, y=y).flatten(1 if build is generator_of else 0)
        assert (answers[0] - answers[1]).abs().max() > 1e-6
        for network, wrong in ((conditional, None), (conditional, y[:, :2]), (plain, y)):
            with pytest.raises(Refusal, match="condition"):
                network(rows, y=wrong)


@pytest.mark.parametrize(
    ("option", "typed", "meant"),
    [
        ("norm", "bacth", "batch"),
        ("activation", "rleu", "relu"),
        ("upsample", "nearst", "nearest"),
        ("initialization", "normel", "normal"),
    ],
)
def test_an_unknown_word_is_answered_with_the_nearest(option, typed, meant):
    with pytest.raises(Refusal, match=f"Did you mean '{meant}'"):
        GENERATORS["dcgan"]((1, 8, 8), LATENT, 0, nn.Tanh(), **{option: typed})


@pytest.mark.parametrize("name", GENERATORS)
def test_empty_networks_are_refused(name):
    with pytest.raises(Refusal, match="at least"):
        GENERATORS[name]((1, 8, 8), LATENT, 0, nn.Tanh(), width=0)
    with pytest.raises(Refusal, match="at least"):
        CRITICS[name]((1, 8, 8), LATENT, 0, width=0)


@pytest.mark.parametrize("networks", [GENERATORS, CRITICS])
def test_a_connected_layer_of_less_than_nothing_is_refused(networks):
    output_activation = (nn.Tanh(),) if networks is GENERATORS else ()
    with pytest.raises(Refusal, match="hidden -1: at least 0"):
        networks["dcgan"]((1, 8, 8), LATENT, 0, *output_activation, hidden=-1)


def attending(build, recompute=False):
    """A residual network with attention, whose weight, 0 at first, is as if it had been trained."""
    torch.manual_seed(0)
    options = {"width": 8, "norm": "none", "growth": 2, "attention": 8, "recompute": recompute}
    arguments = (nn.Tanh(),) if build is GENERATORS else ()
    network = build["residual"]((3, 12, 16), LATENT, 0, *arguments, **options).double()
    for module in network.modules():
        if isinstance(module, Attention):
            module.weight.data.fill_(0.5)
    return network


@pytest.mark.parametrize(("build", "shape"), [(GENERATORS, (LATENT,)), (CRITICS, (3, 12, 16))], ids=["made", "scored"])
def test_attention_reaches_every_parameter_and_keeps_rows_apart(build, shape):
    network, rows = attending(build), draws(3, *shape)
    result = network(rows)
    torch.testing.assert_close(network(rows[1:2]), result[1:2])
    (result.tanh() * draws(*result.shape)).sum().backward()
    assert_reached(network)


def test_attention_is_the_formula():
    torch.manual_seed(0)
    attention = Attention(8, none()).double()
    h = draws(2, 8, 5, 4)
    assert torch.equal(attention(h), h)  # the weight is 0 at first
    attention.weight.data.fill_(0.7)
    query, key, value = (layer.weight[:, :, 0, 0] for layer in (attention.query, attention.key, attention.value))
    for row, expected in zip(h, attention(h), strict=True):
        places = row.flatten(1)
        maps = [(weight @ places).view(-1, 5, 4) for weight in (key, value)]
        pooled = [nn.functional.max_pool2d(each, 2, ceil_mode=True).flatten(1) for each in maps]
        share = ((query @ places).T @ pooled[0]).exp()
        mixed = pooled[1] @ (share / share.sum(1, keepdim=True)).T
        out = attention.output.weight[:, :, 0, 0] @ mixed + attention.output.bias[:, None]
        torch.testing.assert_close(expected, row + 0.7 * out.view(8, 5, 4))


def test_what_is_computed_again_has_the_same_values_gradients_and_slopes():
    for build, shape in ((GENERATORS, (LATENT,)), (CRITICS, (3, 12, 16))):
        stored, again = attending(build), attending(build, recompute=True)
        for network in (stored, again):
            x = draws(3, *shape).requires_grad_()
            (slope,) = torch.autograd.grad(network(x).tanh().sum(), x, create_graph=True)
            (slope.square().sum() + network(x).sum()).backward()
        pairs = list(zip(stored.parameters(), again.parameters(), strict=True))
        assert all(torch.equal(one, other) for one, other in pairs)
        for one, other in pairs:
            torch.testing.assert_close(one.grad, other.grad)


def test_what_is_computed_again_is_not_stored():
    def stored(recompute):
        sizes, rows = [], draws(3, LATENT)
        with torch.autograd.graph.saved_tensors_hooks(lambda x: (sizes.append(x.nbytes), x)[1], lambda x: x):
            attending(GENERATORS, recompute)(rows)
        return sum(sizes)

    assert stored(recompute=True) < 0.6 * stored(recompute=False)  # the rest is outside of blocks
