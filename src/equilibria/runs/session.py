"""Train a recipe, or resume a run."""

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

import torch

from ..core.catalogue import options as parameters
from ..core.errors import Refusal, user_errors
from ..core.files import user_path
from ..core.specs import check
from ..data import DATASETS, Data
from ..data.in_memory import stored_data
from ..data.resolve import data_builder
from ..recipes import DEFAULT, RECIPES
from ..recipes.build import assemble, resolve, schedules
from ..recipes.build_networks import training_data
from ..recipes.defaults import choices, default_recipe, read_facts, reasons, without
from ..recipes.options import Options
from ..recipes.recipe import Recipe, refuse_code
from ..recipes.settings import paths, with_changes, with_own_parts
from ..records import checkpoints
from ..records.events import Tail
from ..records.folder import RunFolder, free_name, refuse_existing
from ..records.summary import Summary, data_change, device_name, fingerprint
from ..training.hardware import Hardware, apply_hardware, choose_hardware
from ..training.run import Run
from .announce import opening
from .fine_tuning import Source, load_source, stored_source, take_weights
from .observers import Display, Lines
from .plan import Plan, build_timed, end, plan, prolonged, report_every, save_every
from .tensorboard import Board, require_tensorboard, resume_tensorboard
from .trainer import Session, run_session

T = TypeVar("T")


@user_errors()
def train(
    recipe: str | Recipe | None = None, display: Display | None = None, callbacks: Any = (), **keywords: Any
) -> Run:
    """Train a recipe and record the run in a folder under `runs`.

    Raises Refusal for what cannot be trained, and Failure if training breaks, such as by a loss that is not finite.

    Args:
        recipe: Name of a recipe, path of its JSON file, or a Recipe; default: what suits the data,
            the budget and the device; each choice is said with its reason.
        display: Where text and events go; default: printed lines.
        callbacks: Functions of the run, called after each report; one that sets run.stop = "interrupted" ends it.
        keywords: Fields of `Options`, such as data="digits" or samples in memory, and changes to the recipe: clip=0.01,
            **{"penalty.weight": 5}.

    Example:
        >>> run = eq.train("wgan-gp", data="ring", rounds=2)
        >>> run.step
        2
    """
    options, changes = split_options(keywords | {"data": stored_data(keywords.get("data"))}, Options)
    display = Lines(str) if options.quiet else display or Lines()
    if options.tensorboard:
        require_tensorboard()
    source = load_source(options.from_) if options.from_ else None
    recipe, path, data, why = _request(recipe, options, changes, source)
    run, hardware = build_timed(recipe, data, options)
    weights = take_weights(run, source) if source else ""
    with apply_hardware(hardware):
        run_plan = plan(run, recipe, options)
        recipe = replace(recipe, rounds=run_plan.rounds)
        run.schedules = schedules(recipe, run.optimizers)
        summary = _summary(recipe, data, options, hardware, run_plan, source)
        path = path if options.name else free_name(path)
        session = Session(run, recipe, data, summary, RunFolder(path), display, callbacks)
        display.say(opening(session, hardware, run_plan, why, weights))
        if options.dry_run:
            return run
        run.folder = RunFolder.create(path, recipe.to_json(), summary.to_json()).path
        display = Board(display, path) if options.tensorboard else display
        with session.folder.lock():
            return run_session(replace(session, display=display))


