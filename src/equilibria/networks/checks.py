"""What every builder refuses."""

from ..core.errors import Refusal


def at_least(least: int, network: str, **values: int) -> None:
    """Widths that would leave a network empty, and counts that count nothing."""
    for option, value in values.items():
        if value < least:
            raise Refusal(f"The network {network!r} has {option} {value}: at least {least} is needed.")
