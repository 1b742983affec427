"""f-divergences in their variational form (Nowozin et al. 2016)."""

import math
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, exp, expm1, log, log1p, sqrt, tanh
from torch.nn.functional import logsigmoid, relu, sigmoid
from torch.special import xlogy

from ...core.errors import Refusal, nearest
from .base import LIKELIER, Divergence, FDivergence

_STEPS = 6  # of Newton: from an error below 0.7 to rounding


def log_ratio(t: Tensor) -> Tensor:
    """The s with 1 + s - e^(-s) = t, that is -log W(e^(1-t)): log u of the ratio u with f'(u) = t."""
    return _LogRatio.apply(t)


class _LogRatio(torch.autograd.Function):
    """The function and its derivative, the sigmoid of its value, which can be differentiated again."""

    generate_vmap_rule = True

    @staticmethod
    def forward(t: Tensor) -> Tensor:
        s = relu(t - 1) - torch.log1p(relu(1 - t))
        for _ in range(_STEPS):
            s = s - (s - expm1(-s) - t) * sigmoid(s)
        return s

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (s,) = ctx.saved_tensors
        return gradient * sigmoid(s)


EXACT, ALTERNATIVE = "exact", "alternative"

_MEANING = (
    "minus it bounds the {measures} from below: at rest it is {at}. It follows the quality of samples as far as the "
    "critic keeps up.",
    "at rest it is {at}. It is half of a bound whose other half it cannot move, so it does not say how good samples "
    "are.",
)


def variational(
    form: FDivergence, generator_loss: str, measures: str, supremum: float | None = None, unsaturated: str = ""
) -> Divergence:
    """The divergence of a variational form: a lower bound that the critic raises.

    The generator lowers that bound (`exact`), or raises T on its samples (`alternative`; the paper's section 3.2).
    `unsaturated` holds for the exact loss only: the gradient of the alternative one does not vanish.
    """
    generators = {
        EXACT: lambda real, fake: -form.fake_loss(fake),
        ALTERNATIVE: lambda real, fake: -form.activation(fake),
    }
    if generator_loss not in generators:
        raise Refusal(f"No generator_loss is called {generator_loss!r}.{nearest(generator_loss, generators)}")
    return Divergence(
        critic=lambda real, fake: form.fake_loss(fake) - form.activation(real),
        generator=generators[generator_loss],
        estimate=lambda loss: -loss,
        measures=measures,
        f_divergence=form,
        supremum=supremum,
        signed_scores=form.signed,
        rest=form.score_at_one,
        unsaturated=unsaturated if generator_loss == EXACT else "",
        log_ratio=form.log_ratio,
        score="an increasing function of p_data / p_model ({name}), which is inverted",
        meaning=_MEANING,
    )


def kl(generator_loss: str = EXACT) -> Divergence:
    """Kullback-Leibler from data to model: missing data costs most (Nowozin et al. 2016)."""
    form = FDivergence(
        f=lambda u: xlogy(u, u),
        activation=lambda v: v,
        conjugate=lambda t: exp(t - 1),
        derivative_at_one=1.0,
        optimal_output=lambda u: 1 + log(u),
        optimal_score=lambda u: 1 + log(u),
        fake_loss=lambda v: exp(v - 1),
    )
    return variational(form, generator_loss, "KL(data || model), in nats")


def reverse_kl(generator_loss: str = EXACT) -> Divergence:
    """Kullback-Leibler, model to data: a model that strays from the data pays most (Nowozin et al. 2016)."""
    form = FDivergence(
        f=lambda u: -log(u),
        activation=lambda v: -exp(-v),
        conjugate=lambda t: -1 - log(-t),
        domain=(-math.inf, 0.0),
        derivative_at_one=-1.0,
        optimal_output=lambda u: -1 / u,
        optimal_score=log,
        fake_loss=lambda v: v - 1,
    )
    return variational(form, generator_loss, "KL(model || data), in nats")


def pearson(generator_loss: str = EXACT) -> Divergence:
    """Pearson's chi-squared, the integral of (p - q)^2 / q with data p and model q (Nowozin et al. 2016)."""

    def conjugate(t: Tensor) -> Tensor:  # below -2 no u > 0 attains the supremum: f* stays at -f(0) = -1
        return relu(t / 2 + 1) ** 2 - 1

    form = FDivergence(
        f=lambda u: (u - 1) ** 2,
        activation=lambda v: v,
        conjugate=conjugate,
        optimal_output=lambda u: 2 * (u - 1),
        optimal_score=lambda u: 2 * (u - 1),
        fake_loss=conjugate,
    )
    return variational(form, generator_loss, "Pearson chi-squared, the integral of (p - q)^2 / q")


