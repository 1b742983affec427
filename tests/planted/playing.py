"""Defects in how a round is played."""

from .mutant import Mutant

MOVES, RULES, OPTIMIZERS = "training/step.py", "training/update_rules.py", "training/optimizers.py"
CONSENSUS, LOOP = "training/update_rules.py", "training/loop.py"
FORM, LAW = "properties/test_rules_closed_forms.py::test_", "properties/test_rules.py::test_"
ROUNDS, STEPS = "properties/test_loop.py::test_", "properties/test_rules_optimizers.py::test_"
AGREED = (FORM + "on_the_bilinear_game_every_round_scales_the_norm",)
LOOKED = (FORM + "extragradient_steps_from_where_it_was_along_the_gradient_ahead",)

PLAYING = (
    Mutant(
        "nobody-is-frozen",
        "games/game.py",
        "            _require_grad(parameters, False)\n",
        "            _require_grad(parameters, True)\n",
        (ROUNDS + "no_gradient_is_built_for_a_network_that_does_not_move",),
        "a critic's loss reaches the generator",
    ),
    Mutant(
        "turns-ignored",
        LOOP,
        "for _ in range(turns):",
        "for _ in range(min(turns, 1)):",
        (ROUNDS + "turns_may_depend_on_the_round",),
        "n_critic is one",
    ),
    Mutant(
        "simultaneous-players-have-a-draw-each",
        MOVES,
        "        gradients.append(take_gradients(parameters))\n    run.draws += 1\n",
        "        gradients.append(take_gradients(parameters))\n        run.draws += 1\n",
        (LAW + "players_who_move_at_once_see_one_draw_and_one_point",),
        "no joint gradient of one batch",
    ),
    Mutant(
        "simultaneous-is-alternating",
        RULES,
        "return Rule(move)",
        "return Rule(move, one_by_one)",
        AGREED,
        "the generator sees where the critic has gone",
    ),
    Mutant(
        "alternating-is-simultaneous",
        RULES,
        "return Rule(move, one_by_one)",
        "return Rule(move)",
        (FORM + "alternating_descent_stays_on_its_ellipse",),
        "it spirals out",
    ),
    Mutant(
        "extragradient-does-not-return",
        RULES,
        "torch._foreach_copy_(parameters, here)",
        "torch._foreach_copy_(here, parameters)",
        LOOKED,
        "two steps of descent",
    ),
    Mutant(
        "extragradient-looks-and-stays",
        RULES,
        "    move(run, players)\n    gradients_there = differentiate(run, players)",
        "    run.draws += 1\n    gradients_there = differentiate(run, players)",
        LOOKED,
        "the gradient here for the one ahead",
    ),
    Mutant(
        "consensus-uphill",
        CONSENSUS,
        "gradient.add_(correction, alpha=weight)",
        "gradient.add_(correction, alpha=-weight)",
        AGREED,
        "away from where v vanishes",
    ),
    Mutant(
        "consensus-without-the-half",
        CONSENSUS,
        "gradient.add_(correction, alpha=weight)",
        "gradient.add_(correction, alpha=2 * weight)",
        AGREED,
        "the gradient of |v|^2 for that of |v|^2 / 2",
    ),
    Mutant(
        "optimistic-sign",
        OPTIMIZERS,
        "torch._foreach_sub_(weights, [optimizer.state[p]",
        "torch._foreach_add_(weights, [optimizer.state[p]",
        (FORM + "optimistic_descent_contracts_as_its_recurrence_does",),
        "the last step is taken again",
    ),
    Mutant(
        "adam-without-bias-correction",
        OPTIMIZERS,
        "return torch.optim.Adam(parameters, lr=lr, betas=(float(beta1), float(beta2)), eps=eps, fused=True)",
        "return torch.optim.RMSprop(parameters, lr=lr * (1 - beta1), alpha=beta2, momentum=beta1, eps=eps)",
        (STEPS + "optimistic_adam_steps_twice_and_takes_the_last_step_back",),
        "moments are those of a start at zero",
    ),
    Mutant(
        "adam-s-moments-exchanged",
        OPTIMIZERS,
        "betas=(float(beta1), float(beta2))",
        "betas=(float(beta2), float(beta1))",
        (STEPS + "optimistic_adam_steps_twice_and_takes_the_last_step_back",),
        "beta2 for the mean, beta1 for the square",
    ),
    Mutant(
        "gradients-of-processes-summed",
        "core/distributed.py",
        "(flat / world_size()).split",
        "flat.split",
        ("properties/test_rules_processes.py",),
        "two processes step twice as far",
    ),
    Mutant(
        "every-process-draws-the-same",
        MOVES,
        "reseed(run.seed, run.draws, rank())",
        "reseed(run.seed, run.draws, 0)",
        ("properties/test_rules_processes.py",),
        "latents of two processes are copies",
    ),
    Mutant(
        "epochs-in-one-order",
        "data/batches.py",
        "torch.randperm(len(self.data.x), generator=generator(self.seed, epoch))",
        "torch.arange(len(self.data.x))",
        ("properties/test_stream.py::test_epochs_are_shuffled_anew",),
        "data are never shuffled",
    ),
)
