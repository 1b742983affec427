"""Save to and load from folders and the Hugging Face hub."""

import json
import os
import re
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

from safetensors.torch import save_file

from ..core.download import first_response
from ..core.errors import Failure, Refusal
from ..core.files import atomic_output
from ..records.folder import RECIPE
from .card import hub_card
from .inputs import beside, config, measured
from .write import Wish, sheet, sheet_of

if TYPE_CHECKING:
    from .model import Model

PICTURE = "sheet.png"


def save_pretrained(
    model: "Model", folder: str | Path, force: bool = False, name: str | None = None, license: str = "unknown"
) -> Path:
    """Write weights, description, recipe, figures, a sheet of samples and a card into a folder of its own.

    The card tells to load the model by `name`, by the folder's if none is given. Raises Refusal rather than write over
    something, unless `force`.

    Example:
        >>> model = eq.load("runs/digits")
        >>> eq.from_pretrained(model.save_pretrained("digits-gan", license="mit"))
        Model(1 x 8 x 8, from 128 latent numbers, conditional on 10 classes ...)
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
    texts["README.md"] = hub_card(model, place, name or path.name, license)
    with atomic_output(path) as part:
        part.mkdir()
        for file, text in texts.items():
            (part / file).write_text(text, encoding="utf-8")
        weights = {key: tensor.contiguous().cpu() for key, tensor in model.networks.state_dict().items()}
        save_file(weights, part / "weights.safetensors")
        count, labels = sheet_of(model)
        sheet(Wish(model, count, 0, labels), part / PICTURE)
    return path


if TYPE_CHECKING:
    from .model import Model

_SECONDS = 1.0  # in which the hub must answer
_ANSWERS = (401, 404, 429)  # of the hub itself; a proxy in between says otherwise
_FILES = ("config.json", "weights.safetensors", RECIPE, "metrics.json", "README.md", "sheet.png")
_NAME = r"[A-Za-z0-9][\w.-]*/[\w.-]+"


def publish(run: str | Path, name: str, license: str = "unknown", private: bool = False) -> str:
    """Upload a run's model to the Hugging Face hub with a model card. Returns the address of its page.

    The sender is identified by `hf auth login` or HF_TOKEN.

    Args:
        run: The run folder.
        name: owner/name on the hub.
        license: License of the weights, as the hub spells it, such as mit; the data's license may restrict it.
        private: Make the model visible to you and those you invite only.
    """
    _sender(name)
    from .model import load

    return load(run).push_to_hub(name, license=license, private=private)


def push_to_hub(
    model: "Model", name: str, token: str | None = None, license: str = "unknown", private: bool = False
) -> str:
    """Send a model to the hub, as owner/name, with its card: the address of its page.

    Raises Failure within two seconds where there is no network.

    Example:
        >>> model = eq.load("runs/digits")
        >>> model.push_to_hub("owner/digits", license="mit")  # doctest: +SKIP
    """
    token = _sender(name, token)
    from huggingface_hub import HfApi

    api = HfApi(_endpoint(), token)
    with tempfile.TemporaryDirectory() as place:
        folder = model.save_pretrained(Path(place) / "model", name=name, license=license)
        try:
            page = api.create_repo(name, private=private, exist_ok=True)
            api.upload_folder(repo_id=name, folder_path=folder, commit_message="Publish a model")
        except Exception as error:  # from a wrong token to a network that went away
            raise Failure(f"{name} could not be published: {_first(error)}") from error
    return str(page)


def _sender(name: str, token: str | None = None) -> str:
    """Who sends: a token. Refuses what cannot be sent, and says at once if the hub is out of reach."""
    if not re.fullmatch(_NAME, name):
        raise Refusal(f"{name!r} is no name on the hub: owner/name is needed.")
    _check_extra(f"To publish {name}")
    if (why := _unreachable()) is not None:
        raise Failure(f"{_endpoint()} cannot be reached ({why}): nothing was published.")
    from huggingface_hub import get_token

    if (token := token or get_token()) is None:
        raise Refusal("The hub wants to know who sends: log in with `hf auth login`, set HF_TOKEN, or give a token.")
    return token


def fetched(name: str, revision: str | None = None, token: str | None = None) -> Path:
    """The folder of a model of the hub, in its cache: downloaded, or, without a network, as it was the last time."""
    if not re.fullmatch(_NAME, name):
        raise Refusal(f"There is no folder {name}, and a model on the hub is named owner/name.")
    _check_extra(f"There is no folder {name}; to look for it on the hub")
    why = _unreachable()
    from huggingface_hub import snapshot_download

    options: dict[str, Any] = {"revision": revision, "token": token, "endpoint": _endpoint()}
    try:
        return Path(snapshot_download(name, allow_patterns=list(_FILES), local_files_only=why is not None, **options))
    except Exception as error:  # a dozen kinds, from a missing name to a missing network
        at = f" at {revision}" if revision else ""
        if why is None:
            raise Refusal(f"{name}{at} cannot be had from the hub: {_first(error)}") from None
        raise Failure(
            f"There is no folder {name}, {_endpoint()} cannot be reached ({why}), and its cache has no {name}{at}."
        ) from None


def _check_extra(what: str) -> None:
    if find_spec("huggingface_hub") is None:
        raise Refusal(f"{what}, the package huggingface_hub is needed: pip install 'equilibria[hub]'.")


def _unreachable() -> str | None:
    """Why the hub does not answer, or None if it does."""
    if os.environ.get("HF_HUB_OFFLINE", "0").upper() in ("1", "ON", "YES", "TRUE"):
        return "HF_HUB_OFFLINE is set"
    try:
        first_response(_endpoint(), _SECONDS).close()
    except OSError as error:
        if isinstance(error, HTTPError) and error.code in _ANSWERS:
            return None
        return str(getattr(error, "reason", None) or error)
    return None


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co")


def _first(error: Exception) -> str:
    return str(error).strip().split("\n")[0] or type(error).__name__
