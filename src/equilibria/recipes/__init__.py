"""Floor 4. Complete descriptions; the only place where names meet. The table is the registration."""

from ..core.catalogue import Catalogue
from . import named
from .recipe import Recipe

__all__ = ["RECIPES", "Recipe"]

RECIPES = Catalogue(
    "recipe",
    **{
        "wgan-gp": named.wgan_gp,
        "r3gan": named.r3gan,
        "dcgan": named.dcgan,
        "gan": named.gan,
        "gan-ns": named.gan_ns,
        "wgan": named.wgan,
        "wgan-div": named.wgan_div,
        "lsgan": named.lsgan,
        "hinge": named.hinge,
    },
)
