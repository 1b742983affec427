"""The 32 x 32 convolutional pair of the public scripts, from the engine's own layers: as users name their networks."""

from torch import nn

from equilibria.networks.layouts import ToMap, ToVector, channels_last
from equilibria.networks.resampling import UpConv
from equilibria.networks.roles import Generator, ImageCritic


def generator(shape: tuple[int, ...], latent: int, condition: int, outlet: nn.Module) -> nn.Module:
    """Twice nearest upsampling and a 3x3 convolution, each pair folded into one; 128, 128, 64 channels."""
    layers = nn.Sequential(
        nn.Linear(latent, 128 * 8 * 8),
        ToMap(128, 8, 8),
        nn.BatchNorm2d(128),
        UpConv(128, 128, bias=False),
        nn.BatchNorm2d(128),
        nn.LeakyReLU(0.2),
        UpConv(128, 64, bias=False),
        nn.BatchNorm2d(64),
        nn.LeakyReLU(0.2),
        nn.Conv2d(64, 1, 3, padding=1),
    )
    return Generator(channels_last(layers), outlet, condition)


def critic(shape: tuple[int, ...], latent: int, condition: int) -> nn.Module:
    """Four 3x3 convolutions of stride two; 16, 32, 64, 128 channels."""
    layers: list[nn.Module] = [nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.LeakyReLU(0.2)]
    for before, after in ((16, 32), (32, 64), (64, 128)):
        layers += [nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(after)]
        layers += [nn.LeakyReLU(0.2)]
    trunk = channels_last(nn.Sequential(*layers, ToVector()))
    return ImageCritic(trunk, nn.Linear(128 * 2 * 2, 1), condition)
