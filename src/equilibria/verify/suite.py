"""Which claims are checked, and the contract of a user's own function."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..core.errors import Refusal, nearest
from ..core.specs import import_function
from ..games import GAMES
from ..terms.augmentations import AUGMENTATIONS
from ..terms.divergences import DIVERGENCES, Divergence
from ..terms.likelihoods import LIKELIHOODS
from ..terms.penalties import PENALTIES, Penalty
from ..training.update_rules import RULES
from .claims import Claim, Verdict, in_words
from .contracts import EAGER_ONLY, Clause
from .contracts import verdicts as verdicts_on
from .contracts.divergences import DIVERGENCE_CONTRACT
from .contracts.f_divergences import F_DIVERGENCE_CONTRACT
from .contracts.penalties import PENALTY_CONTRACT
from .groups import GROUPS

_CATALOGUES: Mapping[str, Mapping[str, Any]] = {
    "divergences": DIVERGENCES,
    "penalties": PENALTIES,
    "rules": RULES,
    "augmentations": AUGMENTATIONS,
    "likelihoods": LIKELIHOODS,
    "games": GAMES,
}
_OTHER_ENTRIES = ("optimistic_adam", "lazy", "unroll", "pack", "clip", "spectral")
_NEED = "`equilibria verify` needs a function without required arguments that returns a divergence or a penalty"


def verify(
    subject: str | Callable[..., Any] | None = None, report: Callable[[Verdict], None] = lambda verdict: None
) -> list[Verdict]:
    """Check claims: all of them, those of a group, a catalogue or an entry, or the contract of your own function.

    `subject` is a name (`divergences`, `hinge`, ...), `module:function`, or a function that returns a divergence or a
    penalty. `report` receives each verdict at once. Raises Refusal for an unknown name and for any other function.
    """
    if callable(subject) or (subject is not None and ":" in subject):
        verdicts = contract_verdicts(subject)
    else:
        verdicts = (claim.check() for claim in select(subject))
    result = list[Verdict]()
    for verdict in verdicts:
        report(verdict)
        result.append(verdict)
    return result


def select(word: str | None = None) -> list[Claim]:
    """The claims of a group, of a catalogue or about an entry; all without a word."""
    if word is not None and (name := word.replace("-", "_")) in GROUPS:
        return GROUPS[name]()
    claims = [claim for group in GROUPS.values() for claim in group()]
    if word is None:
        return claims
    names = [*_CATALOGUES, *GROUPS, *(entry for table in _CATALOGUES.values() for entry in table), *_OTHER_ENTRIES]
    if name not in names:
        raise Refusal(
            f"There is nothing called {word!r} to verify: name a group, an entry, or a function of your own as "
            f"my_module:my_function.{nearest(word, names)}"
        )
    entries = set(_CATALOGUES.get(name, (name,)))
    return [claim for claim in claims if not entries.isdisjoint(claim.entries)]


def contract_verdicts(subject: str | Callable[..., Any]) -> Iterator[Verdict]:
    """The clauses of the contract that a user's function must satisfy, one by one; its result decides which."""
    name = subject if isinstance(subject, str) else getattr(subject, "__name__", "it")
    build = _builder(name, _load(subject) if isinstance(subject, str) else subject)
    contract: tuple[Clause[Any], ...] = PENALTY_CONTRACT
    if isinstance(part := build(), Divergence):
        contract = DIVERGENCE_CONTRACT + (() if part.f_divergence is None else F_DIVERGENCE_CONTRACT)
    for verdict in verdicts_on(contract, build):  # a gradient by torch.autograd.grad is right: only ours must compile
        yield verdict._replace(holds=True, fault="") if verdict.value == EAGER_ONLY else verdict


@dataclass(frozen=True)
class OwnBuilder:
    """Builds the user's part afresh, and keeps the weight that its signature states."""

    build: Callable[[], Divergence | Penalty]
    weight: float | None

    def __call__(self) -> Any:
        return self.build()


def _load(name: str) -> Callable[..., Any]:
    try:
        return import_function(name, "function")
    except Refusal:
        raise
    except Exception as error:
        raise Refusal(f"{name!r} cannot be imported: {in_words(error)}.") from error


def _builder(name: str, function: Callable[..., Any]) -> OwnBuilder:
    """Of a function that returns a part, or of a penalty itself, which has one required argument."""
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:
        raise Refusal(f"{name!r} has no readable signature: {_NEED}.") from None
    required = [
        p.name for p in parameters.values() if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    if len(required) == 1:
        return OwnBuilder(lambda: function, None)
    if required:
        raise Refusal(f"{name!r} takes {', '.join(required)}: {_NEED}, or a penalty of one duel.")
    try:
        part = function()
    except Exception as error:
        raise Refusal(f"{name!r} cannot be built: {in_words(error)}.") from error
    if not isinstance(part, Divergence) and not callable(part):
        raise Refusal(f"{name!r} returns {type(part).__name__}: {_NEED}.")
    return OwnBuilder(function, parameters["weight"].default if "weight" in parameters else None)
