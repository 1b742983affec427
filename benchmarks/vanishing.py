"""What is left of the generator's gradient as its critic learns: `python benchmarks/vanishing.py`, two minutes.

After Arjovsky and Bottou (2017, figure 2): a generator stands still (here at its initial weights: its samples lie in
the middle of the ring) and a critic is trained against it. As Markdown, for each generator's loss: the norm of its
gradient, the mean of eight batches, after so many moves of the critic.
"""

import argparse
import dataclasses
from collections.abc import Iterator

import torch

from equilibria.data import DATASETS
from equilibria.recipes import RECIPES
from equilibria.recipes.build import build
from equilibria.recipes.settings import with_changes
from equilibria.training.loop import run_rounds, training_mode
from equilibria.training.run import Run
from equilibria.training.step import draw, move

MOVES = (1, 10, 100, 1000, 4000)
LOSSES: dict[str, dict[str, object]] = {
    "minimax": {"divergence": "minimax"},
    "non_saturating": {"divergence": "non_saturating"},
    "squared_hellinger": {"divergence": "squared_hellinger"},
    "squared_hellinger, alternative": {
        "divergence": "squared_hellinger",
        "divergence.generator_loss": "alternative",
    },
    "jeffreys": {"divergence": "jeffreys"},
    "kl": {"divergence": "kl"},
    "reverse_kl": {"divergence": "reverse_kl"},
    "least_squares": {"divergence": "least_squares"},
    "wasserstein, gradient_penalty": {
        "divergence": "wasserstein",
        "penalty": "gradient_penalty",
        "penalty.weight": 0.1,
    },
}


def main() -> None:
    """A row for each loss."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=0, help="of the generator, before it stops")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    weights = begun(asked.rounds)
    print(f"| generator's loss | {' | '.join(map(str, MOVES))} |\n|---|{'---|' * len(MOVES)}")
    for name, changes in LOSSES.items():
        norms = list(followed(weights, changes))
        print(f"| {name} | {' | '.join(f'{norm:.1e}' for norm in norms)} |", flush=True)


def begun(rounds: int) -> dict[str, torch.Tensor]:
    """The weights of a generator that has played a little."""
    recipe = with_changes(RECIPES["gan-ns"](), {"data": "ring", "lr": 1e-3})
    return run_rounds(build(recipe, DATASETS["ring"]()), rounds).game.networks["generator"].state_dict()


def followed(weights: dict[str, torch.Tensor], changes: dict[str, object]) -> Iterator[float]:
    """The norm of the generator's gradient after each of MOVES."""
    recipe = with_changes(RECIPES["gan"](), {"data": "ring", "optimizers.critic.lr": 1e-3, "seed": 1, **changes})
    run = build(recipe, DATASETS["ring"]())
    run.game.networks["generator"].load_state_dict(weights)
    critic = tuple(player for player in run.game.players if player.name == "critic")
    with training_mode(run):
        for step in range(1, MOVES[-1] + 1):
            move(run, critic)
            if step in MOVES:
                yield gradient(run)


def gradient(run: Run) -> float:
    """The norm of the generator's gradient: the mean of eight batches, none of which the critic has seen."""
    player, norms = run.game.players[-1], []
    other = dataclasses.replace(run, draws=1_000_000)
    for _ in range(8):
        with run.game.only(player):
            loss = torch.stack(list(player.loss(draw(other)).values())).sum()
            slopes = torch.autograd.grad(loss, run.game.parameters(player))
        norms.append(torch.cat([slope.flatten() for slope in slopes]).norm())
        other.draws += 1
    return float(torch.stack(norms).mean())


if __name__ == "__main__":
    main()
