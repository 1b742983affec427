"""Every claim about the catalogue holds: those of `equilibria verify`."""

from collections import Counter

import pytest

from equilibria.terms.divergences import DIVERGENCES
from equilibria.terms.penalties import PENALTIES
from equilibria.training.update_rules import RULES
from equilibria.verify.claims import Claim, Measurement
from equilibria.verify.groups import GROUPS
from equilibria.verify.suite import select
from shares import one_in

CLAIMS = select()


# What other quick tests hold, too, or what takes a second each: all of them in `make test-long`.
_DEAR = (
    "compiled",
    "Dirac-GAN",
    "a trained critic's estimate",
    "between two points",
    "linear in |theta|",
    "training finds the optimal critic",
)
DEAR = [claim for claim in CLAIMS if any(words in claim.sentence for words in _DEAR)]
QUICK = [claim for claim in CLAIMS if claim not in DEAR]


@pytest.mark.parametrize("claim", [*QUICK, *one_in(30, DEAR)], ids=lambda claim: claim.sentence.replace("::", ":"))
def test_claim(claim):
    verdict = claim.check()
    assert verdict.holds, f"{claim.sentence}: {verdict.fault or verdict.value}, expected {claim.expected}"


def test_no_claim_is_lost():
    assert len(CLAIMS) >= 630


def test_no_two_claims_are_one():
    assert [sentence for sentence, times in Counter(claim.sentence for claim in CLAIMS).items() if times > 1] == []


def test_every_claim_has_a_source_and_an_expected_value():
    assert all(claim.source and claim.expected for claim in CLAIMS)


@pytest.mark.parametrize("name", [*DIVERGENCES, *PENALTIES, *RULES])
def test_every_entry_of_the_catalogue_is_claimed_about(name):
    assert len(select(name)) >= 3


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_is_its_claims(group):
    assert {claim.sentence for claim in select(group)} <= {claim.sentence for claim in CLAIMS}


def test_a_claim_is_about_the_entries_that_it_names_or_that_start_its_sentence():
    sentences = {"hinge: it is": ("hinge",), "alpha 0.9: it is": ("alpha",), "it is: not": ("it",), "it is": ()}
    for sentence, entries in sentences.items():
        assert Claim(sentence, "nobody", "1", lambda: Measurement("1", True)).entries == entries
    assert Claim("WGAN: it is", "nobody", "1", lambda: Measurement("1", True), ("wasserstein",)).entries == (
        "wasserstein",
    )


def test_a_claim_that_cannot_be_measured_does_not_hold():
    verdict = Claim("zero divides one", "nobody", "a number", lambda: Measurement(str(1 / 0), True)).check()
    assert not verdict.holds
    assert "ZeroDivisionError" in verdict.value


def test_a_measurement_does_not_depend_on_what_ran_before():
    (claim, *_) = (claim for claim in CLAIMS if "dragan" in claim.entries and "finite differences" in claim.sentence)
    assert claim.check() == claim.check()
