"""Train a recipe, or resume a run."""

import dataclasses
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..core.errors import Refusal
from ..core.specs import check
from ..data import DATASETS, Data, load_data
from ..recipes import DEFAULT, DEFAULT_FOR_POINTS, RECIPES
from ..recipes.build import assemble, resolve, schedules
from ..recipes.options import Options
from ..recipes.recipe import Recipe
from ..recipes.settings import paths, with_changes
from ..records import checkpoints
from ..records.folder import RunFolder, free_name, refuse_existing
from ..records.summary import Summary, device_name, fingerprint
from ..training.hardware import Hardware, apply_hardware, choose_hardware, choose_threads
from ..training.run import Run
from .announce import paragraph
from .observers import Display, Lines
from .plan import Plan, end, plan, prolonged, rehearse, report_every, save_every
from .tensorboard import Board, require_tensorboard, with_tensorboard
from .trainer import Session, run_session

_OF_THE_RECIPE = ("rounds", "batch", "seed")


def split_options(keywords: Mapping[str, Any]) -> tuple[Options, dict[str, Any]]:
    """The options among keywords, checked; the rest are changes to the recipe."""
    values = {name: os.fspath(value) if isinstance(value, os.PathLike) else value for name, value in keywords.items()}
    names = {field.name for field in dataclasses.fields(Options)}
    described = isinstance(values.get("data"), Mapping)  # a part of the recipe, with options of its own
    options = {k: check(Options, k, v, k) for k, v in values.items() if k in names and not (k == "data" and described)}
    return Options(**options), {k: v for k, v in values.items() if k not in options}


def load_recipe(recipe: str | Recipe, options: Options, changes: Mapping[str, Any]) -> Recipe:
    """The recipe, with the options and changes that concern it."""
    loaded = recipe if isinstance(recipe, Recipe) else recipe_by_name(recipe)
    if options.data is not None and options.data != loaded.data["name"]:
        loaded = dataclasses.replace(loaded, data={"name": _absolute(options.data)})
    overrides = {name: value for name in _OF_THE_RECIPE if (value := getattr(options, name)) is not None}
    loaded = with_changes(dataclasses.replace(loaded, **overrides), changes)
    loaded.check_shape(f"The recipe {loaded.name!r}")
    _refuse_idle(loaded, changes)
    return loaded


def run_folder(recipe: Recipe, options: Options) -> Path:
    """Where the run will be recorded. Raises Refusal for a name that is taken or cannot be one."""
    if options.name is None:
        data = Path(str(recipe.data["name"])).stem
        return Path(options.runs) / "-".join(re.sub(r"[^\w.]+", "-", part).strip("-.") for part in (recipe.name, data))
    if options.name in ("", ".", "..") or any(mark in options.name for mark in ("/", "\\", "\0")):
        raise Refusal(f"name is {options.name!r}: it must be the name of a folder, without slashes; --runs says where.")
    refuse_existing(path := Path(options.runs) / options.name)
    return path


def recipe_by_name(recipe: str) -> Recipe:
    """A recipe of the table, or one in a JSON file."""
    path = Path(recipe)
    return Recipe.load(path) if path.suffix == ".json" or path.is_file() else RECIPES[recipe]()


def _refuse_idle(recipe: Recipe, changes: Mapping[str, Any]) -> None:
    """Raise Refusal for a setting of conditions where no network has any."""
    for name in changes if not recipe.conditional else ():
        for path in paths(recipe, name.replace("-", "_")):
            if path.startswith("networks.") and path.endswith(".conditioning"):
                raise Refusal(f"{name} says how labels are told, and this game is told none: add --conditional.")


def _absolute(data: str) -> str:
    """A path from the root of the file system; other names unchanged."""
    path = Path(data).expanduser()
    return str(path.absolute()) if data not in DATASETS and path.exists() else data


def train(recipe: str | Recipe | None = None, display: Display | None = None, **keywords: Any) -> Run:
    """Train a recipe, given by name, as a JSON file or as an object, and record the run under runs/.

    None trains the default recipe for the data. Keywords are the fields of Options, and changes to the recipe:
    `clip=0.01`, `**{"penalty.weight": 5}`. Text is printed unless a display is given. Raises Refusal for what cannot
    be trained, Failure for what broke.
    """
    display, (options, changes) = display or Lines(), split_options(keywords)
    if options.tensorboard:
        require_tensorboard()
    recipe, path, data = _resolved(recipe, options, changes)
    run, choices = _built(recipe, data, options)
    with apply_hardware(choices):
        planned = plan(run, recipe, options)
        recipe = replace(recipe, rounds=planned.rounds)
        run.schedules = schedules(recipe, run.optimizers)
        summary = _summary(recipe, data, options, choices, planned)
        display.say(paragraph(run, recipe, data, summary, choices, planned.seconds, planned.peak))
        if options.dry_run:
            return run
        folder = RunFolder.create(path if options.name else free_name(path))
        run.folder = folder.path
        display = Board(display, folder.path) if options.tensorboard else display
        with folder.lock():
            return run_session(Session(run, recipe, data, summary, folder, display))


