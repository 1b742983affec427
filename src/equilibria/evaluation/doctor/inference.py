"""Encoders that say nothing, or not what the generator would."""

from ...records.history import History
from . import flags
from .base import CERTAIN, LIKELY, POSSIBLE, Finding
from .reasons import diagnosed


def posterior_collapse(history: History) -> Finding | None:
    """The encoder answers the same for every sample, so latents say nothing."""
    kl, active = history.series("posterior", "kl"), history.series("posterior", "active_units")
    first = kl.since(lambda nats: nats < 0.1) if len(kl) else active.since(lambda count: count < 1)
    if first is None:
        return None
    game = flags.game(history)
    beta = game.get("beta", game.get("kl", 1.0))
    options = flags.game_traits(history).get("options", ())
    name = "kl" if "kl" in options else "beta"
    eased = flags.say(name, 1.0 if beta > 1 else 0.5)
    warmed = flags.say("warmup", max(history.rounds // 5, 1))
    return diagnosed(
        "posterior_collapse",
        "The posterior has collapsed: the encoder answers alike for every sample, and latents say nothing of them.",
        CERTAIN,
        (
            kl.said("KL of posterior and prior, in nats"),
            active.said("coordinates of the latent in use", ".0f"),
        ),
        (f"Let the KL weigh less, or later: {eased}" + (f" or {warmed}." if "warmup" in options else ".")),
        first,
    )


def disagreement(history: History) -> Finding | None:
    """The generator does not make of an encoder's answer what the encoder was shown."""
    sample = history.series("agreement", "sample")
    first = sample.since(lambda distance: distance > 0.65)
    whole = flags.game_traits(history).get("encoder_output", "latents") == "latents"
    if first is None or not whole or not flags.divergence(history):  # an autoencoder's own loss tells of likeness
        return None
    code = history.series("agreement", "code")
    longer = flags.say("rounds", 4 * max(history.rounds, 1))
    return diagnosed(
        "disagreement",
        "Encoder and generator disagree: what the generator makes of E(x) has little to do with x.",
        LIKELY if sample.late.median > 1 else POSSIBLE,
        (
            sample.said("distance of x and G(E(x)), in that of two data"),
            code.said("distance of z and E(G(z)), in that of two latents"),
        ),
        (f"Play longer, {longer}, and keep the critic of pairs flat: {flags.flatten(history)}."),
        first,
    )
