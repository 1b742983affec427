"""Defects in what a run keeps, averages and restores."""

from .mutant import Mutant

RUN, AVERAGE = "training/run.py", "training/run.py"
LOOP = "properties/test_loop.py::"
RESUMES = (LOOP + "test_resuming_from_a_saved_state_is_bit_for_bit",)
PACE = ("properties/test_rules.py::test_schedules_come_to_their_end_at_the_pace_that_is_set_and_that_a_run_keeps",)
HALVES, FORGETS = (
    LOOP + f"TestAverage::test_{law}" for law in ("halves_the_distance_in_a_halflife", "forgets_the_initial_weights")
)

REMEMBERING = (
    Mutant(
        "no-reseeding",
        "training/step.py",
        "    reseed(run.seed, run.draws, rank())\n",
        "    rank(), reseed\n",
        RESUMES,
        "a draw depends on what was drawn before",
    ),
    Mutant(
        "draw-counter-forgotten",
        RUN,
        'self.step, self.draws = state["step"], state["draws"]',
        'self.step = state["step"]',
        RESUMES,
        "a resumed run sees its first batches again",
    ),
    Mutant(
        "optimizer-state-forgotten",
        RUN,
        'optimizer.load_state_dict(state["optimizers"][key])',
        "optimizer.state.clear()",
        RESUMES,
        "a resumed run starts with new moments",
    ),
    Mutant(
        "average-forgotten",
        RUN,
        'self.average.load_state_dict(state["average"])',
        "self.average.eval()",
        RESUMES,
        "a resumed run draws from new weights",
    ),
    Mutant(
        "memories-forgotten",
        RUN,
        'self.game.memories.load_state_dict(state["memories"])',
        "self.game.memories.eval()",
        ("oracles/test_lecam.py::test_a_run_keeps_the_averages_and_goes_on_from_them",),
        "penalties and augmentations that remember start anew",
    ),
    Mutant(
        "pace-forgotten",
        RUN,
        "self.pace = int(step), float(place), float(advance)",
        "self.pace = 0, 0.0, 1.0",
        PACE,
        "a resumed run has another learning rate",
    ),
    Mutant(
        "pace-with-a-jump",
        RUN,
        "self.pace = self.step, self.place, max(",
        "self.pace = self.step, float(self.step), max(",
        PACE,
        "a rate jumps where its pace is set",
    ),
    Mutant(
        "schedules-without-a-clock",
        "runs/plan.py",
        "run.set_pace(recipe.rounds, min(rounds,",
        "max(recipe.rounds, min(rounds,",
        ("properties/test_resume.py::test_rates_come_down_before_the_time_is_up_however_slow_the_machine",),
        "on a busy machine the rate stays high",
    ),
    Mutant(
        "average-by-the-wrong-halflife",
        AVERAGE,
        "1 - 0.5 ** (1 / halflife)",
        "1 - 2.718281828 ** (-1 / halflife)",
        (HALVES,),
        "a time constant for a half-life",
    ),
    Mutant(
        "average-share-inverted",
        AVERAGE,
        "share = 1 - 0.5 ** (1 / halflife) if",
        "share = 0.5 ** (1 / halflife) if",
        (HALVES,),
        "the average follows the last round",
    ),
    Mutant(
        "average-remembers-the-start",
        AVERAGE,
        "halflife = min(self.halflife, self.share * step)",
        "halflife = self.halflife",
        (FORGETS,),
        "without the ramp initial weights stay",
    ),
    Mutant(
        "average-of-batch-statistics-by-momentum",
        "networks/norms.py",
        "norm.train().momentum = None",
        "norm.train().momentum = 0.1",
        (LOOP + "TestAverage::test_batch_norm_statistics_are_those_of_the_averaged_network",),
        "late batches count more",
    ),
    Mutant(
        "previews-leave-networks-in-evaluation",
        "runs/trainer.py",
        "networks[name] = copy.deepcopy(network).eval()",
        "networks[name] = network.eval()",
        ("properties/test_session.py::test_looking_leaves_a_run_as_it_was",),
        "norms are frozen from the first preview on",
    ),
    Mutant(
        "best-creeps-upwards",
        "runs/observers.py",
        '"lowest": min(lowest, value)}',
        '"lowest": value}',
        ("properties/test_best.py::test_the_newest_round_within_chance_of_the_lowest_is_the_best",),
        "each round may be worse than the last by chance, without end",
    ),
    Mutant(
        "best-is-the-luckiest",
        "runs/observers.py",
        "lowest + self._chance(name)",
        "lowest",
        ("properties/test_best.py::test_the_newest_round_within_chance_of_the_lowest_is_the_best",),
        "on a plateau the best round is drawn by lot",
    ),
)
