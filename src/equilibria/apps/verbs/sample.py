"""Draw from a trained model."""

from dataclasses import asdict, dataclass

from ...core.errors import Refusal
from ..arguments import Flags


@dataclass(frozen=True)
class FLAGS:
    """What to draw, and where to."""

    count: int | None = None
    """How many samples (64), of each label if several are asked for (8); the first 64 of 1,000 are the 64."""
    label: str = ""
    """Of a conditional model: classes by name or number, 7 or 3,5 or 0..9; a row each, from the same latents."""
    attributes: str = ""
    """Of one on attributes, those that are present: smiling,young=0.5; of one on numbers, all: 0.2,0.7."""
    seed: int = 0
    """Sample i depends on the seed, i and its label alone."""
    truncation: float | None = None
    """Of normal latents: numbers beyond it, say 0.7, are drawn again; fewer odd samples (Brock et al. 2019)."""
    out: str = "sheet.png"
    """sheet.png: one picture; folder/: a picture each, by class; file.npz: arrays `samples` and, if any, `labels`."""
    checkpoint: str | None = None
    """best, last or a round: as the model was then; as the run left it if left out."""
    force: bool = False
    """Write over what is there."""


def run(folder: str, flags: FLAGS, _: Flags) -> int:
    """Write the samples, and say where they are."""
    from ...products.sampling import sample

    if flags.label and flags.attributes:
        raise Refusal("--label and --attributes are both given: a model is conditional on classes or on attributes.")
    said = {name: value for name, value in asdict(flags).items() if name not in ("label", "attributes")}
    path = sample(folder, **said, labels=_asked(folder, flags))
    print(f"{_what(flags)} in {path} (seed {flags.seed}).")
    return 0


def _asked(folder: str, flags: FLAGS) -> str | None:
    """What is asked for, if by the flag that suits the model's labels."""
    from ...recipes.stored import labels_of

    labels = labels_of(folder) if flags.label or flags.attributes else None
    if labels is not None and flags.label and labels.kind != "class":
        raise Refusal(f"--label asks for a class, and this model knows {labels}: say --attributes.")
    if labels is not None and flags.attributes and labels.kind == "class":
        raise Refusal(f"--attributes asks for attributes or numbers, and this model knows {labels}: say --label.")
    return flags.label or flags.attributes or None


def _what(flags: FLAGS) -> str:
    if asked := flags.label or flags.attributes:
        each = "" if flags.count is None else f" ({flags.count:,} of each)"
        return f"Samples for --{'label' if flags.label else 'attributes'} {asked}{each} are"
    count = 64 if flags.count is None else flags.count
    return "1 sample is" if count == 1 else f"{count:,} samples are"