def neyman(generator_loss: str = EXACT) -> Divergence:
    """Neyman's chi-squared, the integral of (p - q)^2 / p with data p and model q (Nowozin et al. 2016)."""
    form = FDivergence(
        f=lambda u: (1 - u) ** 2 / u,
        activation=lambda v: -expm1(-v),
        conjugate=lambda t: 2 * t / (1 + sqrt(1 - t)),
        domain=(-math.inf, 1.0),
        optimal_output=lambda u: 1 - u**-2,
        optimal_score=lambda u: 2 * log(u),
        fake_loss=lambda v: -2 * expm1(-v / 2),
    )
    return variational(form, generator_loss, "Neyman chi-squared, the integral of (p - q)^2 / p")


def squared_hellinger(generator_loss: str = EXACT) -> Divergence:
    """Squared Hellinger distance, the integral of (sqrt p - sqrt q)^2 (Nowozin et al. 2016).

    A fake score v costs e^v - 1: training is fragile.
    """
    form = FDivergence(
        f=lambda u: (sqrt(u) - 1) ** 2,
        activation=lambda v: -expm1(-v),
        conjugate=lambda t: t / (1 - t),
        domain=(-math.inf, 1.0),
        optimal_output=lambda u: 1 - 1 / sqrt(u),
        optimal_score=lambda u: log(u) / 2,
        fake_loss=expm1,
    )
    return variational(form, generator_loss, "squared Hellinger distance, at most 2", supremum=2.0)


def jeffreys(generator_loss: str = EXACT) -> Divergence:
    """The sum of both Kullback-Leibler divergences, the integral of (p - q) log(p / q) (Nowozin et al. 2016)."""

    def conjugate(t: Tensor) -> Tensor:  # W(e^(1-t)) + 1 / W(e^(1-t)) + t - 2, with s = -log W
        s = log_ratio(t)
        return expm1(s) + s

    form = FDivergence(
        f=lambda u: (u - 1) * log(u),
        activation=lambda v: v,
        conjugate=conjugate,
        optimal_output=lambda u: 1 + log(u) - 1 / u,
        optimal_score=lambda u: 1 + log(u) - 1 / u,
        fake_loss=conjugate,
    )
    return variational(form, generator_loss, "Jeffreys divergence KL(data || model) + KL(model || data), in nats")


def jensen_shannon(generator_loss: str = EXACT) -> Divergence:
    """Twice the Jensen-Shannon divergence, as in the f-GAN paper (Nowozin et al. 2016)."""
    form = FDivergence(
        f=lambda u: xlogy(u, u) - (u + 1) * log((1 + u) / 2),
        activation=lambda v: math.log(2) + logsigmoid(v),
        conjugate=lambda t: -log1p(-expm1(t)),
        domain=(-math.inf, math.log(2)),
        optimal_output=lambda u: log(2 * u / (1 + u)),
        optimal_score=log,
        fake_loss=lambda v: -math.log(2) - logsigmoid(-v),
    )
    measures = "twice the Jensen-Shannon divergence, in nats, at most log 4 = 1.386"
    return variational(form, generator_loss, measures, supremum=2 * math.log(2))


def gan(generator_loss: str = EXACT) -> Divergence:
    """The first GAN's own value, 2 JSD - log 4: minimax, or with `alternative` non_saturating (Nowozin et al. 2016)."""
    form = FDivergence(
        f=lambda u: xlogy(u, u) - (u + 1) * log(u + 1),
        activation=logsigmoid,
        conjugate=lambda t: log1p(1 / expm1(-t)),
        domain=(-math.inf, 0.0),
        derivative_at_one=-math.log(2),
        optimal_output=lambda u: log(u / (u + 1)),
        optimal_score=log,
        fake_loss=lambda v: -logsigmoid(-v),
    )
    measures = "2 JSD - log 4, in nats, from -1.386 where data and model agree to 0"
    return variational(form, generator_loss, measures, unsaturated="non_saturating")


def total_variation(generator_loss: str = EXACT) -> Divergence:
    """Half the integral of |p - q|; scores saturate, so the generator's gradient may vanish (Nowozin et al. 2016)."""
    form = FDivergence(
        f=lambda u: (u - 1).abs() / 2,
        activation=lambda v: tanh(v) / 2,
        conjugate=lambda t: t,
        domain=(-0.5, 0.5),
        derivative_at_one=0.0,  # any value from -1/2 to 1/2
        optimal_output=lambda u: torch.sign(u - 1) / 2,
        optimal_score=lambda u: torch.copysign(torch.full_like(u, math.inf), u - 1),
        fake_loss=lambda v: tanh(v) / 2,
    )
    bound = variational(form, generator_loss, "total variation, at most 1", supremum=1.0)
    return replace(bound, generator_rests=False, log_ratio=None, score=LIKELIER)


