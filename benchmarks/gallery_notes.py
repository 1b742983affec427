"""When to use each divergence and penalty: the lines that the gallery prints."""

NOTES = {
    "minimax": "To see the first GAN's gradient vanish: a confident critic leaves the generator none (Arjovsky and "
    "Bottou 2017). Not for use.",
    "non_saturating": "The plain GAN that works; start here without a penalty.",
    "least_squares": "Steadier than logarithms on images: distant samples are pulled in, not ignored.",
    "hinge": "With a spectrally normalized critic, the usual choice for large conditional models.",
    "wasserstein": "If the loss should show progress; needs a bound on the critic's gradient norm: clipping here, "
    "better `--penalty gradient_penalty`.",
    "relativistic": "With r1 and r2 today's default (recipe `r3gan`): no mode can be dropped unnoticed.",
    "relativistic_average": "Compares real with the mean fake: between the GAN and relativistic pairs.",
    "kl": "To cover all of the data, at the cost of samples between modes. Its loss is exponential in the "
    "score: keep learning rates small.",
    "reverse_kl": "To draw likely samples only, at the cost of modes.",
    "pearson": "Covers like KL, more so: outliers of the data weigh quadratically.",
    "neyman": "Precise like the reverse KL, more so.",
    "squared_hellinger": "For tables of distances, not for training: the generator's loss is exponential in the score, "
    "or starves the generator. Its authors report that it fails on MNIST (Nowozin et al. 2016).",
    "jeffreys": "KL in both directions, and it grows as fast as both. Its authors report that it fails on MNIST "
    "(Nowozin et al. 2016).",
    "jensen_shannon": "The GAN's divergence in its own units (2 JSD): to compare with the paper. It saturates.",
    "gan": "Minimax as an f-divergence: 2 JSD - log 4. Saturates.",
    "total_variation": "Bounded scores; almost no gradient between separate supports. For study, not for use.",
    "alpha": "From reverse KL (alpha to 0) to KL (alpha to 1) and Pearson (alpha 2): to choose between precision "
    "and coverage.",
    "weighted_jensen_shannon": "Jensen-Shannon with unequal shares: pi near 0 leans to KL, near 1 to reverse KL.",
    "gradient_penalty": "Gradient norm one: made for `--divergence wasserstein`, useful with others (WGAN-GP).",
    "divergence_penalty": "No target norm to choose; made for `--divergence wasserstein` (WGAN-div).",
    "r1": "Zero gradient on the data: the penalty that makes GANs converge locally.",
    "r2": "Zero gradient on the samples: the companion of r1.",
    "dragan": "Gradient norm one around the data, for GANs that are not Wasserstein.",
    "zero_centered": "Zero gradient between data and samples: generalizes better than r1 alone.",
    "lecam": "For little data: keeps the critic's scores from drifting apart.",
}
