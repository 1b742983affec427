"""The verdicts of `equilibria verify my_module:my_function` on right and on wrong functions."""

import subprocess
import sys

import pytest

from equilibria.apps.cli import main
from equilibria.core.errors import Refusal
from equilibria.terms.divergences import DIVERGENCES
from equilibria.verify import verify
from shares import one_in

HEAD = """
from dataclasses import replace
import torch
from torch.autograd.function import once_differentiable
from torch.nn.functional import softplus
from equilibria.terms.divergences import DIVERGENCES, Divergence
from equilibria.terms.gradients import input_gradient
from equilibria.terms.penalties import PENALTIES


def points(duel, share=None):
    (real,), (fake,) = duel.real, duel.fake
    one = torch.rand(len(real), *[1] * (real.ndim - 1), dtype=real.dtype)
    return torch.lerp(real, fake, one if share is None else share)


def slopes(duel, x):
    return input_gradient(duel.critic, (x,))

"""

WRONG = {
    "one norm over the whole batch": (
        "def mine(weight=10.0):\n"
        "    return lambda duel: (weight * (slopes(duel, points(duel)).norm() - 1) ** 2).expand(len(duel.real[0]))",
        "one norm over the whole batch: a critic with gradient norm 1 costs 490 at batch size 64 and weight 10; it "
        "should cost 0.",
    ),
    "another weight": (
        "def mine(weight=4.0):\n"
        "    return lambda duel: (weight * (slopes(duel, points(duel)).norm() - 1) ** 2).expand(len(duel.real[0]))",
        "one norm over the whole batch: a critic with gradient norm 1 costs 196 at batch size 64 and weight 4; it "
        "should cost 0.",
    ),
    "one coefficient a batch": (
        "def mine(weight=10.0):\n"
        "    share = lambda duel: torch.rand((), dtype=duel.real[0].dtype)\n"
        "    return lambda duel: weight * (slopes(duel, points(duel, share(duel))).norm(dim=1) - 1) ** 2",
        "one interpolation coefficient for the whole batch: all 64 samples",
    ),
    "one coefficient a pixel": (
        "def mine(weight=10.0):\n"
        "    share = lambda duel: torch.rand_like(duel.real[0])\n"
        "    return lambda duel: weight * (slopes(duel, points(duel, share(duel))).norm(dim=1) - 1) ** 2",
        "one interpolation coefficient for each pixel",
    ),
    "one norm a pixel": (
        "def mine(weight=10.0):\n"
        "    def penalty(duel):\n"
        "        x = points(duel)\n"
        "        cost = weight * (slopes(duel, x).view_as(x).norm(dim=1) - 1) ** 2\n"
        "        return cost if cost.ndim == 1 else cost.flatten(1).mean(dim=1)\n"
        "    return penalty",
        "one norm for each pixel, over its channels alone: on samples of shape (2, 3, 3) a critic with gradient norm 1",
    ),
    "no graph": (
        "def mine(weight=10.0):\n"
        "    def penalty(duel):\n"
        "        x = points(duel).requires_grad_()\n"
        "        (slope,) = torch.autograd.grad(duel.critic(x).sum(), x)\n"
        "        return weight * (slope.flatten(1).norm(dim=1) - 1) ** 2\n"
        "    return penalty",
        "without graph: the penalty's gradient for the critic's weights is zero, where finite differences say",
    ),
    "one-sided and without graph": (
        "def mine(weight=10.0):\n"
        "    def penalty(duel):\n"
        "        x = points(duel).requires_grad_()\n"
        "        (slope,) = torch.autograd.grad(duel.critic(x).sum(), x)\n"
        "        return weight * (slope.flatten(1).norm(dim=1) - 1).relu() ** 2 + 0 * duel.critic(x)\n"
        "    return penalty",
        "without graph: the penalty's gradient for the critic's weights is zero, where finite differences say",
    ),
    "partly detached": (
        "def mine(weight=10.0):\n"
        "    def penalty(duel):\n"
        "        off = slopes(duel, points(duel)).norm(dim=1) - 1\n"
        "        return weight * off * off.detach()\n"
        "    return penalty",
        "part of it is detached",
    ),
    "reduced": (
        "def mine(weight=10.0):\n    return lambda duel: PENALTIES['r1'](weight)(duel).mean()",
        "the penalty is already reduced: a batch of 64 samples (6,) gives shape (), not (64,)",
    ),
    "twice the weight": (
        "def mine(weight=10.0):\n    return PENALTIES['gradient_penalty'](2 * weight)",
        "the weight is 20, where 10 is stated: a critic with gradient norm 2 costs 20, and 10 (norm - 1)^2 is 10.",
    ),
    "samples that depend on each other": (
        "def mine():\n    return lambda duel: PENALTIES['r1']()(duel) + duel.critic(*duel.real).sum() ** 2",
        "a sample's cost depends on the rest of the batch: changing one real sample changes another sample's cost by",
    ),
    "a root at zero": (
        "def mine(weight=10.0):\n"
        "    return lambda duel: weight * (slopes(duel, points(duel)).square().sum(dim=1).sqrt() - 1) ** 2",
        "the gradient of a critic with gradient norm 0 is not finite; the root of a sum of squares has no derivative",
    ),
    "a value on the host": (
        "def mine():\n"
        "    def penalty(duel):\n"
        "        cost = PENALTIES['r1']()(duel)\n"
        "        return cost if cost.mean().item() < 1e9 else 0 * cost\n"
        "    return penalty",
        "the penalty cannot be compiled as one graph: it reads a value on the host (.item()",
    ),
    "a negative penalty": (
        "def mine():\n    return lambda duel: -PENALTIES['r1']()(duel)",
        "the penalty is negative: the lowest cost is -",
    ),
    "a penalty that raises": (
        "def mine():\n    return lambda duel: duel.nothing",
        "it raises AttributeError: 'Duel' object has no attribute 'nothing'.",
    ),
    "swapped signs": (
        "def mine():\n    return Divergence(lambda real, fake: real - fake, lambda real, fake: -fake)",
        "signs swapped in the critic's loss: it is lowest at real score -3 and fake score 3",
    ),
    "two losses with one direction": (
        "def mine():\n"
        "    return Divergence(lambda real, fake: softplus(-real) + softplus(fake), lambda real, fake: softplus(fake))",
        "the generator pulls the wrong way: both losses rise with fake scores (derivatives 0.1824, 0.1824).",
    ),
    "a generator without direction": (
        "def mine():\n    return Divergence(lambda real, fake: fake - real, lambda real, fake: 0 * fake)",
        "the generator's loss does not depend on the fake scores",
    ),
    "halved terms": (
        "def mine():\n    return Divergence(lambda real, fake: 0.5 * (fake - real), lambda real, fake: -0.5 * fake)",
        "the critic's loss is 0.5 (fake - real): a penalty of weight 10 weighs 20 against it",
    ),
    "reduced losses": (
        "def mine():\n"
        "    critic = lambda real, fake: (softplus(-real) + softplus(fake)).mean()\n"
        "    return Divergence(critic, lambda real, fake: softplus(-fake))",
        "the critic's loss is already reduced: 64 scores give shape (), not (64,)",
    ),
    "logarithms of nothing": (
        "def mine():\n"
        "    critic = lambda real, fake: -real.sigmoid().log() - (1 - fake.sigmoid()).log()\n"
        "    return Divergence(critic, lambda real, fake: softplus(-fake))",
        "the critic's loss is inf at real score -50 and fake score 50, in float32.",
    ),
    "detached scores": (
        "def mine():\n"
        "    critic = lambda real, fake: softplus(-real) + softplus(fake) * softplus(fake).detach()\n"
        "    return Divergence(critic, lambda real, fake: softplus(-fake))",
        "the critic's first derivative is not what finite differences say",
    ),
    "no second derivative": (
        "class Once(torch.autograd.Function):\n"
        "    forward = staticmethod(lambda x: softplus(x))\n"
        "    setup_context = staticmethod(lambda ctx, inputs, output: ctx.save_for_backward(*inputs))\n"
        "    slope = once_differentiable(lambda ctx, g: g * ctx.saved_tensors[0].sigmoid())\n"
        "    backward = staticmethod(slope)\n\n\n"
        "def mine():\n"
        "    return Divergence(lambda real, fake: softplus(-real) + Once.apply(fake), lambda real, fake: -fake)",
        "the critic's second derivative is not what finite differences say",
    ),
    "scores that depend on each other": (
        "def mine():\n"
        "    critic = lambda real, fake: (softplus(-real) + softplus(fake)) / (1 + real.std(correction=0))\n"
        "    return Divergence(critic, lambda real, fake: softplus(-fake))",
        "the critic's loss of a sample depends on the rest of the batch: raising one real score by 1 changes",
    ),
    "pairs that are not declared": (
        "def mine():\n"
        "    return Divergence(lambda real, fake: softplus(fake - real), lambda real, fake: softplus(real - fake))",
        "the generator's loss reads the real scores, but `paired` is not set",
    ),
    "scores on the host": (
        "def mine():\n"
        "    generator = lambda real, fake: softplus(-fake) if fake.mean().item() < 1e9 else -fake\n"
        "    return Divergence(lambda real, fake: softplus(-real) + softplus(fake), generator)",
        "the generator's loss cannot be compiled as one graph: it reads a value on the host",
    ),
    "an estimate too high": (
        "def mine():\n    return replace(DIVERGENCES['minimax'](), estimate=lambda loss: 2 - loss)",
        "the estimate is no lower bound: with model and data the same it reads 0.6137 for a critic of constant score 0",
    ),
    "a wrong conjugate": (
        "def mine():\n"
        "    kl = DIVERGENCES['kl']()\n"
        "    facts = replace(kl.f_divergence, conjugate=torch.exp, fake_loss=torch.exp)\n"
        "    return replace(kl, f_divergence=facts, critic=lambda real, fake: fake.exp() - real)",
        "wrong conjugate: at t = f'(31.62) = 4.454, f* is 85.96; the greatest u t - f(u) is 31.62.",
    ),
    "a wrong domain": (
        "def mine():\n"
        "    kl = DIVERGENCES['reverse_kl']()\n"
        "    return replace(kl, f_divergence=replace(kl.f_divergence, activation=lambda v: v))",
        "the activation leaves the domain of f*: score 0 becomes 0, outside -inf...0.",
    ),
    "a wrong slope at one": (
        "def mine():\n"
        "    kl = DIVERGENCES['kl']()\n"
        "    return replace(kl, f_divergence=replace(kl.f_divergence, derivative_at_one=0.0))",
        "wrong f'(1): 0 is stated, and f'(1) is 1.",
    ),
    "a wrong optimum": (
        "def mine():\n"
        "    kl = DIVERGENCES['kl']()\n"
        "    return replace(kl, f_divergence=replace(kl.f_divergence, optimal_output=torch.log))",
        "wrong optimal critic: at p/q = 0.3621 T* is -1.016",
    ),
    "losses of another divergence": (
        "def mine():\n    return replace(DIVERGENCES['kl'](), critic=DIVERGENCES['reverse_kl']().critic)",
        "the critic's loss is not f*(g(fake)) - g(real)",
    ),
}

