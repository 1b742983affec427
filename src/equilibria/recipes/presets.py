"""Recipes by name: each is the composition of one paper. The first line says its source, and what is our choice."""

from collections.abc import Callable
from typing import Any

from .recipe import Recipe

DCGAN_ADAM = {"name": "adam", "lr": 2e-4, "beta1": 0.5, "beta2": 0.999}  # Radford et al. 2016
FAST_ADAM = DCGAN_ADAM | {"lr": 8e-4}  # with small batches: docs/design/quality.md
WGAN_GP_ADAM = {"name": "adam", "lr": 1e-3, "beta1": 0.0, "beta2": 0.9}  # the paper's betas; lr for small networks
VAE_ADAM = {"name": "adam", "lr": 1e-3, "beta1": 0.5}  # more momentum makes latent dimensions inactive early
DECODER = {"name": "auto", "norm": "layer"}  # batch norm would leak information between samples
R1_R2 = {name: {"name": name, "weight": 0.1} for name in ("r1", "r2")}  # without them the critic separates images early


def gan() -> Recipe:
    """Saturating minimax GAN (Goodfellow et al. 2014, eq. 1); optimizer: DCGAN's, rate and batch: our choice."""
    return _gan(gan, "minimax", FAST_ADAM, batch=32, halflife_share=0.1)


def gan_ns() -> Recipe:
    """Non-saturating GAN (Goodfellow et al. 2014, section 3); optimizer: DCGAN's, rate and batch: our choice."""
    return _gan(gan_ns, "non_saturating", FAST_ADAM, batch=32, halflife_share=0.1)


def dcgan() -> Recipe:
    """Convolutional GAN with batch norm, prior U(-1, 1)^100, Adam 2e-4, beta1 0.5 (Radford et al. 2016)."""
    networks = {"generator": {"name": "dcgan"}, "critic": {"name": "dcgan"}}
    prior = {"name": "uniform", "size": 100}
    return _gan(dcgan, "non_saturating", DCGAN_ADAM, prior=prior, batch=128, networks=networks)


def wgan() -> Recipe:
    """Wasserstein GAN: weights clipped at 0.01, RMSProp 5e-5, 5 critic steps (Arjovsky et al. 2017, algorithm 1)."""
    return _gan(wgan, "wasserstein", {"name": "rmsprop", "lr": 5e-5}, game={"name": "gan", "n_critic": 5, "clip": 0.01})


def wgan_gp() -> Recipe:
    """WGAN with gradient penalty 10 (points: 0.1), 5 critic steps (Gulrajani et al. 2017); rate: our choice."""
    penalties = {"gradient_penalty": {"name": "gradient_penalty", "weight": "auto"}}
    return _gan(wgan_gp, "wasserstein", WGAN_GP_ADAM, game={"name": "gan", "n_critic": 5}, penalties=penalties)


def wgan_div() -> Recipe:
    """Wasserstein divergence, k = 2, p = 6 (Wu et al. 2018); optimizer, critic steps: WGAN-GP's, our choice."""
    penalties = {"divergence_penalty": {"name": "divergence_penalty", "weight": 2.0, "power": 6.0}}
    return _gan(wgan_div, "wasserstein", WGAN_GP_ADAM, game={"name": "gan", "n_critic": 5}, penalties=penalties)


def lsgan() -> Recipe:
    """Least squares GAN: scores regressed to 0 and 1 (Mao et al. 2017); DCGAN's optimizer, rate, batch: our choice."""
    return _gan(lsgan, "least_squares", FAST_ADAM, batch=32, halflife_share=0.1)


def hinge() -> Recipe:
    """Hinge loss with a spectrally normalized critic (Lim and Ye 2017; Miyato et al. 2018); optimizer: our choice."""
    networks = {"generator": {"name": "auto"}, "critic": {"name": "auto", "norm": "spectral"}}
    return _gan(hinge, "hinge", DCGAN_ADAM, networks=networks)


def r3gan() -> Recipe:
    """Relativistic pairing GAN with R1 and R2 (Huang et al. 2024); rate (constant), weights: our choice."""
    fields = {"penalties": dict(R1_R2), "prior": {"name": "normal", "size": 64}}
    return _gan(r3gan, "relativistic", WGAN_GP_ADAM | {"lr": 2e-3}, **fields)


