"""The 32 x 32 convolutional pair of the public scripts, from the engine's own layers: as users name their networks."""

from torch import Tensor, nn

from equilibria.networks.blocks import ToFeatureMap, ToVector, channels_last
from equilibria.networks.resampling import UpConv


class Drawing(nn.Module):
    """From a latent to a sample."""

    def __init__(self, layers: nn.Module, output_activation: nn.Module):
        super().__init__()
        self.layers, self.output_activation = layers, output_activation

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, Z) -> (B, *sample)."""
        return self.output_activation(self.layers(z))


class Scoring(nn.Module):
    """From a sample to a score."""

    def __init__(self, trunk: nn.Module, head: nn.Module):
        super().__init__()
        self.trunk, self.head = trunk, head

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, *sample) -> (B,)."""
        return self.head(self.trunk(x)).squeeze(1)


def generator(shape: tuple[int, ...], latent: int, condition: int, output_activation: nn.Module) -> nn.Module:
    """Twice nearest upsampling and a 3x3 convolution, each pair folded into one; 128, 128, 64 channels."""
    layers = nn.Sequential(
        nn.Linear(latent, 128 * 8 * 8),
        ToFeatureMap(128, 8, 8),
        nn.BatchNorm2d(128),
        UpConv(128, 128, bias=False),
        nn.BatchNorm2d(128),
        nn.LeakyReLU(0.2),
        UpConv(128, 64, bias=False),
        nn.BatchNorm2d(64),
        nn.LeakyReLU(0.2),
        nn.Conv2d(64, 1, 3, padding=1),
    )
    return Drawing(channels_last(layers), output_activation)


def critic(shape: tuple[int, ...], latent: int, condition: int) -> nn.Module:
    """Four 3x3 convolutions of stride two; 16, 32, 64, 128 channels."""
    layers: list[nn.Module] = [nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.LeakyReLU(0.2)]
    for before, after in ((16, 32), (32, 64), (64, 128)):
        layers += [nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(after)]
        layers += [nn.LeakyReLU(0.2)]
    trunk = channels_last(nn.Sequential(*layers, ToVector()))
    return Scoring(trunk, nn.Linear(128 * 2 * 2, 1))
