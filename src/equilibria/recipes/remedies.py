"""Formulations that mend one fault of the GAN: its divergence, its slopes, or what either side cannot see."""

from .named import GUIDELINES, compose
from .recipe import Recipe


def f_gan() -> Recipe:
    """Any f-divergence, by its conjugate: --divergence names it, else Pearson's (Nowozin et al. 2016); rates: ours."""
    return compose(f_gan, "f-gan", "pearson", GUIDELINES)


def dragan() -> Recipe:
    """Slope one around the data (Kodali et al. 2017); optimizer: DCGAN's, our choice."""
    around = {"dragan": {"name": "dragan", "weight": 10.0}}
    return compose(dragan, "dragan", "non_saturating", GUIDELINES, penalties=around)


def pacgan() -> Recipe:
    """The critic sees two samples at once, and so sees when they are alike (Lin et al. 2018); rates: our choice."""
    return compose(pacgan, "pacgan", "non_saturating", GUIDELINES, game={"name": "gan", "pack": 2})


def unrolled_gan() -> Recipe:
    """The generator foresees five answers of the critic (Metz et al. 2017); their rate: our choice."""
    return compose(unrolled_gan, "unrolled-gan", "minimax", GUIDELINES, game={"name": "gan", "unroll": 5})


def ragan() -> Recipe:
    """Real against the average fake, fake against the average real (Jolicoeur-Martineau 2019); rates: our choice."""
    return compose(ragan, "ragan", "relativistic_average", GUIDELINES)
