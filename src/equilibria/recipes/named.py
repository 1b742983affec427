"""The formulations with a name: what each paper composes. What is our own choice says so."""

from typing import Any

from .recipe import Recipe

GUIDELINES = {"name": "adam", "lr": 2e-4, "beta1": 0.5, "beta2": 0.999}  # DCGAN's (Radford et al. 2016)
STEADY = {"name": "adam", "lr": 1e-3, "beta1": 0.0, "beta2": 0.9}  # momenta: WGAN-GP's; rate: for small networks


def gan() -> Recipe:
    """The first GAN: saturating minimax (Goodfellow et al. 2014, eq. 1); optimizer: DCGAN's, our choice."""
    return compose(gan, "gan", "minimax", GUIDELINES)


def gan_ns() -> Recipe:
    """The usual GAN: non-saturating (Goodfellow et al. 2014, section 3); optimizer: DCGAN's, our choice."""
    return compose(gan_ns, "gan-ns", "non_saturating", GUIDELINES)


def dcgan() -> Recipe:
    """Convolutions, batch norm, U(-1, 1)^100 and Adam 2e-4, beta1 0.5 (Radford et al. 2016)."""
    networks = {"generator": {"name": "dcgan"}, "critic": {"name": "dcgan"}}
    prior = {"name": "uniform", "size": 100}
    return compose(dcgan, "dcgan", "non_saturating", GUIDELINES, prior=prior, batch=128, networks=networks)


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
        STEADY,
        game={"name": "gan", "n_critic": 5},
        penalties={"gradient_penalty": {"name": "gradient_penalty", "weight": "auto"}},
    )


def wgan_div() -> Recipe:
    """Steepness has a price, k = 2, p = 6 (Wu et al. 2018); optimizer and critic moves: WGAN-GP's, our choice."""
    return compose(
        wgan_div,
        "wgan-div",
        "wasserstein",
        STEADY,
        game={"name": "gan", "n_critic": 5},
        penalties={"divergence_penalty": {"name": "divergence_penalty", "weight": 2.0, "power": 6.0}},
    )


def lsgan() -> Recipe:
    """Scores regressed to 0 and 1 (Mao et al. 2017); optimizer: DCGAN's, our choice."""
    return compose(lsgan, "lsgan", "least_squares", GUIDELINES)


def hinge() -> Recipe:
    """Margins and a spectrally normalized critic (Lim and Ye 2017; Miyato et al. 2018); optimizer: our choice."""
    networks = {"generator": {"name": "auto"}, "critic": {"name": "auto", "norm": "spectral"}}
    return compose(hinge, "hinge", "hinge", GUIDELINES, networks=networks)


def r3gan() -> Recipe:
    """Relativistic pairs, flat on data and samples (Huang et al. 2024); rates, weights, schedule's end: our choice."""
    flat = {"r1": {"name": "r1", "weight": 0.1}, "r2": {"name": "r2", "weight": 0.1}}
    return compose(
        r3gan,
        "r3gan",
        "relativistic",
        STEADY | {"lr": 2e-3},
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
