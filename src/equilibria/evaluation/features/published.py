"""Inception's weights of 2015, as the file that Frechet distances are published with: found, or downloaded, or refused.

They are never part of this package, and nothing but the features of that name needs them.
"""

import os
import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ...core.download import download
from ...core.errors import Refusal
from ...data.files.places import cache_root
from ...data.records import Data
from .base import Features
from .hashing import digest
from .inception import SIDE, Inception
from .resizing import bilinear, pixels

FILES = ("pt_inception-2015-12-05-6726825d.pth", "weights-inception-2015-12-05-6726825d.pth", "inception.safetensors")
_SHA256 = "6726825d"  # how the hash of the published file begins; its name says so
_URL = f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{FILES[0]}"
_VARIABLE = "EQUILIBRIA_INCEPTION"
_CLASSES = 1008  # of the network of 2015; later ones have 1,000
_AT_ONCE = 16  # pictures


def inception(data: Data, *, weights: str = "") -> Features:
    """Inception v3 of 2015, what FID means by its features: 2,048 numbers (Szegedy et al. 2016; Heusel et al. 2017).

    `weights` is the file of its weights, .pth or .safetensors; else EQUILIBRIA_INCEPTION names it, else it is looked
    for in the cache folder, else downloaded. Pictures are seen as eight bits, grey in three equal channels.
    """
    channels = data.space.shape[0] if len(data.space.shape) == 3 else 0
    if channels not in (1, 3):
        raise Refusal(f"Inception sees grey or colour pictures, and {data.name!r} are none: leave out --features.")
    path = _found(weights)
    network = _with(_read(path), path)

    @torch.no_grad()
    def look(x: Tensor) -> Tensor:
        network.to(x.device)
        return torch.cat([network(_prepared(part)) for part in x.split(_AT_ONCE)])

    def _prepared(x: Tensor) -> Tensor:
        seen = pixels(data.space, x).float().expand(-1, 3, -1, -1)
        return (bilinear(seen, SIDE) - 128) / 128

    about = "Inception v3 of 2015: by these features, a Frechet distance is what is called FID"
    resizing = f"8 bits, bilinear to {SIDE} x {SIDE} as TensorFlow 1"
    return Features("inception", look, digest(dict(network.named_parameters())), resizing, about)


def _found(named: str) -> Path:
    """Where the weights are. Raises Refusal where there are none."""
    for said, where in ((named, "weights"), (os.environ.get(_VARIABLE, ""), _VARIABLE)):
        if said and not Path(said).expanduser().is_file():
            raise Refusal(f"{where} names {said}, and there is no such file: give the file of Inception's weights.")
        if said:
            return Path(said).expanduser()
    kept = [cache_root() / "features" / name for name in FILES]
    return next((path for path in kept if path.is_file()), None) or _downloaded(kept[0])


def _read(path: Path) -> dict[str, Tensor]:
    """The weights in a file, by name. Raises Refusal for what is none."""
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        read = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, SafetensorError, pickle.UnpicklingError) as error:
        reason = str(error).strip().split("\n")[0]
        raise Refusal(f"{path} cannot be read as weights: {reason[:200]}") from None
    return read if isinstance(read, dict) else {}


def _with(known: dict[str, Tensor], path: Path) -> Inception:
    """The network with these weights. Raises Refusal for others, and for those that would fit but mean another one."""
    with torch.device("meta"):  # nothing is drawn that would be thrown away
        network = Inception()
    shapes = {name: weight.shape for name, weight in network.state_dict().items() if "num_batches" not in name}
    if wrong := [name for name, shape in shapes.items() if getattr(known.get(name), "shape", None) != shape]:
        raise Refusal(f"{path} does not hold the weights of Inception v3: {wrong[0]} is missing or of another shape.")
    head = known.get("fc.bias")
    if any(name.startswith("AuxLogits") for name in known) or (head is not None and len(head) != _CLASSES):
        raise Refusal(
            f"{path} holds another Inception than that of 2015, and Frechet distances by it could not be compared "
            f"with anybody's: take {FILES[0]}."
        )
    network.to_empty(device="cpu").load_state_dict({name: known[name] for name in shapes}, strict=False)
    return network.eval().requires_grad_(False)


def _downloaded(path: Path) -> Path:
    """Fetch the published file, whole or not at all."""
    try:
        return download(_URL, path, "sha256", _SHA256, "95 MB")
    except OSError as error:
        why = getattr(error, "reason", None) or error
        raise Refusal(
            f"Inception's weights are not here and could not be downloaded ({why}): "
            f"put {FILES[0]} into {path.parent}, or name it in {_VARIABLE}; or choose --features classifier."
        ) from None
