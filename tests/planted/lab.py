"""Defects that make an experiment of the laboratory fail."""

from .mutant import Mutant

F, GAN = "terms/divergences/f_divergences.py", "terms/divergences/gan_losses.py"
REPLAY = "lab/test_experiments.py::test_every_claim_holds_and_is_the_one_of_the_stored_record"

LAB = (
    Mutant(
        "kl-and-reverse-kl-swapped",
        F,
        "f=lambda u: xlogy(u, u),",
        "f=lambda u: -log(u),",
        (REPLAY,),
        "the fit that covers both peaks becomes the one that chooses",
    ),
    Mutant(
        "log-d-saturates",
        GAN,
        "generator=lambda real, fake: softplus(-fake),",
        "generator=lambda real, fake: -softplus(fake),",
        (REPLAY,),
        "the first GAN's loss in the place of -log D",
    ),
    Mutant(
        "draws-without-a-path",
        "core/posteriors.py",
        "return self.mean + (self.log_variance / 2).exp() * torch.randn_like(self.mean)",
        "return self.mean.detach() + (self.log_variance / 2).exp() * torch.randn_like(self.mean)",
        (REPLAY,),
        "no gradient passes through the draw",
    ),
    Mutant(
        "gradient-norm-two",
        "terms/penalties.py",
        "excess = _gradient_norm(duel, between) - target_norm",
        "excess = _gradient_norm(duel, between) - 2 * target_norm",
        ("lab/test_laws.py::test_between_two_points_each_penalty_has_the_gradient_norm_of_its_formula",),
        "critics are asked for twice the gradient norm",
    ),
    Mutant(
        "r1-of-half-the-weight",
        "terms/penalties.py",
        "return GradientPenalty(lambda duel: weight / 2 * _squared_norm(duel, real))",
        "return GradientPenalty(lambda duel: weight / 4 * _squared_norm(duel, real))",
        ("lab/test_laws.py::test_friction_has_the_eigenvalue_of_its_formula",),
        "half of the friction",
    ),
    Mutant(
        "beta1-ignored",
        "training/optimizers.py",
        "return torch.optim.Adam(parameters, lr=lr, betas=(float(beta1), float(beta2)), eps=eps, fused=True)",
        "return torch.optim.Adam(parameters, lr=lr, betas=(0.5, float(beta2)), eps=eps, fused=True)",
        ("lab/test_laws.py::test_momentum_alone_goes_uphill",),
        "every Adam has the momentum of DCGAN",
    ),
    Mutant(
        "gradient-of-the-penalty-detached",
        "terms/penalties.py",
        "return input_gradient(duel.critic, sampler(duel.real, duel.fake), scores)",
        "return input_gradient(duel.critic, sampler(duel.real, duel.fake), scores).detach()",
        ("lab/test_chapter_1.py::test_a_penalized_critic_between_lines_measures_their_distance",),
        "nothing bounds the critic between two lines",
    ),
    Mutant(
        "minimax-without-its-logarithm",
        GAN,
        "generator=lambda real, fake: -softplus(fake),",
        "generator=lambda real, fake: -fake.sigmoid(),",
        ("lab/test_chapter_1.py::test_at_each_sample_the_log_losses_differ_by_the_odds",),
        "1 - D is minimized in the place of log(1 - D)",
    ),
    Mutant(
        "latents-added-in-the-place-of-subtracted",
        "lab/experiments/latent_arithmetic.py",
        "result = means[0] - means[1] + means[2]",
        "result = means[0] + means[1] + means[2]",
        ("lab/test_laws.py::test_traits_that_planes_split_add_up_as_often_as_the_formula_says",),
        "nothing is taken away",
    ),
    Mutant(
        "judge-of-the-farthest-face",
        "data/datasets/faces.py",
        "correlation(x).argmax(dim=1)",
        "correlation(x).argmin(dim=1)",
        ("oracles/test_data_files.py::test_attributes_of_drawn_faces_are_read_off_their_pixels",),
        "attributes of the template that is least like a picture",
    ),
)
