"""Floor 2. Networks, players and their losses. The table is the registration."""

from ..core.catalogue import Catalogue
from .aae import aae
from .bigan import bigan
from .game import Traits, states, traits, traits_of
from .gan import gan
from .infogan import infogan
from .sgan import sgan
from .vae import iwae, vae
from .vae_gan import vae_gan

__all__ = ["GAMES", "Traits", "states", "traits", "traits_of"]

GAMES = Catalogue.of("game", gan, vae, iwae, vae_gan, bigan, aae, infogan, sgan)
