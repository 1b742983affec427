"""Promises of critics that tell classes, and "generated" as one more."""

import io

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, softplus

from equilibria.core.errors import Refusal
from equilibria.networks import CRITICS
from equilibria.recipes.build_networks import is_coupled

CLASSES, ROWS = 3, 5
CASES = [("dense", (2,)), *((name, shape) for name in CRITICS for shape in ((1, 8, 8), (3, 9, 13)))]
every_critic = pytest.mark.parametrize(("name", "shape"), CASES, ids=str)


def critic_of(name, shape, seed=0, norm="weight"):
    torch.manual_seed(seed)
    return CRITICS[name](shape, 6, 0, supervised=CLASSES, width=8, norm=norm).double()


def draws(*size):
    return torch.randn(*size, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@every_critic
def test_the_score_and_the_logits_are_one_softmax_over_classes_and_generated(name, shape):
    critic, x = critic_of(name, shape), 3 * draws(ROWS, *shape)
    logits, scores = critic.classify(x), critic(x)
    assert logits.shape == (ROWS, CLASSES)
    torch.testing.assert_close(scores, logits.exp().sum(dim=1).log(), rtol=1e-12, atol=1e-12)
    chances = torch.cat([logits, torch.zeros(ROWS, 1).double()], dim=1).softmax(dim=1)
    torch.testing.assert_close(softplus(scores), -chances[:, -1].log(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(softplus(-scores), -chances[:, :-1].sum(dim=1).log(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(scores.sigmoid(), scores.exp() / (scores.exp() + 1), rtol=1e-12, atol=1e-12)


@every_critic
def test_telling_the_class_and_calling_it_real_is_telling_it_among_all(name, shape):
    """log p(y | x) over K + 1 classes is log p(y | x, real) + log p(real | x)."""
    critic, x, y = critic_of(name, shape), draws(ROWS, *shape), torch.tensor([0, 1, 2, 1, 0])
    logits = critic.classify(x)
    among_all = cross_entropy(nn.functional.pad(logits, (0, 1)), y, reduction="none")
    parts = cross_entropy(logits, y, reduction="none") + softplus(-critic(x))
    torch.testing.assert_close(parts, among_all, rtol=1e-12, atol=1e-12)


@every_critic
def test_every_parameter_shapes_the_score(name, shape):
    critic = critic_of(name, shape)
    (critic(draws(ROWS, *shape)).tanh() @ draws(ROWS)).backward()
    sizes = {name: 0.0 if p.grad is None else float(p.grad.abs().max()) for name, p in critic.named_parameters()}
    assert not {name: size for name, size in sizes.items() if not size > 1e-9 * max(sizes.values())}


@every_critic
def test_it_judges_row_by_row_and_its_logits_are_a_layer_on_its_features(name, shape):
    critic, x = critic_of(name, shape), draws(ROWS, *shape)
    assert not is_coupled(critic, (x,))
    assert torch.equal(critic.critic.head(critic.features(x)), critic.classify(x))
    with pytest.raises(Refusal, match="condition"):
        critic(x, y=draws(ROWS, CLASSES))


@every_critic
def test_saved_weights_are_the_whole_critic(name, shape):
    saved, other, x = critic_of(name, shape), critic_of(name, shape, seed=7), draws(ROWS, *shape)
    torch.save(saved.state_dict(), file := io.BytesIO())
    other.load_state_dict(torch.load(io.BytesIO(file.getvalue()), weights_only=True))
    assert torch.equal(other.classify(x), saved.classify(x))
    assert torch.equal(other(x), saved(x))