def f_gan() -> Recipe:
    """GAN of any f-divergence, by --divergence; default: pearson (Nowozin et al. 2016); optimizer: our choice."""
    return _gan(f_gan, "pearson", DCGAN_ADAM)


def dragan() -> Recipe:
    """Gradient norm of 1 around the data, weight 10 (Kodali et al. 2017); optimizer, rate, batch: our choice."""
    penalties = {"dragan": {"name": "dragan", "weight": 10.0}}
    return _gan(dragan, "non_saturating", FAST_ADAM, penalties=penalties, batch=32, halflife_share=0.1)


def pacgan() -> Recipe:
    """The critic scores two samples jointly, against mode collapse (Lin et al. 2018); optimizer: our choice."""
    return _gan(pacgan, "non_saturating", DCGAN_ADAM, game={"name": "gan", "pack": 2})


def unrolled_gan() -> Recipe:
    """The generator anticipates five unrolled critic steps (Metz et al. 2017); their rate: our choice."""
    return _gan(unrolled_gan, "minimax", DCGAN_ADAM, game={"name": "gan", "unroll": 5})


def ragan() -> Recipe:
    """Scores relative to the mean score of the other side (Jolicoeur-Martineau 2019); optimizer, batch: our choice."""
    return _gan(ragan, "relativistic_average", FAST_ADAM, batch=32, halflife_share=0.1)


def cgan() -> Recipe:
    """One-hot labels concatenated with latents and samples (Mirza and Osindero 2014); optimizer: our choice."""
    networks = {role: {"name": "auto", "conditioning": "concat"} for role in ("generator", "critic")}
    return _gan(cgan, "non_saturating", DCGAN_ADAM, networks=networks, conditional=True)


def acgan() -> Recipe:
    """The critic also classifies samples (Odena et al. 2017); class weights 1 and 0.1, optimizer: our choice."""
    networks = {
        "generator": {"name": "auto", "conditioning": "concat"},
        "critic": {"name": "auto", "conditioning": "classifier"},
    }
    game = {"name": "gan", "class_weight_generator": 0.1}
    return _gan(acgan, "non_saturating", DCGAN_ADAM, networks=networks, game=game, conditional=True)


def cgan_projection() -> Recipe:
    """Conditional batch norm, projection critic, hinge loss (Miyato and Koyama 2018); rate: our choice."""
    networks = {
        "generator": {"name": "auto", "conditioning": "film"},
        "critic": {"name": "auto", "conditioning": "projection", "norm": "spectral"},
    }
    return _gan(cgan_projection, "hinge", WGAN_GP_ADAM, networks=networks, conditional=True)


def sgan() -> Recipe:
    """The critic learns classes from 100 labels and unlabeled data (Salimans et al. 2016); rate: our choice."""
    networks = {"generator": {"name": "auto"}, "critic": {"name": "auto", "norm": "weight"}}
    fields = {"networks": networks, "game": {"name": "sgan"}, "labelled": 100, "batch": 100}
    return _gan(sgan, "non_saturating", DCGAN_ADAM | {"lr": 1e-3}, **fields)


def vae() -> Recipe:
    """Variational autoencoder (Kingma and Welling 2014); learned noise, 32 latent dimensions, rate: our choice."""
    return _autoencoder(vae, "vae", ("generator", "encoder"))


def cvae() -> Recipe:
    """VAE whose encoder, decoder and prior receive labels (Sohn et al. 2015); noise, latents, rate: our choice."""
    return _autoencoder(cvae, "vae", ("generator", "encoder", "prior"), conditional=True)


def iwae() -> Recipe:
    """VAE with the importance-weighted bound of 5 draws (Burda et al. 2016); noise, latents, rate: our choice."""
    return _autoencoder(iwae, "iwae", ("generator", "encoder"))


def vae_gan() -> Recipe:
    """VAE that reconstructs a hidden layer of a GAN's critic (Larsen et al. 2016); optimizer, weights: our choice."""
    networks = {"generator": dict(DECODER), "encoder": dict(DECODER), "critic": {"name": "auto"}}
    optimizers = dict.fromkeys(("critic", "encoder", "generator"), DCGAN_ADAM)
    return _with_encoder(vae_gan, "vae_gan", networks, optimizers, prior={"name": "normal", "size": 32})


