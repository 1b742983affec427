"""Recipes by name: each a paper's composition."""

from typing import Any

from .recipe import Recipe

DCGAN_ADAM = {"name": "adam", "lr": 2e-4, "beta1": 0.5, "beta2": 0.999}  # DCGAN's (Radford et al. 2016)
WGAN_GP_ADAM = {"name": "adam", "lr": 1e-3, "beta1": 0.0, "beta2": 0.9}  # momenta: WGAN-GP's; rate: for small networks


def gan() -> Recipe:
    """The first GAN: saturating minimax (Goodfellow et al. 2014, eq. 1); optimizer: DCGAN's, our choice."""
    return compose(gan, "gan", "minimax", DCGAN_ADAM)


def gan_ns() -> Recipe:
    """The usual GAN: non-saturating (Goodfellow et al. 2014, section 3); optimizer: DCGAN's, our choice."""
    return compose(gan_ns, "gan-ns", "non_saturating", DCGAN_ADAM)


def dcgan() -> Recipe:
    """Convolutions, batch norm, U(-1, 1)^100 and Adam 2e-4, beta1 0.5 (Radford et al. 2016)."""
    networks = {"generator": {"name": "dcgan"}, "critic": {"name": "dcgan"}}
    prior = {"name": "uniform", "size": 100}
    return compose(dcgan, "dcgan", "non_saturating", DCGAN_ADAM, prior=prior, batch=128, networks=networks)


def wgan() -> Recipe:
    """Weights clipped at 0.01, RMSProp 5e-5, five critic moves (Arjovsky et al. 2017, algorithm 1)."""
    return compose(
        wgan, "wgan", "wasserstein", {"name": "rmsprop", "lr": 5e-5}, game={"name": "gan", "n_critic": 5, "clip": 0.01}
    )


def wgan_gp() -> Recipe:
    """Slope one from real to fake; lambda 10, points 0.1; 5 critic moves (Gulrajani et al. 2017); rate: our choice."""
    return compose(
        wgan_gp,
        "wgan-gp",
        "wasserstein",
        WGAN_GP_ADAM,
        game={"name": "gan", "n_critic": 5},
        penalties={"gradient_penalty": {"name": "gradient_penalty", "weight": "auto"}},
    )


def wgan_div() -> Recipe:
    """Steepness has a price, k = 2, p = 6 (Wu et al. 2018); optimizer and critic moves: WGAN-GP's, our choice."""
    return compose(
        wgan_div,
        "wgan-div",
        "wasserstein",
        WGAN_GP_ADAM,
        game={"name": "gan", "n_critic": 5},
        penalties={"divergence_penalty": {"name": "divergence_penalty", "weight": 2.0, "power": 6.0}},
    )


def lsgan() -> Recipe:
    """Scores regressed to 0 and 1 (Mao et al. 2017); optimizer: DCGAN's, our choice."""
    return compose(lsgan, "lsgan", "least_squares", DCGAN_ADAM)


def hinge() -> Recipe:
    """Margins and a spectrally normalized critic (Lim and Ye 2017; Miyato et al. 2018); optimizer: our choice."""
    networks = {"generator": {"name": "auto"}, "critic": {"name": "auto", "norm": "spectral"}}
    return compose(hinge, "hinge", "hinge", DCGAN_ADAM, networks=networks)


def r3gan() -> Recipe:
    """Relativistic pairs, flat on data and samples (Huang et al. 2024); rates, weights, schedule's end: our choice."""
    flat = {"r1": {"name": "r1", "weight": 0.1}, "r2": {"name": "r2", "weight": 0.1}}
    return compose(
        r3gan,
        "r3gan",
        "relativistic",
        WGAN_GP_ADAM | {"lr": 2e-3},
        penalties=flat,
        prior={"name": "normal", "size": 64},
        schedule={"name": "cosine", "end": 0.05},
    )


def compose(function: Any, name: str, divergence: str, optimizer: dict[str, Any], **fields: Any) -> Recipe:
    """A two-player recipe whose players use the same optimizer."""
    return Recipe(
        name,
        function.__doc__.split("\n")[0],
        {"name": divergence},
        optimizers={"critic": optimizer, "generator": optimizer},
        **fields,
    )


def f_gan() -> Recipe:
    """Any f-divergence, by its conjugate: --divergence names it, else Pearson's (Nowozin et al. 2016); rates: ours."""
    return compose(f_gan, "f-gan", "pearson", DCGAN_ADAM)


def dragan() -> Recipe:
    """Slope one around the data (Kodali et al. 2017); optimizer: DCGAN's, our choice."""
    around = {"dragan": {"name": "dragan", "weight": 10.0}}
    return compose(dragan, "dragan", "non_saturating", DCGAN_ADAM, penalties=around)


def pacgan() -> Recipe:
    """The critic sees two samples at once, and so sees when they are alike (Lin et al. 2018); rates: our choice."""
    return compose(pacgan, "pacgan", "non_saturating", DCGAN_ADAM, game={"name": "gan", "pack": 2})


def unrolled_gan() -> Recipe:
    """The generator foresees five answers of the critic (Metz et al. 2017); their rate: our choice."""
    return compose(unrolled_gan, "unrolled-gan", "minimax", DCGAN_ADAM, game={"name": "gan", "unroll": 5})


