"""Defects in f-divergences: conjugates, activations, and what else theory says of them."""

from .mutant import Mutant

VARIATIONAL, PARAMETRIC = "terms/divergences/f_divergences.py", "terms/divergences/f_divergences.py"
LAW, IDENTITY = "oracles/test_variational.py::test_", "oracles/test_divergence_identities.py::test_"
CONJUGATE = (LAW + "conjugate_is_u_t_minus_f_where_f_has_slope_t",)
PRICE = (LAW + "price_is_the_conjugate_of_the_activation",)
BOUND = (LAW + "the_bound_is_attained_by_the_best_critic",)

DIVERGENCES = (
    Mutant(
        "kl-conjugate-off-by-e",
        VARIATIONAL,
        "conjugate=lambda t: exp(t - 1),",
        "conjugate=lambda t: exp(t),",
        CONJUGATE,
        "exp t for exp(t - 1)",
    ),
    Mutant(
        "kl-price-off-by-e",
        VARIATIONAL,
        "fake_loss=lambda v: exp(v - 1),",
        "fake_loss=lambda v: exp(v),",
        BOUND,
        "the same in what the critic pays",
    ),
    Mutant(
        "reverse-kl-activation-falls",
        VARIATIONAL,
        "activation=lambda v: -exp(-v),",
        "activation=lambda v: -exp(v),",
        (LAW + "activation_rises_within_the_domain",),
        "high scores are for fake",
    ),
    Mutant(
        "reverse-kl-slope-at-one",
        VARIATIONAL,
        "derivative_at_one=-1.0,",
        "derivative_at_one=1.0,",
        (LAW + "f_has_the_slope_at_one_that_is_stated",),
        "f'(1) of the other Kullback-Leibler",
    ),
    Mutant(
        "pearson-without-linear-term",
        VARIATIONAL,
        "return relu(t / 2 + 1) ** 2 - 1",
        "return t**2 / 4",
        CONJUGATE,
        "t^2/4 for t^2/4 + t",
    ),
    Mutant(
        "pearson-conjugate-turns-up-again",
        VARIATIONAL,
        "return relu(t / 2 + 1) ** 2 - 1",
        "return t**2 / 4 + t",
        (LAW + "no_u_gives_more_than_the_conjugate_and_one_gives_as_much",),
        "below -2 the best ratio would be negative",
    ),
    Mutant(
        "neyman-halved-price",
        VARIATIONAL,
        "fake_loss=lambda v: -2 * expm1(-v / 2),",
        "fake_loss=lambda v: -expm1(-v / 2),",
        PRICE,
        "1 for 2 before the root",
    ),
    Mutant(
        "neyman-conjugate-factor",
        VARIATIONAL,
        "conjugate=lambda t: 2 * t / (1 + sqrt(1 - t)),",
        "conjugate=lambda t: t / (1 + sqrt(1 - t)),",
        CONJUGATE,
        "half of it",
    ),
    Mutant(
        "hellinger-conjugate-sign",
        VARIATIONAL,
        "conjugate=lambda t: t / (1 - t),",
        "conjugate=lambda t: t / (1 + t),",
        CONJUGATE,
        "the wrong side of its pole",
    ),
    Mutant(
        "jeffreys-without-linear-term",
        VARIATIONAL,
        "return expm1(s) + s",
        "return exp(s) + exp(-s)",
        CONJUGATE,
        "W + 1/W without t - 2",
    ),
    Mutant(
        "jeffreys-newton-stops-early",
        "terms/divergences/f_divergences.py",
        "_STEPS = 6",
        "_STEPS = 1",
        CONJUGATE,
        "Lambert's W to one digit",
    ),
    Mutant(
        "jensen-shannon-is-half-of-itself",
        VARIATIONAL,
        "    form = FDivergence(\n        f=lambda u: xlogy(u, u) - (u + 1) * log((1 + u) / 2),",
        "    return weighted_jensen_shannon(0.5, generator_loss)\n"
        "    form = FDivergence(\n        f=lambda u: xlogy(u, u) - (u + 1) * log((1 + u) / 2),",
        (IDENTITY + "jensen_shannon_estimates_the_first_gan_plus_log_4",),
        "JSD for 2 JSD, consistent in itself",
    ),
    Mutant(
        "total-variation-of-range-two",
        VARIATIONAL,
        "activation=lambda v: tanh(v) / 2,",
        "activation=lambda v: tanh(v),",
        (LAW + "activation_rises_within_the_domain", *PRICE),
        "T leaves the domain of the conjugate",
    ),
    Mutant(
        "alternative-and-exact-exchanged",
        VARIATIONAL,
        "EXACT: lambda real, fake: -form.fake_loss(fake),\n        ALTERNATIVE: lambda real, fake: -form.act",
        "ALTERNATIVE: lambda real, fake: -form.fake_loss(fake),\n        EXACT: lambda real, fake: -form.act",
        (LAW + "generators_lower_the_bound_exactly_or_raise_what_the_critic_says_of_samples",),
        "the generator's two losses bear each other's names",
    ),
    Mutant(
        "conjugate-of-the-real-side",
        VARIATIONAL,
        "critic=lambda real, fake: form.fake_loss(fake) - form.activation(real),",
        "critic=lambda real, fake: form.fake_loss(real) - form.activation(fake),",
        BOUND,
        "E_p f*(T) - E_q T",
    ),
    Mutant(
        "alpha-exponent",
        PARAMETRIC,
        "expm1(alpha / (alpha - 1) * log1p(base)) / alpha",
        "expm1((alpha - 1) / alpha * log1p(base)) / alpha",
        CONJUGATE,
        "its inverse",
    ),
    Mutant(
        "weighted-jensen-shannon-shares-exchanged",
        PARAMETRIC,
        "fake_loss=lambda v: (1 - pi) * (math.log(1 - pi) - logsigmoid(-v)),",
        "fake_loss=lambda v: pi * (math.log(pi) - logsigmoid(-v)),",
        PRICE,
        "the model has the data's share",
    ),
)
