"""What is said at the start and at the end of a session."""

from torch import nn

from ..data import Data
from ..recipes.recipe import Recipe
from ..records.folder import RunFolder
from ..records.summary import Summary
from ..training.hardware import Hardware
from ..training.run import Run


def paragraph(
    run: Run, recipe: Recipe, data: Data, summary: Summary, choices: Hardware, seconds: float, peak: int
) -> str:
    """Formulation, data, networks, machine, and the cost."""
    how_long = f"{_how_long(recipe, summary, seconds, peak)}{_looks(summary)}"
    return " ".join([*_what(recipe, data), _networks(run, recipe), f"Chosen: {choices}.", how_long])


def _what(recipe: Recipe, data: Data) -> list[str]:
    shape = " x ".join(map(str, data.space.shape[1:] + data.space.shape[:1] if len(data.space.shape) == 3 else (2,)))
    kind = f"images of {shape}" if len(data.space.shape) == 3 else "points of the plane"
    said = [f"{recipe.name} on {data.name}: {len(data.x):,} {kind} to train on, {len(data.held_out):,} held out."]
    if data.labels is not None and recipe.conditional:
        said.append(f"Conditioned on their {data.labels}.")
    elif data.labels is not None and recipe.labelled:
        said.append(f"Of their labels, {data.labels}, {recipe.labelled:,} are known, chosen by the seed.")
    elif data.labels is not None:
        said.append(f"Their labels, {data.labels}, are not used: --conditional lets you ask for them.")
    return [*said, *data.remarks]


def _networks(run: Run, recipe: Recipe) -> str:
    parts = [
        f"{role} {recipe.networks[role]['name']}, {count(network):,} parameters"
        for role, network in run.game.networks.items()
        if role in recipe.networks
    ]
    return f"Networks: {'; '.join(parts)}."


def _how_long(recipe: Recipe, summary: Summary, seconds: float, peak: int) -> str:
    memory = f", at most about {peak / 2**20:,.0f} MiB of memory" if peak else ""
    limit, rounds = summary.end["seconds"], summary.end["rounds"]
    if rounds is None:
        return f"Plays for {duration(limit)}, about {recipe.rounds:,} rounds{memory}."
    clock = "" if limit is None else f", stopped after {duration(limit)}"
    return f"{rounds:,} rounds take about {duration(seconds)}{clock}{memory}."


def _looks(summary: Summary) -> str:
    """How often diagnostics run."""
    rounds = summary.diagnose_every
    return f" Looked at closely {'every round' if rounds == 1 else f'every {rounds:,} rounds'}." if rounds else ""


def farewell(
    run: Run,
    recipe: Recipe,
    data: Data,
    summary: Summary,
    folder: RunFolder,
    reason: str,
    elapsed: float,
    text: str,
) -> str:
    """How it ended, and how to go on."""
    played = f"{run.step:,} rounds in {duration(elapsed)}"
    if reason == "interrupted":
        return f"Stopped after {played}, and saved: `equilibria resume {folder}` goes on."
    if reason == "critical":
        return (
            f"{text} `equilibria doctor {folder}` says what to change; "
            f"`equilibria resume {folder}` plays on from there as it is."
        )
    more = f"--rounds {2 * run.step}" if reason == "done" else f"--budget {2 * summary.end['seconds']:g}s"
    return (
        f"{'Done' if reason == 'done' else 'The time is used up'}: {played}, recorded in {folder}. "
        f"Draw from it with `equilibria sample {folder}{_condition(recipe, data)}`; "
        f"`equilibria resume {folder} {more}` plays on."
    )


def _condition(recipe: Recipe, data: Data) -> str:
    """The flag by which a conditional model is asked for a condition."""
    labels = data.labels
    if not recipe.conditional or labels is None:
        return ""
    if labels.kind != "class":
        return " --attributes ..."
    numbered = any(name.isdecimal() for name in labels.names)  # else a class is named by its place
    first, last = (labels.names[0], labels.names[-1]) if numbered else (0, labels.size - 1)
    return f" --label {first}..{last}"


def count(network: nn.Module) -> int:
    """The trainable parameters of a network."""
    return sum(parameter.numel() for parameter in network.parameters())


def duration(seconds: float) -> str:
    """A time in seconds, minutes or hours."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
