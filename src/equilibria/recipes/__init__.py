"""Floor 4. Complete descriptions of training runs. The table is the registration."""

from ..core.catalogue import Catalogue
from . import presets
from .recipe import Recipe

__all__ = ["DEFAULT", "DEFAULT_FOR_POINTS", "RECIPES", "Recipe"]

DEFAULT, DEFAULT_FOR_POINTS = "gan-ns", "r3gan"  # if no recipe is named: see docs/guides/comparisons.md

RECIPES = Catalogue(
    "recipe",
    **{
        "wgan-gp": presets.wgan_gp,
        "r3gan": presets.r3gan,
        "dcgan": presets.dcgan,
        "gan": presets.gan,
        "gan-ns": presets.gan_ns,
        "wgan": presets.wgan,
        "wgan-div": presets.wgan_div,
        "lsgan": presets.lsgan,
        "hinge": presets.hinge,
        "cgan": presets.cgan,
        "acgan": presets.acgan,
        "cgan-projection": presets.cgan_projection,
        "f-gan": presets.f_gan,
        "ragan": presets.ragan,
        "dragan": presets.dragan,
        "pacgan": presets.pacgan,
        "unrolled-gan": presets.unrolled_gan,
        "vae": presets.vae,
        "cvae": presets.cvae,
        "iwae": presets.iwae,
        "vae-gan": presets.vae_gan,
        "bigan": presets.bigan,
        "ali": presets.ali,
        "aae": presets.aae,
        "infogan": presets.infogan,
        "sgan": presets.sgan,
    },
)
