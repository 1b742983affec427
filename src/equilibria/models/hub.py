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
from ..core.errors import Failure, Refusal, first_line
from ..core.files import atomic_output, user_path
from ..records.folder import RECIPE
from .card import hub_card
from .grids import grid_layout
from .model_folder import CARD, CONFIG, METRICS, WEIGHTS, find_file, last_metrics, read_config, weights_metadata
from .write import SampleRequest, write_grid

if TYPE_CHECKING:
    from .model import Model

PICTURE = "sheet.png"
_SECONDS = 1.0  # for the hub to answer
_ANSWERS = (401, 404, 429)  # of the hub itself; a proxy gives others
_FILES = (CONFIG, WEIGHTS, RECIPE, METRICS, CARD, PICTURE)
_NAME = r"[A-Za-z0-9][\w.-]*/[\w.-]+"


def save_pretrained(
    model: "Model", folder: str | Path, force: bool = False, name: str | None = None, license: str = "unknown"
) -> Path:
    """Write weights, description, recipe, metrics, a sample grid and a card into a new folder.

    `name` is the model's name in the card; default: the folder's. Raises Refusal rather than overwrite files, unless
    `force`.

    Example:
        >>> model = eq.load("runs/digits")
        >>> eq.from_pretrained(model.save_pretrained("digits-gan", license="mit"))
        Model(1 x 8 x 8, 128 latent dimensions, conditional on 10 classes ...)
    """
    path, config = user_path(folder), read_config(model.folder)
    if path.exists() and not path.is_dir():
        raise Refusal(f"{path} is a file: choose another folder.")
    if not force and path.is_dir() and any(path.iterdir()):
        raise Refusal(f"{path} exists and is not empty: choose another folder, or write over it with force=True.")
    texts = {CONFIG: json.dumps(config, indent=2) + "\n"}
    if (recipe := find_file(model.folder, RECIPE)) is not None:
        texts[RECIPE] = recipe.read_text(encoding="utf-8")
    if metrics := last_metrics(model.folder):
        texts[METRICS] = json.dumps(metrics) + "\n"
    texts[CARD] = hub_card(model, name or path.name, license)
    with atomic_output(path) as part:
        part.mkdir()
        for file, text in texts.items():
            (part / file).write_text(text, encoding="utf-8")
        weights = {key: tensor.contiguous().cpu() for key, tensor in model.networks.state_dict().items()}
        save_file(weights, part / WEIGHTS, weights_metadata(weights))
        count, conditions = grid_layout(model)
        write_grid(SampleRequest(model, count, 0, conditions), part / PICTURE)
    return path


def push_to_hub(
    model: "Model", name: str, token: str | None = None, license: str = "unknown", private: bool = False
) -> str:
    """Upload a model to the hub, as owner/name, with its card. Returns the address of its page.

    Raises Failure within two seconds where there is no network.

    Example:
        >>> model = eq.load("runs/digits")
        >>> model.push_to_hub("owner/digits", license="mit")  # doctest: +SKIP
    """
    token = check_upload(name, token)
    from huggingface_hub import HfApi

    api = HfApi(_endpoint(), token)
    with tempfile.TemporaryDirectory() as temporary:
        folder = model.save_pretrained(Path(temporary) / "model", name=name, license=license)
        try:
            page = api.create_repo(name, private=private, exist_ok=True)
            api.upload_folder(repo_id=name, folder_path=folder, commit_message="Publish a model")
        except Exception as error:  # from a wrong token to a lost network
            raise Failure(f"{name} could not be published: {first_line(error)}") from error
    return str(page)


def check_upload(name: str, token: str | None = None) -> str:
    """The token to upload with. Raises Refusal without one, Failure if the hub is out of reach."""
    if not re.fullmatch(_NAME, name):
        raise Refusal(f"{name!r} is no name on the hub: owner/name is needed.")
    _check_extra(f"To publish {name}")
    if (why := _unreachable()) is not None:
        raise Failure(f"{_endpoint()} cannot be reached ({why}): nothing was published.")
    from huggingface_hub import get_token

    if (token := token or get_token()) is None:
        raise Refusal("The hub needs to know the sender: log in with `hf auth login`, set HF_TOKEN, or give a token.")
    return token


def download(name: str, revision: str | None = None, token: str | None = None) -> Path:
    """The folder of a model of the hub, in its cache: downloaded, or without a network the last version."""
    if not re.fullmatch(_NAME, name):
        raise Refusal(f"There is no folder {name}, and a model of the hub is named owner/name.")
    _check_extra(f"There is no folder {name}; to download it from the hub")
    why = _unreachable()
    from huggingface_hub import snapshot_download

    options: dict[str, Any] = {"revision": revision, "token": token, "endpoint": _endpoint()}
    try:
        return Path(snapshot_download(name, allow_patterns=list(_FILES), local_files_only=why is not None, **options))
    except Exception as error:  # a dozen kinds, from a missing name to a missing network
        at = f" at {revision}" if revision else ""
        if why is None:
            raise Refusal(f"{name}{at} cannot be downloaded from the hub: {first_line(error)}") from None
        raise Failure(
            f"There is no folder {name}, {_endpoint()} cannot be reached ({why}), and its cache has no {name}{at}."
        ) from None


def _check_extra(what: str) -> None:
    if find_spec("huggingface_hub") is None:
        raise Refusal(f"{what}, the package huggingface_hub is needed: pip install 'equilibria[hub]'.")


def _unreachable() -> str | None:
    """The reason why the hub does not answer; None if it does."""
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
