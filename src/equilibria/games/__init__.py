"""Floor 2. Who plays, for what, and how often. The table is the registration."""

from ..core.catalogue import Catalogue
from .aae import aae
from .bigan import bigan
from .gan import gan
from .infogan import infogan
from .sgan import sgan
from .vae import iwae, vae
from .vae_gan import vae_gan

__all__ = ["GAMES", "READ", "SEEN", "TAUGHT"]

GAMES = Catalogue(
    "game", gan=gan, vae=vae, iwae=iwae, vae_gan=vae_gan, bigan=bigan, aae=aae, infogan=infogan, sgan=sgan
)

SEEN = {"bigan": "pairs", "aae": "latents"}  # what the critic of a game is shown, where it is not samples
TAUGHT = ("sgan",)  # games whose critic learns classes from the labels that are known
READ = {"infogan": "code"}  # what the encoder of a game answers, where it is not whole latents
