"""A user's own functions and modules in the place of any part: called as simply as they allow, and never stored."""

import json

import pytest
import torch
from torch import nn

import equilibria as eq
from equilibria.apps.cli import main
from equilibria.core.errors import Refusal
from equilibria.runs.session import resume, train
from equilibria.terms.penalties import Duel
from sessions import Silent, assert_equal

SMALL = {"recipe": "gan-ns", "data": "ring", "batch": 16, "threads": 1, "matmul": "default", "watch": 0}
SMALL |= {"quiet": True, "rounds": 4, "save_every": 4}
DENSE = {"generator.width": 8, "critic.width": 8}


def squares(duel, weight=2.0):
    return weight * duel.real_scores**2


def of_tensors(critic, real, fake):
    return 2 * critic(real) ** 2


class Module(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, duel):
        self.calls += 1
        return squares(duel)


def builder(weight: float = 2.0):
    return lambda duel: squares(duel, weight)


def generator():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(128, 8), nn.ReLU(), nn.Linear(8, 2))


def critic():
    torch.manual_seed(2)
    return nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of plain modules and functions, and its parts."""
    parts = {"generator": generator(), "critic": critic(), "penalty": of_tensors}
    parts["divergence"] = (lambda real, fake: fake - real, lambda fake: -fake)
    return train(**SMALL, **parts, runs=tmp_path_factory.mktemp("runs")), parts


@pytest.mark.parametrize("penalty", [squares, of_tensors, Module(), builder], ids=lambda part: type(part).__name__)
def test_a_penalty_is_the_same_however_it_is_called(penalty):
    real, fake = torch.randn(2, 16, 3)
    duel = Duel(lambda x: x.sum(dim=1), (real,), (fake,))
    assert torch.equal(eq.PENALTIES.adapt(penalty)()(duel), 2 * real.sum(dim=1) ** 2)


def test_a_keyword_of_a_penalty_is_its_option(tmp_path):
    run = train(**SMALL | DENSE, penalty=squares, runs=tmp_path, dry_run=True, **{"penalty.weight": 3})
    assert run.game.contest.penalties["squares"].keywords == {"weight": 3}


def test_of_two_losses_one_is_enough_and_the_generator_may_see_its_own_scores_alone():
    build = eq.DIVERGENCES.adapt
    real, fake = torch.randn(2, 16)
    zero_sum = build(lambda real, fake: fake - real)()
    assert torch.equal(zero_sum.generator(real, fake), real - fake)
    assert torch.equal(build((lambda real, fake: fake, lambda fake: -fake))().generator(real, fake), -fake)
    assert build(hinge := eq.DIVERGENCES["hinge"]())() is hinge
    with pytest.raises(Refusal, match=r"takes the scores \(real, fake\), and <lambda> takes a"):
        build(lambda a: a)


def test_plain_modules_train_as_copies_and_the_records_say_that_they_are_the_users(run):
    run, parts = run
    assert_equal(dict(parts["generator"].state_dict()), dict(generator().state_dict()))
    trained = run.game.networks["generator"].network.state_dict()
    assert not torch.equal(trained["0.weight"], parts["generator"][0].weight)
    stored = json.loads((run.folder / "recipe.json").read_text())
    assert stored["networks"]["critic"] == {"name": "<python>:Sequential"}
    assert set(stored["penalties"]) == {"of_tensors"}
    assert run.model.sample(3).shape == (3, 2)


def test_a_stored_run_names_what_it_needs_and_goes_on_with_it_bit_for_bit(run, tmp_path):
    run, parts = run
    with pytest.raises(Refusal, match=r"eq.resume\(RUN, divergence=..., generator=..., critic=...\)"):
        resume(run, Silent(), rounds=8)
    with pytest.raises(Refusal, match=r"eq.load\(RUN, generator=..., critic=...\)"):
        eq.load(run.folder)
    with pytest.raises(Refusal, match="encoder is no part of your own"):
        eq.load(run.folder, generator=generator(), critic=critic(), encoder=critic())
    loaded = eq.load(run.folder, generator=generator(), critic=critic())
    assert torch.equal(loaded.sample(4), run.model.sample(4))
    before = (run.folder / "recipe.json").read_text()
    longer = resume(run, Silent(), rounds=6, **parts)
    assert (run.folder / "recipe.json").read_text() == before.replace('"rounds": 4', '"rounds": 6')
    whole = train(**SMALL | {"rounds": 6}, **parts, runs=tmp_path)
    assert_equal(longer.state_dict(), whole.state_dict())


def test_a_run_in_python_has_its_parts_for_every_function(run, tmp_path, monkeypatch):
    run, _ = run
    monkeypatch.chdir(tmp_path)
    assert torch.equal(eq.load(run, checkpoint="last").sample(4), eq.load(run).sample(4))
    assert eq.sample(run, 4).exists()
    assert eq.evaluate(run, ["sliced_wasserstein"], count=32, say=str).names() == ["sliced_wasserstein"]
    assert eq.evaluate(run, ["sliced_wasserstein"], count=32, against="ring", say=str).numbers
    assert eq.compare([run]).study is not None


MODULE = """
from torch import nn

