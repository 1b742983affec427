"""The sizes of the maps between an image and the seed it grows from; the same for generators and critics."""

from ..core.errors import Refusal

SMALLEST, LARGEST = 8, 128  # pixels a side
_SEED = 7  # at most
_HALVINGS = 2  # at least, so that small images have networks with hidden layers


def pyramid(network: str, shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Heights and widths from the image to the seed: halved, rounding up, until no side exceeds seven."""
    if len(shape) != 3:
        raise Refusal(f"The network {network!r} is for images, and these samples have shape {shape}: use 'dense'.")
    if min(shape[1:]) < SMALLEST or max(shape[1:]) > LARGEST:
        raise Refusal(
            f"The network {network!r} is for images of {SMALLEST} to {LARGEST} pixels a side, and these are "
            f"{shape[1]} x {shape[2]}: resize them, or use 'dense'."
        )
    sizes = [(shape[1], shape[2])]
    while max(sizes[-1]) > _SEED or len(sizes) <= _HALVINGS:
        height, width = sizes[-1]
        sizes.append(((height + 1) // 2, (width + 1) // 2))
    return sizes
