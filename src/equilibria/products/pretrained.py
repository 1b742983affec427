"""A model as a folder that can be handed on, with a card and a picture, and its way back."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors.torch import save_file

from ..core.errors import Refusal
from ..core.files import whole
from ..recipes.sheets import sheet_of
from ..records.folder import RECIPE
from .forms import Wish, sheet
from .hubcard import card
from .origin import beside, config, measured

if TYPE_CHECKING:
    from .trained import Trained

PICTURE = "sheet.png"


def save_pretrained(
    model: "Trained", folder: str | Path, force: bool = False, name: str | None = None, license: str = "unknown"
) -> Path:
    """Write weights, description, recipe, figures, a sheet of samples and a card into a folder of its own.

    The card tells to load the model by `name`, by the folder's if none is given. Raises Refusal rather than write over
    something, unless `force`.
    """
    place, path = model.place, Path(folder).expanduser()
    described = config(place)
    if path.exists() and not path.is_dir():
        raise Refusal(f"{path} is a file: choose another folder.")
    if not force and path.is_dir() and any(path.iterdir()):
        raise Refusal(f"{path} exists and is not empty: choose another folder, or write over it with force=True.")
    texts = {"config.json": json.dumps(described, indent=2) + "\n"}
    if (recipe := beside(place, RECIPE)) is not None:
        texts[RECIPE] = recipe.read_text(encoding="utf-8")
    if figures := measured(place):
        texts["metrics.json"] = json.dumps(figures) + "\n"
    texts["README.md"] = card(model, place, name or path.name, license)
    with whole(path) as part:
        part.mkdir()
        for file, text in texts.items():
            (part / file).write_text(text, encoding="utf-8")
        weights = {key: tensor.contiguous().cpu() for key, tensor in model.networks.state_dict().items()}
        save_file(weights, part / "weights.safetensors")
        count, labels = sheet_of(model)
        sheet(Wish(model, count, 0, labels), part / PICTURE)
    return path