@user_errors()
def resume(
    folder: str | Path,
    display: Display | None = None,
    trust: bool = False,
    rounds: int | None = None,
    budget: str | None = None,
    data_root: str | Path | None = None,
    stop_when: str | None = None,
    quiet: bool = False,
    callbacks: Any = (),
    data: Any = None,
    **parts: Any,
) -> Run:
    """Continue a run from its newest checkpoint, bit for bit.

    Raises Refusal for a folder without a run and for a run that does not fit its data or this machine, and Failure if
    training breaks.

    Args:
        folder: The run folder.
        display: Where text and events go; default: printed lines.
        trust: Import custom code that the run's recipe names.
        rounds: Total number of rounds; default: as planned.
        budget: Total wall time or number of images: 90s, 5m, 2h, 200000images; default: as planned.
        data_root: Folder with the original files of data sets; default: the run's.
        stop_when: critical: stop at the first critical finding, roll back to the best checkpoint; default: as planned.
        quiet: Say nothing but errors.
        callbacks: Functions of the run, called after each report.
        data: The samples of a run on samples in memory, if the file that they were stored in is gone.
        parts: Functions and modules of your own that the run was trained with, as in `eq.train`: generator=...,
            penalty=....

    Example:
        >>> run = eq.train("wgan-gp", data="ring", rounds=2)
        >>> run = eq.resume(run.folder, rounds=4)
        >>> run.step
        4
    """
    records, display = RunFolder.open(folder), Lines(str) if quiet else display or Lines()
    with records.lock():
        recipe, summary = Recipe.load(records.recipe_file, trust=True), Summary.load(records)
        recipe = with_own_parts(recipe, parts, str(records.path))
        if data is not None:
            recipe = replace(recipe, data={**recipe.data, "name": stored_data(data)})
        if not trust:
            refuse_code(recipe, str(records.recipe_file))
        hardware = _stored_hardware(summary)
        data = _stored_data(recipe, summary, data_root, display)
        with apply_hardware(hardware):
            recipe = resolve(recipe, data)
            run = assemble(recipe, data, hardware.device, hardware.precision, summary.allow_coupled_critic)
            newest, remarks = checkpoints.newest(records.path, hardware.device, lambda c: run.load_state_dict(c.state))
            for remark in remarks:
                display.say(remark)
            if newest is None and any(event["step"] for event in Tail(records.path).new_events()):
                raise Refusal(
                    f"{records.path} has no checkpoint to continue from: put its folder checkpoints back, or start "
                    f"again with `equilibria train {shlex.quote(str(records.recipe_file))}`."
                )
            if summary.sittings and summary.sittings[-1].get("reason") == "nonfinite":
                display.say(
                    "The last session of this run ended because a number was no longer finite. Nothing has changed "
                    f"since, so it will end the same way: `equilibria doctor {records.path}` says what to change."
                )
            if newest is None and summary.source is not None:
                take_weights(run, stored_source(summary.source))
            options = Options(rounds=rounds, budget=budget, stop_when=stop_when or summary.end.get("when"))
            if stop_when is not None and not summary.diagnose_every:
                raise Refusal("stop_when is 'critical', but the run has no diagnostics (--watch 0): leave it out.")
            if rounds is not None or budget is not None:
                recipe = prolonged(recipe, options, run, *((newest.step, newest.elapsed) if newest else (0, 0.0)))
                run.schedules, run.pace = schedules(recipe, run.optimizers), (0, 0.0, 1.0)
                summary.end = end(recipe, options)
            elif stop_when is not None:
                summary.end["when"] = options.stop_when
            run.folder, display = records.path, resume_tensorboard(display, records.path, run.step)
            return run_session(Session(run, recipe, data, summary, records, display, callbacks), newest)


def split_options(keywords: Mapping[str, Any], record: type[T]) -> tuple[T, dict[str, Any]]:
    """The options among keywords, checked, as a record, and the rest: changes to the recipe."""
    values = {name: os.fspath(value) if isinstance(value, os.PathLike) else value for name, value in keywords.items()}
    names = set(record.__annotations__)
    if isinstance(values.get("data"), Mapping):  # a part of the recipe, with options of its own
        names.remove("data")
    options = {name: check(record, name, value, name) for name, value in values.items() if name in names}
    return record(**options), {name: value for name, value in values.items() if name not in names}


def recipe_by_name(recipe: str | os.PathLike[str]) -> Recipe:
    """A recipe of the table, or one in a JSON file."""
    if not isinstance(recipe, str | os.PathLike):
        kind = type(recipe).__name__
        raise Refusal(f"The recipe is {kind}: give a name, a JSON file or a Recipe, and samples as data=....")
    path, recipe = Path(recipe), os.fspath(recipe)
    is_set = any(recipe.lower().replace("-", mark) in DATASETS for mark in ("_", ""))
    if RunFolder(path).exists():
        text = f"`equilibria resume {shlex.quote(recipe)}` continues it"
        raise Refusal(f"{path} is a run: {text}, and {shlex.quote(f'{path}/recipe.json')} is its recipe.")
    if recipe not in RECIPES and (path.is_dir() or path.suffix in (".npy", ".npz", ".zip", ".csv") or is_set):
        raise Refusal(f"{recipe!r} is data, not a recipe: write `equilibria train --data {shlex.quote(recipe)}`.")
    return Recipe.load(path) if path.suffix == ".json" or path.is_file() else RECIPES[recipe]()


def load_recipe(recipe: str | Recipe, options: Options, changes: Mapping[str, Any]) -> Recipe:
    """The recipe with the options that concern it, and with changes. Raises Refusal for one without effect."""
    result = recipe if isinstance(recipe, Recipe) else recipe_by_name(recipe)
    if options.data is not None and options.data != result.data["name"]:
        path = user_path(options.data)
        is_path = options.data not in DATASETS and path.exists()
        result = replace(result, data={"name": str(path.absolute()) if is_path else options.data})
    fields = {name: getattr(options, name) for name in ("rounds", "batch", "seed")}
    result = replace(result, **{name: value for name, value in fields.items() if value is not None})
    result = with_changes(result, changes)
    for name in changes if not result.conditional else ():
        if any(re.fullmatch(r"networks\..*\.conditioning", path) for path in paths(result, name.replace("-", "_"))):
            raise Refusal(f"{name} selects how labels enter a network, and this run uses none: add --conditional.")
    return result


