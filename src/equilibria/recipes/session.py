"""Training a recipe, and taking up a run that was left."""

from pathlib import Path
from typing import Any

from ..core.errors import Refusal
from ..data import Data, find
from ..records import checkpoints
from ..records.folder import RunFolder, free
from ..records.summary import Summary, device_name, fingerprint
from ..training.engine import Choices, applied, choose
from ..training.run import Run
from . import DEFAULT, DEFAULT_FOR_POINTS
from .build import build, resolve
from .display import Display, Lines
from .opening import paragraph
from .options import Options
from .planning import end, prolonged, report_every, save_every, settled
from .recipe import Recipe
from .sitting import Sitting, sit
from .tensorboard import boarded, require, taken_up
from .wishes import place, split, wished


def train(recipe: str | Recipe | None = None, display: Display | None = None, **keywords: Any) -> Run:
    """Play a recipe, given by name, as a JSON file or as an object, and record it under runs/.

    None plays what suits the data. Keywords are the fields of Options, and changes to the recipe: `clip=0.01`,
    `**{"penalty.weight": 5}`. What is said is printed unless a display is given. Raises Refusal for what cannot be
    played, Failure for what broke.
    """
    display, (options, changes) = display or Lines(), split(keywords)
    if options.tensorboard:
        require()
    wanted, path, data = _meant(recipe, options, changes)
    wanted, choices, cost = settled(resolve(wanted, data), data, options)
    with applied(choices):
        run = build(wanted, data, choices.device, choices.precision, options.allow_coupled_critic)
        summary = Summary(
            seed=wanted.seed,
            choices=choices.to_dict(),
            cadence={
                "report": report_every(wanted.rounds),
                "save": options.save_every or save_every(wanted.rounds),
                "watch": cost.watch,
            },
            data=fingerprint(data),
            end=end(wanted, options),
            data_root=options.data_root and str(Path(options.data_root).absolute()),
            allow_coupled_critic=options.allow_coupled_critic,
            device=device_name(choices.device),
        )
        display.say(paragraph(run, wanted, data, summary, choices, cost))
        if options.dry_run:
            return run
        records = RunFolder.create(path if options.name else free(path))
        run.folder = records.path
        display = boarded(display, run.folder) if options.tensorboard else display
        with records.lock():
            return sit(Sitting(run, wanted, data, summary, run.folder, display))


def _meant(recipe: str | Recipe | None, options: Options, changes: dict[str, Any]) -> tuple[Recipe, Path, Data]:
    """The recipe, where its run will be recorded, and the data, which decide where no recipe is named."""
    root = Path(options.data_root) if options.data_root else None
    if recipe is None:
        asked = wished(DEFAULT, options, {name: value for name, value in changes.items() if name == "data"})
        recipe = DEFAULT_FOR_POINTS if len(find(asked.data, root).space.shape) == 1 else DEFAULT
    wanted = wished(recipe, options, changes)
    path = place(wanted, options)
    return wanted, path, find(wanted.data, root)


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
        folder: the run folder.
        display: where text and events go; default: printed lines.
        trust: import custom code that the run's recipe names.
        rounds: total number of rounds; default: as planned.
        budget: total wall time or number of images: 90s, 5m, 2h, 200000images; default: as planned.
        data_root: folder with the original files of data sets; default: the run's.
        stop_when: sick: stop at the first critical finding and roll back to the best checkpoint; default: as planned.
    """
    folder, display = Path(folder), display or Lines()
    records = RunFolder.open(folder)
    with records.lock():
        recipe, summary = Recipe.load(records.recipe_file, trust), Summary.load(records)
        choices = _choices(summary)
        root = data_root or summary.data_root
        data = find(recipe.data, Path(root) if root else None)
        if fingerprint(data) != summary.data:
            display.say(f"The data {data.name!r} are not what this run began with: it will not go on bit for bit.")
        with applied(choices):
            newest, remarks = checkpoints.newest(folder, choices.device)
            for remark in remarks:
                display.say(remark)
            run = build(recipe, data, choices.device, choices.precision, summary.allow_coupled_critic)
            wish = Options(rounds=rounds, budget=budget, stop_when=stop_when or summary.end.get("when"))
            if stop_when is not None and not summary.cadence.get("watch"):
                raise Refusal("stop_when is 'sick', and nobody looks at this run (--watch 0): leave stop_when out.")
            if rounds is not None or budget is not None:
                recipe = prolonged(recipe, wish, run, *((newest.step, newest.elapsed) if newest else (0, 0.0)))
                summary.end = end(recipe, wish)
                run = build(recipe, data, choices.device, choices.precision, summary.allow_coupled_critic)
            elif stop_when is not None:
                summary.end["when"] = stop_when
            if newest is not None:
                _set(run, newest)
            run.folder, display = folder, taken_up(display, folder, run.step)
            return sit(Sitting(run, recipe, data, summary, folder, display), newest)


def _set(run: Run, checkpoint: checkpoints.Checkpoint) -> None:
    """Put a run where the checkpoint was taken."""
    try:
        run.load_state_dict(checkpoint.state)
    except (RuntimeError, ValueError, KeyError) as error:
        name, reason = checkpoints.file_name(checkpoint.step), str(error).splitlines()[0].rstrip(":")
        raise Refusal(f"{name} does not fit recipe.json ({reason}): was the recipe changed after the run?") from None


def _choices(summary: Summary) -> Choices:
    """The start-up choices. Raises Refusal if they cannot be had here."""
    try:
        choices = Choices.from_dict(summary.choices)
        choose(choices.device, choices.threads, choices.matmul, choices.precision)
    except (Refusal, TypeError) as error:
        raise Refusal(f"The run goes on only with the choices it began with. {error}") from None
    return choices
