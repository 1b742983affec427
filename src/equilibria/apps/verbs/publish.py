"""Hand a trained model on."""

from dataclasses import dataclass

from ..arguments import Flags


@dataclass(frozen=True)
class FLAGS:
    """How the model is handed on; who sends is known from `hf auth login` or HF_TOKEN."""

    license: str = "unknown"
    """Of the weights, as the hub spells it, such as mit; the data's license has a say in it."""
    private: bool = False
    """Only for those whom you let in; otherwise everybody can take it."""


def run(folder: str, name: str, flags: FLAGS, _: Flags) -> int:
    """Send it, and say where it is."""
    from ...products.hub import publish

    print(f"The model is at {publish(folder, name, flags.license, flags.private)}.")
    return 0
