"""Every claim about the catalogue holds: those of `equilibria verify`."""

from collections import Counter

import pytest

from equilibria.terms.divergences import DIVERGENCES
from equilibria.terms.penalties import PENALTIES
from equilibria.training.update_rules import RULES
from equilibria.verify.claims import Answer, Claim
from equilibria.verify.groups import GROUPS
from equilibria.verify.suite import chosen

CLAIMS = chosen()


@pytest.mark.parametrize("claim", CLAIMS, ids=[claim.sentence.replace("::", ":") for claim in CLAIMS])
def test_claim(claim):
    finding = claim.find()
    assert finding.passed, f"{finding.claim}: {finding.wrong or finding.got}, expected {finding.expected}"


def test_no_two_claims_are_one():
    assert [sentence for sentence, times in Counter(claim.sentence for claim in CLAIMS).items() if times > 1] == []


def test_every_claim_says_whose_it_is_and_what_it_expects():
    assert all(claim.source and claim.expected for claim in CLAIMS)


@pytest.mark.parametrize("name", [*DIVERGENCES, *PENALTIES, *RULES])
def test_every_entry_of_the_catalogue_is_claimed_about(name):
    assert len(chosen(name)) >= 3


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_is_its_claims(group):
    assert {claim.sentence for claim in chosen(group)} <= {claim.sentence for claim in CLAIMS}


def test_a_claim_that_cannot_be_carried_out_does_not_hold():
    finding = Claim("zero divides one", "nobody", "a number", lambda: Answer(str(1 / 0), True)).find()
    assert not finding.passed
    assert "ZeroDivisionError" in finding.got


def test_what_is_found_does_not_depend_on_what_ran_before():
    (claim, *_) = (claim for claim in CLAIMS if "dragan" in claim.about and "finite differences" in claim.sentence)
    assert claim.find() == claim.find()