class Small(nn.Module):
    def __init__(self, latent):
        super().__init__()
        self.layer = nn.Linear(latent, 2)

    def forward(self, z):
        return self.layer(z)
"""


def test_a_part_of_a_module_is_imported_by_commands_on_trust(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small_part.py").write_text(MODULE)
    wish = SMALL | {"critic.width": 8, "rounds": 1}
    folder = str(train(**wish, generator="small_part:Small").folder)
    for command in (["sample", folder], ["traverse", folder], ["evaluate", folder, "--metrics", "sliced_wasserstein"]):
        assert main(command) == 2
        assert "uses custom code (small_part:Small)" in (said := capsys.readouterr().err)
        assert "add --trust if it is yours" in said
        assert main([*command, "--trust"]) == 0


def test_commands_need_only_the_parts_that_they_use(run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folder = str(train(**SMALL, **{"generator.width": 8}, critic=critic()).folder)
    assert main(["sample", folder]) == main(["evaluate", folder, "--metrics", "sliced_wasserstein"]) == 0
    for command in (["score", folder, "ring"], ["sample", str(run[0].folder)]):
        assert main([*command, "--trust"]) == 2
        assert "Sequential, that no file stores: pass it in Python" in capsys.readouterr().err


class Conditional(nn.Module):
    def __init__(self, condition):
        super().__init__()
        self.layer = nn.Bilinear(64, condition, 1)

    def forward(self, x, y):
        return self.layer(x.flatten(1), y)


def test_a_module_is_called_with_a_condition_where_there_is_one(tmp_path):
    wish = SMALL | {"recipe": "cgan", "data": "digits", "generator.width": 8, "runs": tmp_path, "dry_run": True}
    for part in (Conditional, Conditional(10)):
        run = train(**wish, critic=part)
        x, y = run.stream.batch(0)
        assert run.game.networks["critic"](x, y=y).shape == (16,)
    with pytest.raises(Refusal, match="The critic Sequential takes no condition"):
        train(**wish, critic=nn.Sequential(nn.Flatten(), nn.Linear(64, 1)))


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"penalty": lambda duel: squares(duel).mean()}, r"shape \(\) for a batch of 16: .* Leave out the mean"),
        ({"penalty": lambda duel: squares(duel)[:, None]}, r"shape \(16, 1\) for a batch of 16"),
        ({"penalty": lambda duel: -squares(duel)}, r"is -\S+ for a sample: a cost must be a number of at least 0"),
        ({"penalty": lambda duel: squares(duel) * float("nan")}, "is nan for a sample"),
        ({"penalty": lambda duel: squares(duel).detach()}, "has no gradient for the critic"),
        ({"penalty": lambda duel: 0.5}, "returns float"),
        ({"penalty": lambda real, fake: real}, "and <lambda> takes real, fake"),
        ({"penalty": lambda duel: duel.nothing}, r"test_own_parts.py, line \d+, in <lambda>: AttributeError"),
        ({"generator": nn.Linear(100, 2)}, r'\(B, 128\) .* prior=\{"name": "normal", "size": 100\}'),
        ({"critic": nn.Linear(2, 3)}, r"The critic Linear does not fit: .* must return scores \(B,\)"),
        ({"generator": lambda latent: 3}, "The generator is int: it must be a torch.nn.Module"),
        ({"generator": 3}, "networks.generator is 3"),
        ({"callbacks": [lambda run: run.nothing]}, r"test_own_parts.py, line \d+, in <lambda>: AttributeError"),
    ],
)
def test_a_part_that_cannot_be_right_is_refused_in_words(part, words, tmp_path):
    with pytest.raises(Refusal, match=words):
        train(**SMALL, **part, runs=tmp_path)


def test_the_advice_for_latents_of_another_size_is_right(tmp_path):
    prior = {"name": "normal", "size": 100}
    assert train(**SMALL, generator=nn.Linear(100, 2), prior=prior, runs=tmp_path, dry_run=True).game.prior.size == 100


def test_an_error_of_a_library_is_not_put_down_to_the_user(tmp_path):
    with pytest.raises(TypeError):
        train(**SMALL | DENSE, callbacks=[torch.zeros(2).unfold], runs=tmp_path)
