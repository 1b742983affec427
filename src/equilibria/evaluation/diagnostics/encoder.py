"""The encoder: reconstruction, agreement with the generator, posterior."""

import torch
from torch import Tensor

from ...core.posteriors import Gaussian
from ...games.vae import ACTIVE
from .base import GameState, Values


@torch.no_grad()
def agreement(state: GameState) -> Values:
    """Distances of samples to their reconstructions, and of latents to the codes of their samples.

    `sample` is the mean distance of a held-out x and G(E(x)), `code` is that of a latent z and E(G(z)), each over the
    mean distance to another of the batch: 0 if encoder and generator are inverse, as those of an optimal BiGAN are
    (Donahue et al. 2017, theorem 2), about 1 if they are unrelated. E is the mean of the posterior.
    """
    networks = state.game.networks
    if not state.encoder_inverts or not {"encoder", "generator"} <= set(networks):
        return {}
    play = state.held_out_play(0)
    reconstruction = networks["generator"](play.posterior.mean, play.y)
    code = networks["encoder"](play.fake, play.y).mean
    return {"sample": _relative_distance(play.x, reconstruction), "code": _relative_distance(play.z, code)}


def _relative_distance(these: Tensor, those: Tensor) -> float:
    """The mean distance of pairs, of (B, ...) and (B, ...), over that of different rows of the first."""
    near, far = ((these - other).flatten(1).norm(dim=1).mean() for other in (those, these.roll(1, dims=0)))
    return float(near / far.clamp(min=1e-12))


@torch.no_grad()
def posterior(state: GameState) -> Values:
    """How much information the latents carry: none if the posterior has collapsed onto the prior.

    `kl` is the mean divergence of the posterior from a normal prior, in nats, if the posterior is Gaussian;
    `active_units` is how many of the `of` latent dimensions have a posterior mean that varies over held-out data, with
    a variance above .01 (Burda et al. 2016, section 5); `used` is the share of the samples' variance that
    reconstructions explain: 0 if all are alike.
    """
    if "encoder" not in state.game.networks or not state.encoder_inverts:
        return {}
    plays = [state.held_out_play(i) for i in range(state.batches)]
    means = torch.cat([play.posterior.mean for play in plays])
    x = torch.cat([play.x for play in plays])
    reconstructions = torch.cat([play.networks["generator"](play.posterior.mean, play.y) for play in plays])
    variance = (x - x.mean(dim=0)).square().mean().clamp(min=1e-12)
    values: Values = {
        "active_units": int((means.var(dim=0) > ACTIVE).sum()),
        "of": means.shape[1],
        "used": float(1 - (x - reconstructions).square().mean() / variance),
    }
    normal = [play for play in plays if play.prior.is_normal or "prior" in play.networks]
    kls = [p.divergence(play.latent_prior).sum(dim=1) for play in normal if isinstance(p := play.posterior, Gaussian)]
    return {"kl": float(torch.cat(kls).mean())} | values if kls else values
