"""Where a session's text and events go."""

from typing import Any, Protocol


class Display(Protocol):
    """Text for people, events for figures."""

    def say(self, text: str) -> None:
        """The opening paragraph, remarks, how to go on."""

    def show(self, event: dict[str, Any]) -> None:
        """Every event as it is written; a `start` also when a run is resumed."""


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
