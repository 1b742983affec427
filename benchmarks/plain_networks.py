"""The networks of the most used public scripts, layer by layer.

A layer before batch norm has no bias, as in the engine: the norm would take it away again, and both halves shall have
equal numbers of parameters.
"""

from torch import nn


def generator(kind: str, latent: int = 100) -> nn.Module:
    """(B, Z) -> (B, 1, 28, 28) for `mlp`, (B, 1, 32, 32) for `dcgan`."""
    return _mlp_generator(latent) if kind == "mlp" else _dcgan_generator(latent)


def critic(kind: str) -> nn.Module:
    """Pictures of the generator's size -> scores (B, 1)."""
    return _mlp_critic() if kind == "mlp" else _dcgan_critic()


def _mlp_generator(latent: int) -> nn.Module:
    layers: list[nn.Module] = [nn.Linear(latent, 128), nn.LeakyReLU(0.2, inplace=True)]
    for before, after in ((128, 256), (256, 512), (512, 1024)):
        layers += [nn.Linear(before, after, bias=False), nn.BatchNorm1d(after), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, nn.Linear(1024, 784), nn.Tanh(), nn.Unflatten(1, (1, 28, 28)))


def _mlp_critic() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 512),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Linear(512, 256),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Linear(256, 1),
    )


def _dcgan_generator(latent: int) -> nn.Module:
    return nn.Sequential(
        nn.Linear(latent, 128 * 8 * 8),
        nn.Unflatten(1, (128, 8, 8)),
        nn.BatchNorm2d(128),
        nn.Upsample(scale_factor=2),
        nn.Conv2d(128, 128, 3, padding=1, bias=False),
        nn.BatchNorm2d(128),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Upsample(scale_factor=2),
        nn.Conv2d(128, 64, 3, padding=1, bias=False),
        nn.BatchNorm2d(64),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(64, 1, 3, padding=1),
        nn.Tanh(),
    )


def _dcgan_critic() -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.LeakyReLU(0.2, inplace=True)]
    for before, after in ((16, 32), (32, 64), (64, 128)):
        layers += [nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(after)]
        layers += [nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 2 * 2, 1))
