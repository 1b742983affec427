"""The text at the start and at the end of a session."""

import inspect
import os
from collections.abc import Iterator, Sequence
from shlex import quote
from typing import TYPE_CHECKING

import torch

from ..core.specs import builder_of, dashed
from ..core.text import duration, plural, table
from ..data import Data
from ..data.inspect import few_remark
from ..games import GAMES
from ..recipes import RECIPES
from ..recipes.recipe import Recipe
from ..records.summary import Summary
from ..training.hardware import Hardware
from .plan import Plan

if TYPE_CHECKING:
    from .trainer import Session


def opening(session: "Session", hardware: Hardware, plan: Plan, reasons: Sequence[str] = (), weights: str = "") -> str:
    """A table of the data, the recipe, the networks, the hardware, the cost and what to type.

    `reasons` are those of the recipe and its settings, a line each; `weights` says where the networks start, if not
    at random.
    """
    recipe, folder = session.recipe, quote(str(session.folder))
    about = [entry.summary for entry in RECIPES.describe() if entry.name == recipe.name]
    networks = [
        f"{role} {recipe.networks[role]['name']}, {sum(map(torch.numel, network.parameters())):,} parameters"
        for role, network in session.run.game.networks.items()
        if role in recipe.networks
    ]
    rows = {
        "data": list(_data_lines(session)),
        "recipe": reasons or [": ".join([recipe.name, *about])],
        "networks": ["; ".join(networks)],
        "weights": [weights],
        "machine": [str(hardware)],
        "cost": [_cost(recipe, session.summary, plan)],
        "next": [f"see {folder}/samples, and `equilibria doctor {folder}`; Ctrl-C stops and saves"],
    }
    return table([("" if i else name, text) for name, texts in rows.items() for i, text in enumerate(texts) if text])


def _data_lines(session: "Session") -> Iterator[str]:
    """The data, its labels, and the command that says how it was read."""
    recipe, data, root = session.recipe, session.data, session.summary.data_root
    shape, labels = data.space.shape, data.labels
    kind = f"images of {' x '.join(map(str, (*shape[1:], shape[0])))}" if len(shape) == 3 else "points of the plane"
    left_out = f", {plural(len(data.left_out), 'file')} left out" if data.left_out else ""
    yield f"{_relative(data.name)}: {len(data.x):,} {kind} for training, {len(data.held_out):,} held out{left_out}"
    if labels is not None and recipe.conditional:
        yield f"conditional on the labels: {labels}"
    elif labels is not None and recipe.labelled:
        yield f"{recipe.labelled:,} labels ({labels}), selected by the seed"
    elif labels is not None:
        yield f"labels, ignored without --conditional: {labels}"
    takes_augmentation = "augmentation" in inspect.signature(builder_of(GAMES, recipe.game["name"])).parameters
    yield few_remark(data, takes_augmentation and (recipe.augmentation or {}).get("name", "none") == "none")
    if data.remarks:
        options = {f"data.{key}": value for key, value in recipe.data.items() if key != "name"} | {"data_root": root}
        flags = [f"{dashed(key)} {quote(str(value))}" for key, value in options.items() if value is not None]
        command = " ".join(["equilibria data check", quote(_relative(str(recipe.data["name"]))), *flags])
        yield f"{plural(len(data.remarks), 'remark')} on how it was read: `{command}`"


def _relative(path: str) -> str:
    """A path as it is shortest from here."""
    return min(path, os.path.relpath(path), key=len) if os.path.isabs(path) else path


def _cost(recipe: Recipe, summary: Summary, plan: Plan) -> str:
    limit, rounds, every = summary.end["seconds"], summary.end["rounds"], summary.diagnose_every
    parts = [f"{plural(rounds or recipe.rounds, 'round')} in about {duration(plan.seconds)}"]
    if rounds is None:
        parts = [f"{duration(limit)}, about {plural(recipe.rounds, 'round')}"]
    elif limit is not None:
        parts += [f"stopped after {duration(limit)}"]
    parts += [f"diagnostics every {'round' if every == 1 else f'{every:,}'}"] if every else []
    return ", ".join([*parts, *([f"up to {plan.peak / 2**20:,.0f} MiB of memory"] if plan.peak else [])])


def farewell(session: "Session", reason: str, elapsed: float, text: str) -> str:
    """How the session ended, and how to continue."""
    step, folder = session.run.step, session.folder
    progress = f"{plural(step, 'round')} in {duration(elapsed)}"
    if reason == "interrupted":
        return f"Stopped and saved after {progress}. Continue with `equilibria resume {folder}`."
    if reason == "critical":
        return (
            f"{text} `equilibria doctor {folder}` says what to change. "
            f"Continue unchanged from there with `equilibria resume {folder}`."
        )
    title = "Finished all rounds" if reason == "done" else "Time budget reached"
    more = f"--rounds {2 * step}" if reason == "done" else f"--budget {2 * session.summary.end['seconds']:g}s"
    return (
        f"{title}: {progress}, recorded in {folder}. "
        f"Draw samples with `equilibria sample {folder}{_label_flag(session.recipe, session.data)}`. "
        f"Continue with `equilibria resume {folder} {more}`."
    )


def _label_flag(recipe: Recipe, data: Data) -> str:
    """The flag that selects the condition of samples, if the model is conditional."""
    labels = data.labels
    if not recipe.conditional or labels is None:
        return ""
    if labels.kind != "class":
        return f" --attributes {labels.example if labels.kind == 'vector' else labels.names[-1]}"
    numbers = any(name.isdecimal() for name in labels.names)  # other classes are named by their index
    first, last = (labels.names[0], labels.names[-1]) if numbers else (0, labels.size - 1)
    return f" --label {first}..{last}"
