"""Training a recipe, and resuming a run."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from ..core.errors import Refusal
from ..data import Data, find
from ..records import checkpoints
from ..records.folder import RunFolder, free
from ..records.summary import Summary, device_name, fingerprint
from ..training.engine import Choices, applied, choose, choose_threads
from ..training.rehearsal import rehearse
from ..training.run import Run
from . import DEFAULT, DEFAULT_FOR_POINTS
from .build import assemble, resolve, schedules
from .display import Display, Lines
from .opening import paragraph
from .options import Options
from .planning import Plan, end, plan, prolonged, report_every, save_every
from .recipe import Recipe
from .sitting import Session, run_session
from .tensorboard import Board, require_tensorboard, with_tensorboard
from .wishes import load_recipe, run_folder, split_options


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
    with applied(choices):
        planned = plan(run, recipe, options)
        recipe = replace(recipe, rounds=planned.rounds)
        run.schedules = schedules(recipe, run.optimizers)
        summary = _summary(recipe, data, options, choices, planned)
        display.say(paragraph(run, recipe, data, summary, choices, planned.seconds, planned.peak))
        if options.dry_run:
            return run
        folder = RunFolder.create(path if options.name else free(path))
        run.folder = folder.path
        display = Board(display, folder.path) if options.tensorboard else display
        with folder.lock():
            return run_session(Session(run, recipe, data, summary, folder, display))


def _resolved(recipe: str | Recipe | None, options: Options, changes: dict[str, Any]) -> tuple[Recipe, Path, Data]:
    """The recipe, where its run will be recorded, and the data, which decide where no recipe is named."""
    root = Path(options.data_root) if options.data_root else None
    if recipe is None:
        default = load_recipe(DEFAULT, options, {name: value for name, value in changes.items() if name == "data"})
        recipe = DEFAULT_FOR_POINTS if len(find(default.data, root).space.shape) == 1 else DEFAULT
    recipe = load_recipe(recipe, options, changes)
    path, data = run_folder(recipe, options), find(recipe.data, root)
    return resolve(recipe, data), path, data


def _built(recipe: Recipe, data: Data, options: Options) -> tuple[Run, Choices]:
    """The run at its start, and the choices for this machine."""
    choices = choose(options.device, options.threads, options.matmul, options.precision)
    with applied(choices):
        run = assemble(recipe, data, choices.device, choices.precision, options.allow_coupled_critic)
        if options.threads is None:
            choices = choose_threads(choices, lambda: rehearse(run).seconds(run, 0, 1))
    return run, choices


def _summary(recipe: Recipe, data: Data, options: Options, choices: Choices, planned: Plan) -> Summary:
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
        stop_when: sick: stop at the first critical finding and roll back to the best checkpoint; default: as planned.
    """
    records, display = RunFolder.open(folder), display or Lines()
    with records.lock():
        recipe, summary = Recipe.load(records.recipe_file, trust), Summary.load(records)
        choices = _stored_choices(summary)
        data = _stored_data(recipe, summary, data_root, display)
        with applied(choices):
            newest, remarks = checkpoints.newest(records.path, choices.device)
            for remark in remarks:
                display.say(remark)
            recipe = resolve(recipe, data)
            run = assemble(recipe, data, choices.device, choices.precision, summary.allow_coupled_critic)
            options = Options(rounds=rounds, budget=budget, stop_when=stop_when or summary.end.get("when"))
            if stop_when is not None and not summary.diagnose_every:
                raise Refusal("stop_when is 'sick', and nobody looks at this run (--watch 0): leave stop_when out.")
            if rounds is not None or budget is not None:
                recipe = prolonged(recipe, options, run, *((newest.step, newest.elapsed) if newest else (0, 0.0)))
                run.schedules = schedules(recipe, run.optimizers)
                summary.end = end(recipe, options)
            elif stop_when is not None:
                summary.end["when"] = stop_when
            if newest is not None:
                _restore(run, newest)
            run.folder, display = records.path, with_tensorboard(display, records.path, run.step)
            return run_session(Session(run, recipe, data, summary, records, display), newest)


def _stored_choices(summary: Summary) -> Choices:
    """The start-up choices. Raises Refusal if they cannot be had here."""
    try:
        choices = Choices.from_dict(summary.choices)
        choose(choices.device, choices.threads, choices.matmul, choices.precision)
    except (Refusal, TypeError) as error:
        raise Refusal(f"The run goes on only with the choices it began with. {error}") from None
    return choices


def _stored_data(recipe: Recipe, summary: Summary, data_root: str | Path | None, display: Display) -> Data:
    """The data of the run; a remark where they have changed."""
    root = data_root or summary.data_root
    data = find(recipe.data, Path(root) if root else None)
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
