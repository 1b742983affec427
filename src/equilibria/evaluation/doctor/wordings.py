"""What is said of the losses of each formulation; `{at}` is where they come to rest."""

from collections.abc import Mapping

SHIFTED = (
    "wasserstein",
    "hinge",
    "total_variation",
)  # the generator's loss moves with the critic's scores, which have no zero
_OVER_SCORES = "minus its samples' mean score, which has no zero, so neither its size nor its course says anything"

_LOG_CRITIC = (
    "at rest it is {at}, where it gives everything probability .5; towards 0 it tells every sample from data, which "
    "is no good sign. At its best it is 2 log 2 less twice the Jensen-Shannon divergence."
)
TEXTS: Mapping[str, tuple[str, str]] = {
    "minimax": (
        _LOG_CRITIC,
        "at rest it is {at}, and 0 where the critic knows every sample: there its gradient is gone, too. It does not "
        "say how good samples are.",
    ),
    "non_saturating": (
        _LOG_CRITIC,
        "at rest it is {at}. Rising means that the critic is ahead, not that samples get worse: it does not say how "
        "good they are.",
    ),
    "least_squares": (
        "at rest it is {at}, where every score lies halfway between the codes of data and of samples; 0 where it "
        "tells all of them apart.",
        "at rest it is {at}. It is measured by a critic that changes, so it does not say how good samples are.",
    ),
    "hinge": (
        "at rest it is {at}; 0 where all data score above 1 and all samples below -1. Half of what it lacks to 2 is "
        "the estimate of the total variation.",
        f"{_OVER_SCORES}.",
    ),
    "wasserstein": (
        "minus it is the estimate of the Wasserstein distance, up to the critic's slope: {at} at rest. It is what to "
        "watch: large at first, it should fall towards 0 as samples get better, if the critic keeps up and its slope "
        "stays.",
        f"{_OVER_SCORES}.",
    ),
    "relativistic": (
        "at rest it is {at}, where no pair of a real and a generated sample can be put in order; 0 where each can.",
        "at rest it is {at}. Rising means that the critic is ahead, not that samples get worse.",
    ),
    "relativistic_average": (
        "at rest it is {at}, where no sample stands out from the mean of the other side; 0 where each does.",
        "at rest it is {at}. Rising means that the critic is ahead, not that samples get worse.",
    ),
}
BOUND = (
    "minus it bounds the {measures} from below: at rest it is {at}. It follows the quality of samples as far as the "
    "critic keeps up."
)
BOUNDED = (
    "at rest it is {at}. It is half of a bound whose other half it cannot move, so it does not say how good samples "
    "are."
)
PAIR = (
    "Pair: it minimizes the critic's loss with the sides exchanged (or negated, where that is the game), and rests "
    "where the critic does. It does not say how good samples are."
)
SGAN = (
    "Critic: cross-entropy of the labels that are known, in nats, and telling data from samples; the share of "
    "held-out samples whose class it mistakes is what to watch. Generator: a distance of mean features, which moves "
    "with the critic."
)
_ELBO = (
    "all in nats a sample. The elbo, -(reconstruction + kl), bounds the log-likelihood from below: higher is better, "
    "on held-out data, too, and runs on the same data can be compared by it. Of densities it may be positive. A kl "
    "near 0 says that latents are not used."
)
LIKELIHOODS: Mapping[str, str] = {
    "vae": f"Autoencoder: {_ELBO}",
    "iwae": (
        "Autoencoder: all in nats a sample. The bound lies between the elbo and the log-likelihood: higher is better, "
        "on held-out data, too, and it rises with the number of draws by itself (Burda et al. 2016, theorem 1)."
    ),
}
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