def alpha(alpha: float = 0.5, generator_loss: str = EXACT) -> Divergence:
    """Alpha-divergences, f = (u^a - 1 - a(u-1)) / (a(a-1)): near 0 reverse KL, near 1 KL (Nowozin et al. 2016).

    `alpha` is any number but 0 and 1: -1 is half of Neyman, 0.5 twice squared Hellinger, 2 half of Pearson. Above 1
    T is the score, as in the paper; below, T = (1 - e^(-kv)) / (1 - a), since f* of the paper's overflows near 1.
    """
    if alpha in (0.0, 1.0) or not math.isfinite(alpha):
        others = {0.0: ": take the divergence reverse_kl, its limit", 1.0: ": take the divergence kl, its limit"}
        raise Refusal(f"alpha has alpha = {alpha:g}{others.get(alpha, ': a finite number is needed')}.")
    form = FDivergence(
        f=lambda u: (u**alpha - 1 - alpha * (u - 1)) / (alpha * (alpha - 1)),
        activation=lambda v: v,
        conjugate=lambda t: _conjugate(alpha, t),
        optimal_output=lambda u: expm1((alpha - 1) * log(u)) / (alpha - 1),
        optimal_score=lambda u: expm1((alpha - 1) * log(u)) / (alpha - 1),
        fake_loss=lambda v: _conjugate(alpha, v),
    )
    if alpha < 1:  # where not every number is in the domain: the score is k log u, and neither exponent exceeds it
        k = max(alpha, 1 - alpha)
        form = replace(
            form,
            domain=(-math.inf, 1 / (1 - alpha)),
            activation=lambda v: -expm1((alpha - 1) / k * v) / (1 - alpha),
            optimal_score=lambda u: k * log(u),
            fake_loss=lambda v: expm1(alpha / k * v) / alpha,
        )
    return variational(form, generator_loss, f"alpha-divergence of alpha = {alpha:g}")


def weighted_jensen_shannon(pi: float = 0.5, generator_loss: str = EXACT) -> Divergence:
    """Jensen-Shannon with shares pi of data and 1 - pi of model in the mixture m (Nowozin et al. 2016).

    pi KL(p || m) + (1 - pi) KL(q || m), where `pi` is the share of the data, between 0 and 1: half of jensen_shannon at
    0.5. The score is the logit of "real" under these shares: T = pi (log sigmoid(v) - log pi), with pi inside, too.
    """
    if not 0 < pi < 1:
        raise Refusal(f"weighted_jensen_shannon has pi = {pi:g}: a share between 0 and 1 is needed.")
    entropy = -pi * math.log(pi) - (1 - pi) * math.log(1 - pi)

    def mixture(u: Tensor) -> Tensor:
        return 1 - pi + pi * u

    form = FDivergence(
        f=lambda u: pi * xlogy(u, u) - xlogy(mixture(u), mixture(u)),
        activation=lambda v: -pi * math.log(pi) + pi * logsigmoid(v),
        conjugate=lambda t: -(1 - pi) * log1p(-pi / (1 - pi) * expm1(t / pi)),
        domain=(-math.inf, -pi * math.log(pi)),
        optimal_output=lambda u: pi * (log(u) - log(mixture(u))),
        optimal_score=lambda u: log(u) + math.log(pi / (1 - pi)),
        fake_loss=lambda v: (1 - pi) * (math.log(1 - pi) - logsigmoid(-v)),
    )
    measures = f"Jensen-Shannon divergence with shares {pi:g} and {1 - pi:g}, in nats, at most {entropy:.4g}"
    return variational(form, generator_loss, measures, supremum=entropy)


def _conjugate(alpha: float, t: Tensor) -> Tensor:
    """((1 + (a-1) t)_+ ^ (a/(a-1)) - 1) / a, with finite gradients where the base is 0."""
    inside = (alpha - 1) * t > -1
    base = torch.where(inside, (alpha - 1) * t, 0.0)
    return torch.where(inside, expm1(alpha / (alpha - 1) * log1p(base)) / alpha, -1 / alpha)


F_DIVERGENCES = (
    *(kl, reverse_kl, pearson, neyman, squared_hellinger, jeffreys, jensen_shannon, gan, total_variation),
    *(alpha, weighted_jensen_shannon),
)
