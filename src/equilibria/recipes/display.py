"""What a session tells whoever watches."""

from typing import Any, Protocol


class Display(Protocol):
    """Text to people, events to whoever draws them."""

    def say(self, text: str) -> None:
        """The opening paragraph, remarks, how to go on."""

    def show(self, event: dict[str, Any]) -> None:
        """Every event as it is written; a `start` also when a run is taken up again."""


class Lines:
    """A line a report, for Python sessions and files."""

    def say(self, text: str) -> None:
        print(text, flush=True)

    def show(self, event: dict[str, Any]) -> None:
        if event["kind"] == "report":
            estimate = "" if event["estimate"] is None else f"  estimate at least {event['estimate']:.4g}"
            print(
                f"round {event['step']:,}  {event['elapsed']:.0f} s  {event['images']:,} images{estimate}", flush=True
            )
