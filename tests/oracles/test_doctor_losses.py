"""What is said of losses is so: where they come to rest, by the divergences themselves."""

import dataclasses
import math
import re

import pytest
import torch

from equilibria.evaluation.doctor.loss_meaning import equilibrium, formatted, meanings, read_back
from equilibria.recipes import RECIPES
from equilibria.records.history import History
from equilibria.terms.divergences import DIVERGENCES, traits

LOG2 = math.log(2)
RESTS = {  # critic, generator: None where any value may be
    "minimax": (2 * LOG2, -LOG2),
    "non_saturating": (2 * LOG2, LOG2),
    "least_squares": (0.25, 0.125),
    "hinge": (2.0, None),
    "wasserstein": (0.0, None),
    "relativistic": (LOG2, LOG2),
    "relativistic_average": (2 * LOG2, 2 * LOG2),
    "kl": (0.0, -1.0),
    "reverse_kl": (0.0, 1.0),
    "pearson": (0.0, 0.0),
    "neyman": (0.0, 0.0),
    "squared_hellinger": (0.0, 0.0),
    "jeffreys": (0.0, 0.0),
    "jensen_shannon": (0.0, 0.0),
    "gan": (2 * LOG2, -LOG2),
    "total_variation": (0.0, None),
    "alpha": (0.0, 0.0),
    "weighted_jensen_shannon": (0.0, 0.0),
}
EVERY = pytest.mark.parametrize("name", DIVERGENCES)
SHIFTED = [name for name in DIVERGENCES if not DIVERGENCES[name]().generator_rests]
CONSTANT = torch.linspace(-3, 3, 241, dtype=torch.float64)  # what a critic may say of everything


def resting(name, **options):
    return equilibrium(traits(DIVERGENCES[name](**options)))


@EVERY
def test_losses_come_to_rest_where_theory_says(name):
    found, (critic, generator) = resting(name), RESTS[name]
    assert found.critic == pytest.approx(critic, abs=1e-12)
    assert (found.generator is None) == (generator is None)
    assert generator is None or found.generator == pytest.approx(generator, abs=1e-12)


@EVERY
def test_no_constant_critic_does_better_where_data_and_samples_are_alike(name):
    """Alike, every sample is real as often as fake; the best critic says the same of all, and its score is that."""
    losses = DIVERGENCES[name]().critic(CONSTANT[:, None].expand(-1, 2), CONSTANT[:, None].expand(-1, 2))
    if name == "relativistic_average":  # reads means over a batch: one constant at a time
        losses = torch.stack([DIVERGENCES[name]().critic(c.expand(2), c.expand(2)) for c in CONSTANT])
    assert float(losses.mean(dim=1).min()) >= resting(name).critic - 1e-9


@pytest.mark.parametrize("name", SHIFTED)
def test_a_generators_loss_without_rest_takes_any_value_at_the_best_critic(name):
    divergence = DIVERGENCES[name]()
    best = [c for c in CONSTANT if abs(float(divergence.critic(c[None], c[None])) - resting(name).critic) < 1e-9]
    values = {round(float(divergence.generator(c[None], c[None])), 6) for c in best}
    assert len(values) > 10


def test_rest_follows_the_options():
    assert resting("least_squares", fake_code=-1.0, real_code=1.0, generator_code=0.0) == (1.0, 0.0, 0.0)
    assert resting("kl", generator_loss="alternative").generator == pytest.approx(-1.0)
    assert equilibrium({}) is None


@pytest.mark.parametrize(("value", "text"), [(2 * LOG2, "1.386 (2 log 2)"), (LOG2, "0.6931 (log 2)"), (-0.0, "0")])
def test_numbers_have_their_closed_form(value, text):
    assert formatted(value) == text


def said(name, **fields):
    recipe = dataclasses.asdict(dataclasses.replace(RECIPES[name](), **fields))
    return list(meanings(History(recipe, {}, [])))


@pytest.mark.parametrize("name", RECIPES)
def test_every_formulation_is_explained(name):
    lines = said(name)
    assert lines
    assert all(re.match(r"[A-Z][a-z]+: ", line) and line.endswith(".") for line in lines)
    assert "{" not in " ".join(lines)


@EVERY
def test_the_text_has_the_numbers(name):
    critic, generator, *_ = said("gan-ns", divergence={"name": name})
    assert formatted(RESTS[name][0]) in critic or name == "minimax"
    if RESTS[name][1] is not None:
        assert f"at rest it is {formatted(resting(name).generator)}" in generator
    if name in ("wasserstein", "hinge"):
        assert "neither its size nor its course is informative" in generator


def test_what_the_first_gan_says():
    critic, generator = said("gan-ns")
    assert "1.386 (2 log 2)" in critic
    assert "probability .5" in critic
    assert "0.6931 (log 2)" in generator


def test_the_last_values_are_shown():
    report = {
        "kind": "report",
        "step": 700,
        "terms": {"critic": {"divergence": 1.25}, "generator": {"divergence": 0.8}},
    }
    critic, generator = meanings(History(dataclasses.asdict(RECIPES["gan-ns"]()), {}, [report]))
    assert critic.endswith("Now: 1.25 (round 700).")
    assert generator.endswith("Now: 0.8 (round 700).")


GP = {"name": "gradient_penalty", "weight": 10.0}


def distances(estimate, divergence="wasserstein", **penalties):
    recipe = dataclasses.asdict(RECIPES["wgan-gp"]()) | {"divergence": {"name": divergence}, "penalties": penalties}
    return list(read_back(History(recipe, {}, [{"kind": "report", "step": 700, "terms": {}, "estimate": estimate}])))


def test_a_settled_estimate_is_read_back_by_the_formula_of_its_penalty():
    (text,) = distances(2 + 2**2 / (2 * 10.0), gradient_penalty=GP)
    assert "its estimate of 2.2 (round 700) means a Wasserstein distance of about 2, by the formula" in text
    (text,) = distances(3 * 2 + 2**2 / (2 * 0.5), mine=GP | {"weight": 0.5, "target_norm": 3.0, "one_sided": True})
    assert "distance of about 2, by the formula of mine." in text


def test_nothing_is_read_back_without_a_formula():
    assert distances(None, gradient_penalty=GP) == []
    assert distances(1.0, "non_saturating", gradient_penalty=GP) == []
    assert distances(1.0, gradient_penalty=GP, r1={"name": "r1"}) == []
    for spec in (GP | {"weight": "auto"}, GP | {"weight": 0.0}, {"name": "r1"}, {"name": "my:own"}, {"name": "dragan"}):
        assert distances(1.0, penalty=spec) == []


def test_every_divergence_has_a_text_and_a_rest():
    assert all(DIVERGENCES[name]().meaning for name in DIVERGENCES)
    assert set(RESTS) == set(DIVERGENCES)