def ragan() -> Recipe:
    """Real against the average fake, fake against the average real (Jolicoeur-Martineau 2019); rates: our choice."""
    return compose(ragan, "ragan", "relativistic_average", DCGAN_ADAM)


def cgan() -> Recipe:
    """The first conditional GAN: one-hot labels beside latents and samples (Mirza and Osindero 2014); rates: ours."""
    networks = {
        "generator": {"name": "auto", "conditioning": "concat"},
        "critic": {"name": "auto", "conditioning": "concat"},
    }
    return compose(cgan, "cgan", "non_saturating", DCGAN_ADAM, networks=networks, conditional=True)


def acgan() -> Recipe:
    """The critic also classifies, both sides want it right (Odena et al. 2017); weights 1 and .1: our choice."""
    networks = {
        "generator": {"name": "auto", "conditioning": "concat"},
        "critic": {"name": "auto", "conditioning": "classifier"},
    }
    game = {"name": "gan", "class_weight_generator": 0.1}
    return compose(acgan, "acgan", "non_saturating", DCGAN_ADAM, networks=networks, game=game, conditional=True)


def cgan_projection() -> Recipe:
    """Conditional batch norm, and a critic that projects on labels; hinge (Miyato and Koyama 2018); rate: ours."""
    networks = {
        "generator": {"name": "auto", "conditioning": "film"},
        "critic": {"name": "auto", "conditioning": "projection", "norm": "spectral"},
    }
    return compose(cgan_projection, "cgan-projection", "hinge", WGAN_GP_ADAM, networks=networks, conditional=True)


def sgan() -> Recipe:
    """The critic learns classes from 100 labels and all unlabelled data (Salimans et al. 2016); rate: our choice."""
    networks = {"generator": {"name": "auto"}, "critic": {"name": "auto", "norm": "weight"}}
    fields = {"networks": networks, "game": {"name": "sgan"}, "labelled": 100, "batch": 100}
    return compose(sgan, "sgan", "non_saturating", DCGAN_ADAM | {"lr": 1e-3}, **fields)


VAE_ADAM = {"name": "adam", "lr": 1e-3, "beta1": 0.5}  # with more momentum latents fall out of use early
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
    optimizers = dict.fromkeys(("critic", "encoder", "generator"), DCGAN_ADAM)
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
    optimizers = {"generator+encoder+likelihood": VAE_ADAM, "critic": DCGAN_ADAM, "encoder": DCGAN_ADAM}
    likelihood, prior = {"name": "auto"}, {"name": "normal", "size": 16}
    return _compose(aae, "aae", networks, optimizers, {"name": "aae"}, likelihood=likelihood, prior=prior)


def infogan() -> Recipe:
    """A code, 10 classes and 2 numbers, that an encoder reads in samples (Chen et al. 2016); rates, R1, R2: ours."""
    parts = [{"name": "categorical", "classes": 10}, {"name": "uniform", "size": 2}, {"name": "normal", "size": 62}]
    networks = {"generator": {"name": "auto"}, "encoder": {"name": "auto"}, "critic": {"name": "auto"}}
    optimizers = dict.fromkeys(("critic", "generator+encoder"), WGAN_GP_ADAM)
    prior = {"name": "joint", "parts": parts}
    fields = {"penalties": dict(FLAT), "prior": prior, "augmentation": {"name": "none"}}
    return _compose(infogan, "infogan", networks, optimizers, {"name": "infogan"}, **fields)


def _autoencoder(function: Any, name: str, game: str, roles: tuple[str, ...], **fields: Any) -> Recipe:
    """One player who moves everything, and no contest."""
    networks = {role: {"name": "auto"} if role == "prior" else dict(DECODER) for role in roles}
    optimizers = {"+".join([*roles, "likelihood"]): VAE_ADAM}
    fields |= {"divergence": None, "likelihood": {"name": "auto"}, "prior": dict(LATENT)}
    return _compose(function, name, networks, optimizers, {"name": game}, **fields)


def _pair(function: Any, name: str, posterior: str) -> Recipe:
    """A critic that is flat on pairs of both kinds, which it else tells apart at once, and who draws them."""
    networks = {
        "generator": {"name": "auto"},
        "encoder": {"name": "auto", "posterior": posterior},
        "critic": {"name": "auto"},
    }
    optimizers = dict.fromkeys(("critic", "generator+encoder"), WGAN_GP_ADAM)
    prior = {"name": "normal", "size": 64}
    return _compose(function, name, networks, optimizers, {"name": "bigan"}, penalties=dict(FLAT), prior=prior)


def _compose(
    function: Any, name: str, networks: dict[str, Any], optimizers: dict[str, Any], game: dict[str, Any], **fields: Any
) -> Recipe:
    """A recipe that says of itself what its function does; where somebody competes, by the non-saturating GAN."""
    chosen = {"divergence": {"name": "non_saturating"}, "augmentation": None} | fields
    about = function.__doc__.split("\n")[0]
    return Recipe(name, about, networks=networks, optimizers=optimizers, game=game, **chosen)