def _resolved(recipe: str | Recipe | None, options: Options, changes: dict[str, Any]) -> tuple[Recipe, Path, Data]:
    """The recipe, where its run will be recorded, and the data, which decide where no recipe is named."""
    root = Path(options.data_root) if options.data_root else None
    if recipe is None:
        default = load_recipe(DEFAULT, options, {name: value for name, value in changes.items() if name == "data"})
        recipe = DEFAULT_FOR_POINTS if len(load_data(default.data, root).space.shape) == 1 else DEFAULT
    recipe = load_recipe(recipe, options, changes)
    path, data = run_folder(recipe, options), load_data(recipe.data, root)
    return resolve(recipe, data), path, data


def _built(recipe: Recipe, data: Data, options: Options) -> tuple[Run, Hardware]:
    """The run at its start, and the choices for this machine."""
    choices = choose_hardware(options.device, options.threads, options.matmul, options.precision)
    with apply_hardware(choices):
        run = assemble(recipe, data, choices.device, choices.precision, options.allow_coupled_critic)
        if options.threads is None:
            choices = choose_threads(choices, lambda: rehearse(run).seconds(run, 0, 1))
    return run, choices


def _summary(recipe: Recipe, data: Data, options: Options, choices: Hardware, planned: Plan) -> Summary:
    return Summary(
        seed=recipe.seed,
        choices=choices.to_dict(),
        cadence={
            "report": report_every(recipe.rounds),
            "save": options.save_every or save_every(recipe.rounds),
            "watch": planned.watch,
        },
        data=fingerprint(data),
        end=end(recipe, options),
        data_root=options.data_root and str(Path(options.data_root).absolute()),
        allow_coupled_critic=options.allow_coupled_critic,
        device=device_name(choices.device),
    )


def resume(
    folder: str | Path,
    display: Display | None = None,
    trust: bool = False,
    rounds: int | None = None,
    budget: str | None = None,
    data_root: str | Path | None = None,
    stop_when: str | None = None,
) -> Run:
    """Continue a run from its newest checkpoint, bit for bit. Raises Refusal if there is none.

    Args:
        folder: The run folder.
        display: Where text and events go; default: printed lines.
        trust: Import custom code that the run's recipe names.
        rounds: Total number of rounds; default: as planned.
        budget: Total wall time or number of images: 90s, 5m, 2h, 200000images; default: as planned.
        data_root: Folder with the original files of data sets; default: the run's.
        stop_when: critical: stop at the first critical finding, roll back to the best checkpoint; default: as planned.
    """
    records, display = RunFolder.open(folder), display or Lines()
    with records.lock():
        recipe, summary = Recipe.load(records.recipe_file, trust), Summary.load(records)
        choices = _stored_choices(summary)
        data = _stored_data(recipe, summary, data_root, display)
        with apply_hardware(choices):
            newest, remarks = checkpoints.newest(records.path, choices.device)
            for remark in remarks:
                display.say(remark)
            recipe = resolve(recipe, data)
            run = assemble(recipe, data, choices.device, choices.precision, summary.allow_coupled_critic)
            options = Options(rounds=rounds, budget=budget, stop_when=stop_when or summary.end.get("when"))
            if stop_when is not None and not summary.diagnose_every:
                raise Refusal("stop_when is 'critical', but the run has no diagnostics (--watch 0): leave it out.")
            if rounds is not None or budget is not None:
                recipe = prolonged(recipe, options, run, *((newest.step, newest.elapsed) if newest else (0, 0.0)))
                run.schedules = schedules(recipe, run.optimizers)
                summary.end = end(recipe, options)
            elif stop_when is not None:
                summary.end["when"] = options.stop_when
            if newest is not None:
                _restore(run, newest)
            run.folder, display = records.path, with_tensorboard(display, records.path, run.step)
            return run_session(Session(run, recipe, data, summary, records, display), newest)


def _stored_choices(summary: Summary) -> Hardware:
    """The start-up choices. Raises Refusal if they cannot be had here."""
    try:
        choices = Hardware.from_dict(summary.choices)
        choose_hardware(choices.device, choices.threads, choices.matmul, choices.precision)
    except (Refusal, TypeError) as error:
        raise Refusal(f"The run goes on only with the choices it began with. {error}") from None
    return choices


def _stored_data(recipe: Recipe, summary: Summary, data_root: str | Path | None, display: Display) -> Data:
    """The data of the run; a remark where they have changed."""
    root = data_root or summary.data_root
    data = load_data(recipe.data, Path(root) if root else None)
    if fingerprint(data) != summary.data:
        display.say(f"The data {data.name!r} are not what this run began with: it will not go on bit for bit.")
    return data


def _restore(run: Run, checkpoint: checkpoints.Checkpoint) -> None:
    """Put a run where the checkpoint was taken."""
    try:
        run.load_state_dict(checkpoint.state)
    except (RuntimeError, ValueError, KeyError) as error:
        name, reason = checkpoints.file_name(checkpoint.step), str(error).splitlines()[0].rstrip(":")
        raise Refusal(f"{name} does not fit recipe.json ({reason}): was the recipe changed after the run?") from None
