"""What a user calls by `module:function`: the only way in for code that is not ours."""

import importlib
import sys
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .errors import Refusal


def imported(name: str, kind: str) -> Callable[..., Any]:
    """The function named `module:function`. Only names typed or passed in this very call may come here."""
    module, _, attribute = name.partition(":")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        raise Refusal(f"The {kind} {name!r} cannot be imported: {error}.") from error
    except AttributeError:
        raise Refusal(f"The module {module!r} has no {attribute!r}: check the {kind} {name!r}.") from None
    if not callable(found):
        raise Refusal(f"The {kind} {name!r} is not a function.")
    return typing.cast(Callable[..., Any], found)
