"""What `auto` stands for, once the samples and the penalties are known."""

from collections.abc import Mapping
from typing import Any

# Ahead of the paper's layers on small images: few strided convolutions see no whole picture, a connected layer does.
_CHOSEN: Mapping[tuple[str, str], dict[str, Any]] = {
    ("generator", "dcgan"): {"hidden": 256, "norm": "batch", "upsample": "nearest"},
    ("critic", "dcgan"): {"hidden": 256, "norm": "batch"},
    ("encoder", "dcgan"): {"hidden": 256, "norm": "batch"},
    ("prior", "dense"): {},
}
_TOLD = {("critic", "dcgan"): "projection"}  # how, where not by concat


def resolve(
    role: str, spec: Mapping[str, Any], shape: tuple[int, ...], penalised: bool, conditional: bool = False
) -> dict[str, Any]:
    """The network that `auto` means: dense for points, dcgan for images; other networks unchanged.

    `spec` is {"name": ..., **options}; the options are kept. A penalised critic has no norm, since batch norm would
    couple the samples whose slopes are penalised one by one; nobody penalises an encoder's. A conditional network is
    told the condition: beside what goes in, and a critic of images by projection. A prior sees nothing else.
    """
    if spec["name"] != "auto":
        return dict(spec)
    name = "dense" if role == "prior" or len(shape) == 1 else "dcgan"
    chosen = _CHOSEN.get((role, name), {"norm": "none"})
    if role == "critic" and penalised:
        chosen = chosen | {"norm": "none"}
    if conditional and role != "prior":
        chosen = chosen | {"conditioning": _TOLD.get((role, name), "concat")}
    return {"name": name} | chosen | dict(spec) | {"name": name}
