"""The text at the start and at the end of a session."""

import inspect
from typing import TYPE_CHECKING

import torch

from ..core.specs import builder_of
from ..core.text import duration, plural
from ..data import Data
from ..data.inspect import few_remark
from ..games import GAMES
from ..recipes.recipe import Recipe
from ..records.summary import Summary
from ..training.hardware import Hardware
from ..training.run import Run
from .plan import Plan

if TYPE_CHECKING:
    from .trainer import Session


def paragraph(run: Run, recipe: Recipe, data: Data, summary: Summary, hardware: Hardware, plan: Plan) -> str:
    """The recipe, data, networks, hardware and costs of a run."""
    networks = [
        f"{role} {recipe.networks[role]['name']}, {sum(map(torch.numel, network.parameters())):,} parameters"
        for role, network in run.game.networks.items()
        if role in recipe.networks
    ]
    sentences = [f"Networks: {'; '.join(networks)}.", f"Hardware: {hardware}."]
    return " ".join([*_data_sentences(recipe, data), *sentences, *_cost_sentences(recipe, summary, plan)])


def _data_sentences(recipe: Recipe, data: Data) -> list[str]:
    shape, labels = data.space.shape, data.labels
    kind = f"images of {' x '.join(map(str, (*shape[1:], shape[0])))}" if len(shape) == 3 else "points of the plane"
    sentences = [f"{recipe.name} on {data.name}: {len(data.x):,} {kind} for training, {len(data.held_out):,} held out."]
    if labels is not None and recipe.conditional:
        sentences.append(f"Conditioned on the labels: {labels}.")
    elif labels is not None and recipe.labelled:
        sentences.append(f"{recipe.labelled:,} labels ({labels}) are used, selected by the seed.")
    elif labels is not None:
        sentences.append(f"Labels ({labels}) are ignored; add --conditional to train on them.")
    takes_augmentation = "augmentation" in inspect.signature(builder_of(GAMES, recipe.game["name"])).parameters
    few = few_remark(data, takes_augmentation and (recipe.augmentation or {}).get("name", "none") == "none")
    return [*sentences, *data.remarks, *([few] if few else [])]


def _cost_sentences(recipe: Recipe, summary: Summary, plan: Plan) -> list[str]:
    memory = f"; up to about {plan.peak / 2**20:,.0f} MiB of memory" if plan.peak else ""
    limit, rounds, every = summary.end["seconds"], summary.end["rounds"], summary.diagnose_every
    if rounds is None:
        cost = f"{duration(limit)} of training, about {plural(recipe.rounds, 'round')}{memory}."
    else:
        clock = "" if limit is None else f", stopped after {duration(limit)}"
        cost = f"{plural(rounds, 'round')} in about {duration(plan.seconds)}{clock}{memory}."
    return [cost, f"Diagnostics every {'round' if every == 1 else f'{every:,} rounds'}."] if every else [cost]


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
