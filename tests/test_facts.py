"""Facts about a part live on the part: nobody keys a table by its name, and a user's own part is treated alike."""

import ast
import dataclasses
import json
from pathlib import Path

import pytest
import torch

import equilibria as eq
from equilibria.core.errors import Refusal
from equilibria.data.datasets import DATASETS
from equilibria.evaluation.doctor import findings
from equilibria.evaluation.doctor.loss_meaning import meanings
from equilibria.games import GAMES
from equilibria.recipes import RECIPES
from equilibria.records.history import History, read_history
from equilibria.terms.augmentations import AUGMENTATIONS
from equilibria.terms.divergences import DIVERGENCES
from equilibria.terms.likelihoods import LIKELIHOODS
from equilibria.terms.penalties import PENALTIES, uses_gradient
from equilibria.training.optimizers import OPTIMIZERS

PACKAGE = Path(__file__).parents[1] / "src" / "equilibria"
HOMES = {  # where the names of a catalogue may stand: its own package
    "terms/divergences/": DIVERGENCES,
    "terms/penalties.py": PENALTIES,
    "terms/augmentations/": AUGMENTATIONS,
    "terms/likelihoods.py": LIKELIHOODS,
    "games/": GAMES,
    "training/optimizers.py": OPTIMIZERS,
    "data/": DATASETS,
}
COMPOSING = (  # who composes parts by name, or makes claims about one of them
    "recipes/__init__.py",
    "recipes/presets.py",
    "recipes/recipe.py",  # the recipe where nothing is said
    "apps/verbs/",  # the demonstration is a recipe of its own
    "verify/",  # a claim is about the entry that it names, as a test is
    "toys/",  # small games of parts that theory knows
    "lab/",  # an experiment is about the entries that it names
)
OTHERWISE = {  # words that are names of a catalogue and of something else
    "none": "nothing",
    "folder": "a place; no recipe stores it as a name of data",
    "array": "likewise",
    "hub": "likewise",
    "gaussian": "a posterior",
    "kl": "a loss term, a figure and an option: the KL divergence of posterior and prior",
    "alpha": "an option of other libraries",
}
ELSEWHERE = {  # a place where a name is that of something else
    ("evaluation/metrics/__init__.py", "wasserstein"): "a metric",
    ("evaluation/metrics/wasserstein.py", "wasserstein"): "a metric",
    ("evaluation/metrics/modes.py", "reverse_kl"): "a figure",
    ("models/card.py", "gan"): "a tag of the hub",
}