RIGHT = {
    "a one-sided penalty, as in CONTRIBUTING.md": "def mine(weight=10.0):\n"
    "    return lambda duel: weight * (input_gradient(duel.critic, duel.real).norm(dim=1) - 1).relu() ** 2",
    "a one-sided penalty between real and fake": "def mine():\n"
    "    return PENALTIES['gradient_penalty'](10.0, one_sided=True)",
    "a penalty of nothing": "def mine(weight=0.0):\n"
    "    return lambda duel: weight * slopes(duel, duel.real[0]).square().sum(dim=1)",
    "a penalty": "def mine(weight=10.0):\n"
    "    return lambda duel: weight * (slopes(duel, points(duel)).norm(dim=1) - 1) ** 2",
    "a penalty by hand": "def mine(weight=10.0):\n"
    "    def penalty(duel):\n"
    "        x = points(duel).requires_grad_()\n"
    "        (slope,) = torch.autograd.grad(duel.critic(x).sum(), x, create_graph=True)\n"
    "        return weight * (slope.flatten(1).norm(dim=1) - 1) ** 2\n"
    "    return penalty",
    "a penalty itself": "def mine(duel):\n    return slopes(duel, duel.real[0]).square().sum(dim=1)",
    "a penalty with a state": "def mine():\n    return PENALTIES['lecam']()",
    "a divergence": "def mine():\n"
    "    return Divergence(lambda real, fake: softplus(-real) + softplus(fake), lambda real, fake: softplus(-fake))",
    "a divergence with its theory": "def mine():\n    return DIVERGENCES['jeffreys']()",
    "other codes": "def mine():\n"
    "    return DIVERGENCES['least_squares'](fake_code=-1.0, real_code=1.0, generator_code=0.0)",
}


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a user's module, and returns its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    def write(text):
        name = f"own_{abs(hash(text))}"
        (tmp_path / f"{name}.py").write_text(HEAD + text + "\n", encoding="utf-8")
        return name

    return write


