"""Conjugates, activations and optimal critics of the f-divergences, on their domains."""

from collections.abc import Callable
from functools import partial

from ...terms.divergences import DIVERGENCES, Divergence
from ..claims import Claim
from ..promises import FACTS_PROMISES
from ..promises import claims as claims_about

_OTHERS: dict[str, list[float]] = {"alpha": [-1.0, 0.9, 1.5, 3.0], "weighted_jensen_shannon": [0.1, 0.9]}


def claims() -> list[Claim]:
    """Five claims for each divergence that carries its theory, and for its parameter elsewhere."""
    found = list[Claim]()
    for name, make in _entries().items():
        if make().facts is not None:
            found += [_named(claim, name) for claim in claims_about(FACTS_PROMISES, name, make)]
    return found


def _entries() -> dict[str, Callable[[], Divergence]]:
    """Each entry as it is, and with other parameters."""
    entries = dict(DIVERGENCES)
    for name, values in _OTHERS.items():
        (option, *_) = (entry for entry in DIVERGENCES.describe() if entry.name == name).__next__().options
        entries |= {f"{name} {value:g}": partial(DIVERGENCES[name], **{option: value}) for value in values}
    return entries


def _named(claim: Claim, name: str) -> Claim:
    return Claim(claim.sentence, claim.source, claim.expected, claim.how, (name.split()[0],))