def run_folder(recipe: Recipe, options: Options) -> Path:
    """Where the run will be recorded. Raises Refusal for an existing folder and for an invalid name."""
    if options.name is None:
        data = Path(str(recipe.data["name"])).stem
        return Path(options.runs) / "-".join(re.sub(r"[^\w.]+", "-", part).strip("-.") for part in (recipe.name, data))
    if options.name in ("", ".", "..") or any(mark in options.name for mark in ("/", "\\", "\0")):
        raise Refusal(f"name is {options.name!r}: it must be a folder name without slashes; --runs sets its parent.")
    refuse_existing(path := Path(options.runs) / options.name)
    return path


def _request(
    recipe: str | Recipe | None, options: Options, changes: dict[str, Any], source: Source | None
) -> tuple[Recipe, Path, Data, list[str]]:
    """The resolved recipe, its run folder, the data, and, if no recipe is named, what suits them and why.

    From a source come the recipe, unless one is named, and the size of a folder's images, unless it is set.
    """
    root = Path(options.data_root) if options.data_root else None
    if source is not None:
        recipe = source.recipe(changes) if recipe is None else recipe
        sized = options.data is not None and "size" in parameters(data_builder(options.data, root))
        if sized and (side := source.side()) is not None:
            changes = {"data.size": side} | changes
    why = list[str]()
    if recipe is None:
        recipe, settings, why = _suitable(options, changes, root)
        changes = settings | changes
    recipe = load_recipe(recipe, options, changes)
    path, data = run_folder(recipe, options), training_data(recipe, root)
    device = choose_hardware(options.device, matmul="default").device
    return resolve(recipe, data, device), path, data, why


def _suitable(options: Options, changes: Mapping[str, Any], root: Path | None) -> tuple[str, dict[str, Any], list[str]]:
    """The name of the recipe for the data, the settings for it that the user has not set, and the reasons."""
    of_data = {name: value for name, value in changes.items() if name.partition(".")[0] == "data"}
    device = torch.device(choose_hardware(options.device, matmul="default").device).type
    facts = read_facts(load_recipe(DEFAULT, options, of_data), options, device, root)
    own = {name for name in changes if name != "data"} | ({"batch"} if options.batch is not None else set())
    own |= {"lazy"} if "rule" in own else set()  # where all step together, none can step less often
    own |= {"conditional"} if own & {"game", "labelled"} else set()  # labels are learned in another way
    name, why = default_recipe(facts)
    selection = [rest for choice in choices(facts) if (rest := without(choice, RECIPES[name](), own)).settings]
    settings = {name: value for choice in selection for name, value in choice.settings.items()}
    return name, settings, reasons((name, why), selection)


def _summary(
    recipe: Recipe, data: Data, options: Options, hardware: Hardware, run_plan: Plan, source: Source | None
) -> Summary:
    save = options.save_every or save_every(recipe.rounds)
    return Summary(
        seed=recipe.seed,
        choices=asdict(hardware),
        cadence={"report": report_every(recipe.rounds), "save": save, "watch": run_plan.watch},
        data=fingerprint(data),
        end=end(recipe, options),
        data_root=options.data_root and str(Path(options.data_root).absolute()),
        allow_coupled_critic=options.allow_coupled_critic,
        device=device_name(hardware.device),
        source=None if source is None else source.record(),
    )


def _stored_hardware(summary: Summary) -> Hardware:
    """The hardware settings of the run. Raises Refusal if this machine does not have them."""
    try:
        hardware = Hardware.from_dict(summary.choices)
        choose_hardware(hardware.device, hardware.threads, hardware.matmul, hardware.precision)
    except (Refusal, TypeError) as error:
        raise Refusal(f"The run continues only with the hardware settings that it started with. {error}") from None
    return hardware


def _stored_data(recipe: Recipe, summary: Summary, data_root: str | Path | None, display: Display) -> Data:
    """The data of the run; a remark if it has changed."""
    root = data_root or summary.data_root
    data = training_data(recipe, Path(root) if root else None, summary.data.get("label_scales", []))
    if change := data_change(data, summary.data):
        display.say(f"{change} The run will not continue bit for bit.")
    return data
