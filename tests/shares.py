"""A share of many cases for the quick tests; `make test-long` tries them all."""

from collections.abc import Sequence
from typing import Any

import pytest


def one_in(share: int, cases: Sequence[Any]) -> list[Any]:
    """The cases as parameters: one of so many is quick, the others are long."""
    values_of = ((case if isinstance(case, tuple) else (case,)) for case in cases)
    return [pytest.param(*values, marks=pytest.mark.long if i % share else ()) for i, values in enumerate(values_of)]
