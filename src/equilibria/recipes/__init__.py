"""Floor 4. Complete descriptions; the only place where names meet. The table is the registration."""

from ..core.catalogue import Catalogue
from . import inferring, labelled, named, remedies
from .recipe import Recipe

__all__ = ["DEFAULT", "DEFAULT_FOR_POINTS", "RECIPES", "Recipe"]

DEFAULT, DEFAULT_FOR_POINTS = "gan-ns", "r3gan"  # where none is named: docs/guides/comparing.md tells why

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
        "cgan": labelled.cgan,
        "acgan": labelled.acgan,
        "cgan-projection": labelled.cgan_projection,
        "f-gan": remedies.f_gan,
        "ragan": remedies.ragan,
        "dragan": remedies.dragan,
        "pacgan": remedies.pacgan,
        "unrolled-gan": remedies.unrolled_gan,
        "vae": inferring.vae,
        "cvae": inferring.cvae,
        "iwae": inferring.iwae,
        "vae-gan": inferring.vae_gan,
        "bigan": inferring.bigan,
        "ali": inferring.ali,
        "aae": inferring.aae,
        "infogan": inferring.infogan,
        "sgan": labelled.sgan,
    },
)
