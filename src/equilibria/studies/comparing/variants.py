"""A recipe with changes of its own, in one word: "wgan:clip=0.1,lr=1e-4"."""

import re

from ...core.errors import Refusal
from ...recipes.options import Options

_NEXT = re.compile(r",(?=\s*[A-Za-z_][\w.-]*\s*=)")  # a comma before NAME=; others belong to a value
_SHARED = {"data", "seed", "budget", *Options.__dataclass_fields__} - {"batch"}


def parted(word: str) -> tuple[str, dict[str, str]]:
    """The recipe's name or file, and what is changed of it: RECIPE or RECIPE:NAME=VALUE,NAME=VALUE.

    A value may hold commas and colons: "wgan-gp:optimizer.betas=0,0.9,divergence=my_module:mine".
    """
    recipe, colon, rest = word.partition(":")
    changes = dict[str, str]()
    for part in _NEXT.split(rest) if colon else ():
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not name or not sign:
            raise Refusal(f"{word!r} is not clear: write changes as RECIPE:NAME=VALUE,NAME=VALUE, as in wgan:clip=0.1.")
        if (known := name.replace("-", "_")) in _SHARED:
            raise Refusal(f"{word!r} changes {name}: that is the same for all that are compared; say --{name} VALUE.")
        if known in changes:
            raise Refusal(f"{word!r} says {name} twice.")
        changes[known] = value
    return recipe, changes
