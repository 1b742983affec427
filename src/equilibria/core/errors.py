"""What the program says when it cannot go on."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any


class Refusal(ValueError):
    """The request cannot be served as written; the message says what is wrong, where, and what to do. Exit code 2."""


class Failure(RuntimeError):
    """Something broke that the user did not cause: a full disk, a NaN. The message says what is safe. Exit code 1."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence ending for an unknown name: the closest valid one, then all of them."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"{hint} Known: {', '.join(known) or 'none'}."


def check_format(stored: Mapping[str, Any], known: int, where: str) -> None:
    """Refuse what a newer version wrote."""
    version = stored.get("format", known)
    if not isinstance(version, int) or version > known:
        raise Refusal(
            f"{where} has format {version}, and this version of equilibria reads {known}: upgrade equilibria."
        )


def at_least(least: int, network: str, **values: int) -> None:
    """Widths that would leave a network empty, and counts that count nothing."""
    for option, value in values.items():
        if value < least:
            raise Refusal(f"The network {network!r} has {option} {value}: at least {least} is needed.")
