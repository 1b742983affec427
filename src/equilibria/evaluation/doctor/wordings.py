"""What is said of losses of any formulation; `{at}` is where they come to rest."""

from collections.abc import Mapping

PAIR = (
    "it minimizes the critic's loss with the sides exchanged (or negated, where that is the game), and rests "
    "where the critic does. It does not say how good samples are."
)
OTHERS: Mapping[str, str] = {
    "class": "class: cross-entropy of labels, in nats; 0 where all are told.",
    "reconstruction": (
        "reconstruction: minus the log-likelihood of data given their codes, in nats a sample; lower is better."
    ),
    "kl": "kl: from posterior to prior, in nats a sample; near 0 latents are not used.",
    "likeness": "likeness: half the squared distance in a layer of the critic; it moves with the critic.",
    "information": (
        "information: a bound on what samples tell of the code, in nats; higher is better, up to its entropy."
    ),
}
PRICES = "what the critic pays for {names} is added to its loss as a price, weighted: small is no aim of its own."