def bigan() -> Recipe:
    """Critic of pairs (sample, latent), encoder of points (Donahue et al. 2017); rates, R1, R2: our choice."""
    return _pairs(bigan, "point")


def ali() -> Recipe:
    """Critic of pairs (sample, latent), Gaussian encoder (Dumoulin et al. 2017); rates, R1, R2: our choice."""
    return _pairs(ali, "gaussian")


def aae() -> Recipe:
    """Autoencoder, and a critic that compares codes with the prior (Makhzani et al. 2015); noise, rates: our choice."""
    networks = {"generator": dict(DECODER), "encoder": DECODER | {"posterior": "point"}, "critic": {"name": "auto"}}
    optimizers = {"generator+encoder+likelihood": VAE_ADAM, "critic": DCGAN_ADAM, "encoder": DCGAN_ADAM}
    likelihood, prior = {"name": "auto"}, {"name": "normal", "size": 16}
    return _with_encoder(aae, "aae", networks, optimizers, likelihood=likelihood, prior=prior)


def infogan() -> Recipe:
    """The encoder infers a class of 10 and 2 numbers from samples (Chen et al. 2016); rates, R1, R2: our choice."""
    parts = [{"name": "categorical", "classes": 10}, {"name": "uniform", "size": 2}, {"name": "normal", "size": 62}]
    networks = {role: {"name": "auto"} for role in ("generator", "encoder", "critic")}
    optimizers = dict.fromkeys(("critic", "generator+encoder"), WGAN_GP_ADAM)
    fields = {"penalties": dict(R1_R2), "prior": {"name": "joint", "parts": parts}, "augmentation": {"name": "none"}}
    return _with_encoder(infogan, "infogan", networks, optimizers, **fields)


def _gan(function: Callable[[], Recipe], divergence: str, optimizer: dict[str, Any], **fields: Any) -> Recipe:
    """A generator against a critic, with the same optimizer."""
    optimizers = {"critic": optimizer, "generator": optimizer}
    return _recipe(function, divergence={"name": divergence}, optimizers=optimizers, **fields)


def _autoencoder(function: Callable[[], Recipe], game: str, roles: tuple[str, ...], **fields: Any) -> Recipe:
    """One player that optimizes all networks; no critic."""
    networks = {role: {"name": "auto"} if role == "prior" else dict(DECODER) for role in roles}
    fields |= {"divergence": None, "likelihood": {"name": "auto"}, "prior": {"name": "normal", "size": 32}}
    return _with_encoder(function, game, networks, {"+".join([*roles, "likelihood"]): VAE_ADAM}, **fields)


def _pairs(function: Callable[[], Recipe], posterior: str) -> Recipe:
    """BiGAN with this kind of posterior; R1 and R2 keep the critic from separating the pairs at once."""
    networks = {"generator": {"name": "auto"}, "encoder": {"name": "auto", "posterior": posterior}}
    networks["critic"] = {"name": "auto"}
    optimizers = dict.fromkeys(("critic", "generator+encoder"), WGAN_GP_ADAM)
    prior = {"name": "normal", "size": 64}
    return _with_encoder(function, "bigan", networks, optimizers, penalties=dict(R1_R2), prior=prior)


def _with_encoder(
    function: Callable[[], Recipe], game: str, networks: dict[str, Any], optimizers: dict[str, Any], **fields: Any
) -> Recipe:
    """A game with an encoder; its critic, if it has one, by the non-saturating GAN."""
    defaults = {"divergence": {"name": "non_saturating"}, "augmentation": None}
    return _recipe(function, **defaults | fields, game={"name": game}, networks=networks, optimizers=optimizers)


def _recipe(function: Callable[[], Recipe], **fields: Any) -> Recipe:
    """The recipe of a function: its name, and the first line of its docstring."""
    return Recipe(function.__name__.replace("_", "-"), (function.__doc__ or "").split("\n")[0], **fields)


PRESETS = (
    *(wgan_gp, r3gan, dcgan, gan, gan_ns, wgan, wgan_div, lsgan, hinge, cgan, acgan, cgan_projection, f_gan, ragan),
    *(dragan, pacgan, unrolled_gan, vae, cvae, iwae, vae_gan, bigan, ali, aae, infogan, sgan),
)
