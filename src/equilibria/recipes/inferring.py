"""The formulations that infer as well as generate: each has an encoder. What is our own choice says so."""

from typing import Any

from .named import GUIDELINES, STEADY
from .recipe import Recipe

ADAM = {"name": "adam", "lr": 1e-3, "beta1": 0.5}  # with more momentum latents fall out of use early
DECODER = {"name": "auto", "norm": "layer"}  # batch statistics would tell one sample of the others
FLAT = {name: {"name": name, "weight": 0.1} for name in ("r1", "r2")}  # else critics know images at once
LATENT = {"name": "normal", "size": 32}


def vae() -> Recipe:
    """An autoencoder that bounds the likelihood (Kingma and Welling 2014); noise learned, latents, rate: our choice."""
    return _autoencoder(vae, "vae", "vae", ("generator", "encoder"))


def cvae() -> Recipe:
    """Encoder, decoder and prior see the labels (Sohn et al. 2015); noise learned, latents, rate: our choice."""
    return _autoencoder(cvae, "cvae", "vae", ("generator", "encoder", "prior"), conditional=True)


def iwae() -> Recipe:
    """The bound of five draws instead of one (Burda et al. 2016); noise learned, latents, rate: our choice."""
    return _autoencoder(iwae, "iwae", "iwae", ("generator", "encoder"))


def vae_gan() -> Recipe:
    """Likeness is a layer of the critic, the generator plays, too (Larsen et al. 2016); optimizer, weights: ours."""
    networks = {"generator": dict(DECODER), "encoder": dict(DECODER), "critic": {"name": "auto"}}
    optimizers = dict.fromkeys(("critic", "encoder", "generator"), GUIDELINES)
    return _compose(vae_gan, "vae-gan", networks, optimizers, {"name": "vae_gan"}, prior=dict(LATENT))


def bigan() -> Recipe:
    """A critic of pairs, an encoder that inverts the generator (Donahue et al. 2017); rates, R1 and R2: ours."""
    return _pair(bigan, "bigan", "point")


def ali() -> Recipe:
    """The same game with a Gaussian encoder (Dumoulin et al. 2017); rates, R1 and R2: our choice."""
    return _pair(ali, "ali", "gaussian")


def aae() -> Recipe:
    """A critic of codes makes them draws of the prior (Makhzani et al. 2015); noise learned, latents, rates: ours."""
    networks = {
        "generator": dict(DECODER),
        "encoder": DECODER | {"posterior": "point"},
        "critic": {"name": "auto"},
    }
    optimizers = {"generator+encoder+likelihood": ADAM, "critic": GUIDELINES, "encoder": GUIDELINES}
    likelihood, prior = {"name": "auto"}, {"name": "normal", "size": 16}
    return _compose(aae, "aae", networks, optimizers, {"name": "aae"}, likelihood=likelihood, prior=prior)


def infogan() -> Recipe:
    """A code, 10 classes and 2 numbers, that an encoder reads in samples (Chen et al. 2016); rates, R1, R2: ours."""
    parts = [{"name": "categorical", "classes": 10}, {"name": "uniform", "size": 2}, {"name": "normal", "size": 62}]
    networks = {"generator": {"name": "auto"}, "encoder": {"name": "auto"}, "critic": {"name": "auto"}}
    optimizers = dict.fromkeys(("critic", "generator+encoder"), STEADY)
    prior = {"name": "joint", "parts": parts}
    fields = {"penalties": dict(FLAT), "prior": prior, "augmentation": {"name": "none"}}
    return _compose(infogan, "infogan", networks, optimizers, {"name": "infogan"}, **fields)


def _autoencoder(function: Any, name: str, game: str, roles: tuple[str, ...], **fields: Any) -> Recipe:
    """One player who moves everything, and no contest."""
    networks = {role: {"name": "auto"} if role == "prior" else dict(DECODER) for role in roles}
    optimizers = {"+".join([*roles, "likelihood"]): ADAM}
    fields |= {"divergence": None, "likelihood": {"name": "auto"}, "prior": dict(LATENT)}
    return _compose(function, name, networks, optimizers, {"name": game}, **fields)


def _pair(function: Any, name: str, posterior: str) -> Recipe:
    """A critic that is flat on pairs of both kinds, which it else tells apart at once, and who draws them."""
    networks = {
        "generator": {"name": "auto"},
        "encoder": {"name": "auto", "posterior": posterior},
        "critic": {"name": "auto"},
    }
    optimizers = dict.fromkeys(("critic", "generator+encoder"), STEADY)
    prior = {"name": "normal", "size": 64}
    return _compose(function, name, networks, optimizers, {"name": "bigan"}, penalties=dict(FLAT), prior=prior)


def _compose(
    function: Any, name: str, networks: dict[str, Any], optimizers: dict[str, Any], game: dict[str, Any], **fields: Any
) -> Recipe:
    """A recipe that says of itself what its function does; where somebody competes, by the non-saturating GAN."""
    chosen = {"divergence": {"name": "non_saturating"}, "augmentation": None} | fields
    about = function.__doc__.split("\n")[0]
    return Recipe(name, about, networks=networks, optimizers=optimizers, game=game, **chosen)
