"""What every builder refuses."""

from ..core.errors import Refusal


def at_least_one(network: str, **values: int) -> None:
    """Widths and counts that would leave a network empty."""
    for option, value in values.items():
        if value < 1:
            raise Refusal(f"The network {network!r} has {option} {value}: at least 1 is needed.")
