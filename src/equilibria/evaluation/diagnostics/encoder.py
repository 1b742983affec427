"""The encoder: reconstruction, agreement with the generator, posterior."""

import torch
from torch import Tensor

from ...core.posteriors import Gaussian
from ...games.play import Play
from .base import GameState, Values


@torch.no_grad()
def agreement(state: GameState) -> Values:
    """Distances of samples to their reconstructions, and of latents to what is read from their samples.

    `sample` is the mean distance of a held-out x and G(E(x)), `code` is that of a latent z and E(G(z)), each over the
    mean distance to another of the batch: 0 where encoder and generator are inverse, as those of an optimal BiGAN are
    (Donahue et al. 2017, theorem 2), about 1 where they have nothing to do with each other. The encoder answers by its
    mean.
    """
    networks = state.game.networks
    if not state.encoder_inverts or not {"encoder", "generator"} <= set(networks):
        return {}
    play = state.held_out_play(0)
    restored = networks["generator"](play.posterior.mean, play.y)
    read = networks["encoder"](play.fake, play.y).mean
    return {"sample": _apart(play.x, restored), "code": _apart(play.z, read)}


def _apart(these: Tensor, those: Tensor) -> float:
    """The mean distance of pairs, over that of pairs which do not belong together: of (B, ...) and (B, ...)."""
    near, far = _mean_distance(these, those), _mean_distance(these, these.roll(1, dims=0))
    return float(near / far.clamp(min=1e-12))


def _mean_distance(one: Tensor, other: Tensor) -> Tensor:
    return (one - other).flatten(1).norm(dim=1).mean()


_ACTIVE = 0.01  # variance of a coordinate's posterior mean over the data, above which it is in use


@torch.no_grad()
def posterior(state: GameState) -> Values:
    """How much of a held-out sample its latent holds: nothing, where the posterior has collapsed onto the prior.

    `kl` is the mean divergence of the posterior from a normal prior, in nats, where the encoder answers a Gaussian;
    `active_units` is how many of the `of` coordinates have a posterior mean that varies over the data, with a variance
    above .01 (Burda et al. 2016, section 5); `used` is the share of the samples' variance that reconstructions explain:
    0 if all are alike.
    """
    if "encoder" not in state.game.networks or not state.encoder_inverts:
        return {}
    plays = [state.held_out_play(i) for i in range(state.batches)]
    means = torch.cat([play.posterior.mean for play in plays])
    x = torch.cat([play.x for play in plays])
    restored = torch.cat([play.networks["generator"](play.posterior.mean, play.y) for play in plays])
    spread = (x - x.mean(dim=0)).square().mean().clamp(min=1e-12)
    found: dict[str, object] = {
        "active_units": int((means.var(dim=0) > _ACTIVE).sum()),
        "of": means.shape[1],
        "used": float(1 - (x - restored).square().mean() / spread),
    }
    divergences = [divergence for play in plays if (divergence := _divergence(play)) is not None]
    return {"kl": float(torch.cat(divergences).mean())} | found if divergences else found


def _divergence(play: Play) -> Tensor | None:
    """KL(posterior || prior) in nats, (B,), where both are Gaussian."""
    if not isinstance(play.posterior, Gaussian) or not (play.prior.is_normal or "prior" in play.networks):
        return None
    return play.posterior.divergence(play.latent_prior).sum(dim=1)
