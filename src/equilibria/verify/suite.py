"""Which claims are checked, and the contracts of a user's own function."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..core.errors import Refusal, nearest
from ..core.specs import import_function
from ..games import GAMES
from ..terms.augmentations import AUGMENTATIONS
from ..terms.divergences import DIVERGENCES, Divergence
from ..terms.likelihoods import LIKELIHOODS
from ..terms.penalties import PENALTIES, Penalty
from ..training.update_rules import RULES
from .claims import Claim, Finding
from .contracts.base import BY_HAND, Promise, kept
from .contracts.divergences import DIVERGENCE_PROMISES
from .contracts.f_divergences import FACTS_PROMISES
from .contracts.penalties import PENALTY_PROMISES
from .groups import GROUPS

_WANTED = "`equilibria verify` wants a function without required arguments that returns a divergence or a penalty"


def examined(subject: str | Callable[..., Any]) -> Iterator[Finding]:
    """What its kind must keep, one by one; what it returns tells the kind."""
    name = subject if isinstance(subject, str) else getattr(subject, "__name__", "it")
    made = _made(name, _found(subject) if isinstance(subject, str) else subject)
    if isinstance(made(), Divergence):
        promises: tuple[Promise[Any], ...] = (
            *DIVERGENCE_PROMISES,
            *(FACTS_PROMISES if made().f_divergence is not None else ()),
        )
    else:
        promises = PENALTY_PROMISES
    return (_pardoned(finding) for finding in kept(promises, made))


def _pardoned(finding: Finding) -> Finding:
    """A slope taken by torch.autograd.grad is right: only ours must compile."""
    return replace(finding, passed=True, wrong="") if finding.got == BY_HAND else finding


def _found(name: str) -> Callable[..., Any]:
    try:
        return import_function(name, "function")
    except Refusal:
        raise
    except Exception as error:
        raise Refusal(f"{name!r} cannot be imported: {_words(error)}.") from error


def _made(name: str, function: Callable[..., Any]) -> "Maker":
    """What makes the subject anew: a builder, or a penalty itself, told by its one required argument."""
    try:
        wanted = [p for p in inspect.signature(function).parameters.values() if _is_required(p)]
    except ValueError:
        raise Refusal(f"{name!r} does not say what it takes: {_WANTED}.") from None
    if len(wanted) == 1:
        return Maker(lambda: function, None)
    if wanted:
        raise Refusal(f"{name!r} takes {', '.join(p.name for p in wanted)}: {_WANTED}, or a penalty of one duel.")
    try:
        returned = function()
    except Exception as error:
        raise Refusal(f"{name!r} cannot be built: {_words(error)}.") from error
    if not isinstance(returned, Divergence) and not callable(returned):
        raise Refusal(f"{name!r} returns {type(returned).__name__}: {_WANTED}.")
    weight = inspect.signature(function).parameters.get("weight")
    return Maker(function, None if weight is None else weight.default)


class Maker:
    """Makes the subject anew, and knows the weight that it is said to have."""

    def __init__(self, make: Callable[[], Divergence | Penalty], weight: float | None):
        self.make, self.weight = make, weight

    def __call__(self) -> Any:
        """The subject, as it is before it has seen anything."""
        return self.make()


def _is_required(parameter: inspect.Parameter) -> bool:
    variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return parameter.default is parameter.empty and not variadic


def _words(error: Exception) -> str:
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}".rstrip(": .")


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
