"""The conditional formulations with a name: how each paper tells the networks the label."""

from .named import GUIDELINES, STEADY, compose
from .recipe import Recipe


def cgan() -> Recipe:
    """The first conditional GAN: one-hot labels beside latents and samples (Mirza and Osindero 2014); rates: ours."""
    networks = {
        "generator": {"name": "auto", "conditioning": "concat"},
        "critic": {"name": "auto", "conditioning": "concat"},
    }
    return compose(cgan, "cgan", "non_saturating", GUIDELINES, networks=networks, conditional=True)


def acgan() -> Recipe:
    """The critic also classifies, both sides want it right (Odena et al. 2017); weights 1 and .1: our choice."""
    networks = {
        "generator": {"name": "auto", "conditioning": "concat"},
        "critic": {"name": "auto", "conditioning": "classifier"},
    }
    game = {"name": "gan", "class_weight_generator": 0.1}
    return compose(acgan, "acgan", "non_saturating", GUIDELINES, networks=networks, game=game, conditional=True)


def cgan_projection() -> Recipe:
    """Conditional batch norm, and a critic that projects on labels; hinge (Miyato and Koyama 2018); rate: ours."""
    networks = {
        "generator": {"name": "auto", "conditioning": "film"},
        "critic": {"name": "auto", "conditioning": "projection", "norm": "spectral"},
    }
    return compose(cgan_projection, "cgan-projection", "hinge", STEADY, networks=networks, conditional=True)