def names_in(source, module):
    """Every name of a catalogue that a module spells out, with its line, where it is not at home."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(word := node.value, str) and word not in OTHERWISE:
            homes = [home for home, catalogue in HOMES.items() if word in catalogue]
            if homes and not module.startswith((*homes, *COMPOSING)) and (module, word) not in ELSEWHERE:
                yield f"{module}:{node.lineno}: {word!r} is a name of {homes[0]}: make what depends on it a field there"


def test_no_name_of_a_catalogue_stands_outside_its_package():
    paths = sorted(PACKAGE.rglob("*.py"))
    assert paths
    found = [each for p in paths for each in names_in(p.read_text("utf-8"), p.relative_to(PACKAGE).as_posix())]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        '_MOST = {"hinge": 1.0}',
        'known = name in ("r1", "r2")',
        'if spec["name"] == "sgan": pass',
        'heavy = {"adam": "beta1"}',
        'toy = data.name == "ring"',
    ],
)
def test_a_name_outside_its_package_is_found(source):
    assert len(list(names_in(source, "evaluation/doctor/critic.py"))) >= 1


def test_exceptions_are_still_needed():
    for module, word in ELSEWHERE:
        assert f'"{word}"' in (PACKAGE / module).read_text("utf-8")
    assert all(any(word in catalogue for catalogue in HOMES.values()) for word in OTHERWISE)


@pytest.mark.parametrize("name", PENALTIES)
def test_a_penalty_states_what_a_probe_finds(name):
    penalty = PENALTIES[name]()
    assert isinstance(penalty.uses_gradient, bool)
    assert uses_gradient(lambda duel: penalty(duel)) == uses_gradient(penalty) == penalty.uses_gradient


def test_the_probe_changes_neither_random_numbers_nor_memories():
    penalty, state = PENALTIES["lecam"](), torch.get_rng_state()
    assert uses_gradient(lambda duel: torch.rand(4) * PENALTIES["gradient_penalty"]()(duel))
    assert torch.equal(torch.get_rng_state(), state)
    before = {name: buffer.clone() for name, buffer in penalty.named_buffers()}
    type(penalty).uses_gradient, stated = None, type(penalty).uses_gradient
    try:
        assert not uses_gradient(penalty)
    finally:
        type(penalty).uses_gradient = stated
    assert all(torch.equal(buffer, before[name]) for name, buffer in penalty.named_buffers())


def test_a_penalty_that_cannot_be_probed_counts_as_one_on_the_gradient():
    assert uses_gradient(lambda duel: duel.real[0][:, 99])


@pytest.mark.parametrize("name", DIVERGENCES)
def test_the_divergence_to_take_instead_keeps_the_gradient_that_this_one_loses(name):
    if not (other := DIVERGENCES[name]().unsaturated):
        return

    def pull(divergence):
        fake = torch.full((1,), -30.0, dtype=torch.float64, requires_grad=True)  # a critic that is sure
        (gradient,) = torch.autograd.grad(divergence.generator(-fake, fake).sum(), fake)
        return abs(float(gradient))

    assert pull(DIVERGENCES[name]()) < 1e-9
    assert pull(DIVERGENCES[other]()) > 0.5


OWN = '''
from dataclasses import replace
from pathlib import Path

import torch
from equilibria.games import Traits, states
from equilibria.games.gan import gan
from equilibria.terms.divergences import DIVERGENCES
from equilibria.terms.gradients import input_gradient
from equilibria.terms.penalties import GradientPenalty

Path("imported").touch()


def steep(weight: float = 1.0):
    """A penalty on the gradient that says nothing of itself."""
    return lambda duel: weight * input_gradient(duel.critic, duel.real).square().sum(dim=1)


def large(weight: float = 1.0):
    """A penalty on scores that says nothing of itself."""
    return lambda duel: weight * (duel.scores[0] ** 2 + duel.scores[1] ** 2)


def half(weight: float = 1.0):
    """Slope one half."""

    def cost(duel):
        return weight * (input_gradient(duel.critic, duel.real).norm(dim=1) - 0.5) ** 2

    return GradientPenalty(cost, target_norm=0.5)


def mine(silent: bool = False):
    """The usual GAN with fields of its own."""
    usual = DIVERGENCES["non_saturating"]()
    if silent:
        return replace(usual, log_ratio=None, score="it says whatever I like", supremum=None, meaning=None)
    meaning = ("it is at {at} when all is well.", "it hopes for {at}.")
    return replace(usual, supremum=0.1, unsaturated="my:other", meaning=meaning)


@states(Traits(learns_classes=False, player="generator", meaning="Everybody: it is a game of mine."))
def play(generator, critic, prior, divergence, penalties, augmentation=None, *, n_critic: int = 1):
    """The usual game."""
    return gan(generator, critic, prior, divergence, penalties, augmentation, n_critic=n_critic)


def slow(parameters, lr: float = 0.01):
    """Descent with much momentum."""
    return torch.optim.SGD(parameters, lr=lr, momentum=0.9)
'''
SMALL = {"generator.width": 8, "critic.width": 8, "rounds": 4, "batch": 16, "threads": 1, "watch": 2}


class Quiet:
    def say(self, text):
        pass

    def show(self, event):
        pass


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "my.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(__import__("sys").modules, "my", raising=False)
    return tmp_path


def trained(here, **changes):
    """The records of a short run on points, read when its code is no longer there."""
    folder = here / eq.train("gan", Quiet(), data="ring", **SMALL, **changes).folder
    (here / "my.py").unlink()
    (here / "imported").unlink(missing_ok=True)
    return folder


def shown(found, name):
    return next((finding for finding in findings(found) if finding.name == name), None)


def looked(found, **seen):
    """The same records, with more looks, that saw this."""
    looks = [{"kind": "diagnosis", "step": step, "seen": seen} for step in range(1, 5)]
    return History(found.recipe, found.summary, [*found.events, *looks])


@pytest.mark.parametrize(("penalty", "bounded"), [("my:steep", True), ("my:large", False), ("my:half", True)])
def test_a_penalty_of_ones_own_is_one_fact_for_the_build_and_for_the_doctor(here, penalty, bounded):
    mixing = {"penalty": penalty, "critic.norm": "batch"}
    if bounded:
        with pytest.raises(Refusal, match="depends on the rest of the batch"):
            eq.train("gan", Quiet(), data="ring", **SMALL, **mixing)
    folder = trained(here, allow_coupled_critic=bounded, **mixing)
    found = read_history(folder)
    assert (shown(found, "coupled") is not None) == bounded
    assert not (here / "imported").exists()
    old = [{key: value for key, value in event.items() if key != "parts"} for event in found.events]
    assert shown(History(found.recipe, found.summary, old), "coupled") is None  # nothing is known of it


def test_the_norm_that_ones_own_penalty_asks_for_is_what_the_doctor_compares_with(here):
    found = read_history(trained(here, penalty="my:half"))
    assert "far from 0.5" in shown(looked(found, slopes={"mean": 5.0}), "slope").what
    assert shown(looked(found, slopes={"mean": 0.5}), "slope") is None


def test_the_doctor_reads_the_fields_of_ones_own_divergence(here):
    found = read_history(trained(here, divergence="my:mine"))
    critic, generator, *_ = meanings(found)
    assert critic.startswith("Critic: it is at 1.386 (2 log 2) when all is well.")
    assert generator.startswith("Generator: it hopes for 0.6931 (log 2).")
    reports = [{"kind": "report", "step": step, "terms": {}, "estimate": 0.0999} for step in range(1, 5)]
    sure = looked(found, scores={"told_apart_held_out": 1.0})
    starved = shown(History(sure.recipe, sure.summary, [*sure.events, *reports]), "saturated")
    assert "`--divergence my:other`" in starved.change


def test_a_divergence_that_says_nothing_is_left_to_its_author(here):
    lines = list(meanings(read_history(trained(here, divergence="my:mine", **{"divergence.silent": True}))))
    assert lines == ["The divergence 'my:mine' is your own: only you know its losses at equilibrium."]


def test_rejection_takes_ones_own_divergence_at_its_recorded_word_and_runs_none_of_its_code(here):
    folder = trained(here, divergence="my:mine")
    assert len(eq.load(folder).reject(4)) == 4
    assert not (here / "imported").exists()
    stored = json.loads((folder / "recipe.json").read_text())
    events = (folder / "events.jsonl").read_text().splitlines()
    (folder / "events.jsonl").write_text("\n".join(events[1:]) + "\n")  # as an older version wrote them
    with pytest.raises(Refusal, match="for 'my:mine' that is unknown"):
        eq.load(folder).reject(4)
    assert stored["divergence"]["name"] == "my:mine"


def test_rejection_says_why_ones_own_divergence_does_not_do(here):
    folder = trained(here, divergence="my:mine", **{"divergence.silent": True})
    with pytest.raises(Refusal, match="it says whatever I like"):
        eq.load(folder).reject(4)


def test_the_doctor_reads_what_ones_own_game_and_optimizer_say(here):
    found = read_history(trained(here, game="my:play", **{"optimizers.critic": "my:slow"}))
    assert next(meanings(found)).startswith("Everybody: it is a game of mine.")
    against = shown(looked(found, steps={"critic": -0.5}), "momentum")
    assert "`--optimizers.critic sgd`" in against.change


def test_records_of_ones_own_parts_are_only_where_there_are_some(here):
    folder = trained(here)
    assert "parts" not in read_history(folder).events[0]


def test_what_recipes_store_of_parts_is_all_that_the_doctor_needs():
    stored = dataclasses.asdict(RECIPES["wgan-gp"]()) | {"divergence": {"name": "nobody:knows"}}
    assert next(meanings(History(stored, {}, []))).startswith("The divergence 'nobody:knows' is your own")