@pytest.mark.parametrize(("name", "text", "sentence"), one_in(3, [(name, *wrong) for name, wrong in WRONG.items()]))
def test_a_defect_is_named_in_a_sentence(name, text, sentence, module, capsys):
    assert main(["verify", f"{module(text)}:mine"]) == 2
    faults = [line for line in capsys.readouterr().out.splitlines() if line.startswith("- ")]
    assert any(sentence in line for line in faults), faults
    assert len(faults) == 1, "one sentence for one defect"


@pytest.mark.parametrize("text", one_in(2, list(RIGHT.values())))
def test_nothing_is_wrong_with_a_right_function(text, module, capsys):
    assert main(["verify", f"{module(text)}:mine"]) == 0
    out = capsys.readouterr().out
    assert "What is wrong" not in out
    assert "NO" not in out.split()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("import nowhere_to_be_found", "cannot be imported: No module named 'nowhere_to_be_found'."),
        ("def mine(:", "cannot be imported: SyntaxError"),
        ("def other():\n    pass", "has no 'mine'"),
        ("mine = 3", "is not a function"),
        ("def mine():\n    return 3", "returns int"),
        ("def mine(real, fake):\n    return real", "takes real, fake"),
        ("def mine():\n    raise ZeroDivisionError('by zero')", "cannot be built: ZeroDivisionError: by zero."),
    ],
)
def test_a_function_that_cannot_be_checked_is_refused_in_a_sentence(text, sentence, module, capsys):
    assert main(["verify", f"{module(text)}:mine"]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1


def test_an_unknown_name_is_answered_with_the_nearest(capsys):
    assert main(["verify", "gradient-penlty"]) == 2
    assert "Did you mean 'gradient_penalty'?" in capsys.readouterr().err


def test_one_entry_is_verified_alone(capsys):
    assert main(["verify", "hinge"]) == 0
    rows = capsys.readouterr().out
    assert "hinge" in rows
    assert "jeffreys" not in rows
    assert "claims hold" in rows.splitlines()[-1]


def test_a_claim_of_ours_that_fails_is_exit_code_1(capsys, monkeypatch):
    monkeypatch.setitem(DIVERGENCES._builders, "hinge", DIVERGENCES["wasserstein"])
    assert main(["verify", "bounds"]) == 1
    out = capsys.readouterr().out
    assert "What is wrong" in out
    assert "hinge: the optimal critic's estimate" in out


def test_python_gets_verdicts_and_may_pass_a_function():
    reported = []
    verdicts = verify(DIVERGENCES["hinge"], reported.append)
    assert verdicts == reported
    assert all(verdict.holds for verdict in verdicts)
    assert not all(verdict.holds for verdict in verify(lambda: lambda duel: duel.real_scores.mean()))


def test_python_is_refused_what_it_cannot_verify():
    with pytest.raises(Refusal, match="nothing called 'hnige'"):
        verify("hnige")


def test_help_says_what_can_be_verified_and_does_not_wait_for_torch():
    code = "import sys; from equilibria.apps.cli import main; main(['verify', '--help']); print('torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "equilibria verify [NAME|MODULE:FUNCTION]" in out
    assert out.endswith("False\n")
