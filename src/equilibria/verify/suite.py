"""The conformance suite: all of it, a part of it, or the part that fits somebody's own function."""

from collections.abc import Callable, Mapping
from typing import Any

from ..core.errors import Refusal, nearest
from ..games import GAMES
from ..terms.augmentations import AUGMENTATIONS
from ..terms.divergences import DIVERGENCES
from ..terms.likelihoods import LIKELIHOODS
from ..terms.penalties import PENALTIES
from ..training.rules import RULES
from .claims import Claim, Finding
from .groups import GROUPS
from .own import examined

_KINDS: Mapping[str, Mapping[str, Any]] = {
    "divergences": DIVERGENCES,
    "penalties": PENALTIES,
    "rules": RULES,
    "augmentations": AUGMENTATIONS,
    "likelihoods": LIKELIHOODS,
    "games": GAMES,
}
_OTHERS = ("optimistic_adam", "lazy", "unroll", "pack", "clip", "spectral")


def verify(
    subject: str | Callable[..., Any] | None = None, tell: Callable[[Finding], None] = lambda finding: None
) -> list[Finding]:
    """What was found, told one by one too: of everything, of a group, an entry, or one's own function.

    `subject` is a name (divergences, penalties, rules, a group of claims, an entry), `module:function`, or a function
    that returns a divergence or a penalty.
    """
    if subject is not None and (callable(subject) or ":" in subject):
        found = examined(subject)
    else:
        found = (claim.find() for claim in chosen(subject))
    findings = list[Finding]()
    for finding in found:
        tell(finding)
        findings.append(finding)
    return findings


def chosen(word: str | None = None) -> list[Claim]:
    """The claims that a word stands for."""
    if word is not None and (name := word.replace("-", "_")) in GROUPS:
        return GROUPS[name]()
    claims = [claim for group in GROUPS.values() for claim in group()]
    if word is None:
        return claims
    names = set(_KINDS[name]) if name in _KINDS else {name}
    known = [*_KINDS, *GROUPS, *(entry for kind in _KINDS.values() for entry in kind), *_OTHERS]
    if name not in known:
        raise Refusal(
            f"There is nothing called {word!r} to verify: name a group, an entry, or a function of your own as "
            f"my_module:my_function.{nearest(word, known)}"
        )
    return [claim for claim in claims if not names.isdisjoint(claim.about)]
