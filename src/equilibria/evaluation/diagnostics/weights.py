"""How large the weights are."""

from .base import Scene, Seen
from .gradients import size


def weights(scene: Scene) -> Seen:
    """The norm of each network's weights: steady growth without a bound says that nobody holds them."""
    return {name: size(list(network.parameters())) for name, network in scene.game.networks.items()}
