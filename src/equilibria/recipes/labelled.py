"""The formulations with labels: how each paper tells the networks, or has a critic learn to tell."""

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


def sgan() -> Recipe:
    """The critic learns classes from 100 labels and all unlabelled data (Salimans et al. 2016); rate: our choice."""
    networks = {"generator": {"name": "auto"}, "critic": {"name": "auto", "norm": "weight"}}
    fields = {"networks": networks, "game": {"name": "sgan"}, "labelled": 100, "batch": 100}
    return compose(sgan, "sgan", "non_saturating", GUIDELINES | {"lr": 1e-3}, **fields)
