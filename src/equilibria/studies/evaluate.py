"""Evaluate a trained model on held-out data, or samples against others."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from ..core.errors import Refusal
from ..core.specs import Spec
from ..core.text import table
from ..core.types import Batch
from ..models.load import load, load_checkpoint_weights, select_checkpoint
from ..models.model import Model
from ..recipes.build import training_data
from ..recipes.recipe import Recipe
from ..records.events import Tail
from ..records.folder import RunFolder
from ..records.summary import Summary, fingerprint
from ..runs.selection import has_likelihood
from . import metric_specs
from .evaluation_plan import EvaluationPlan, origin, plan_evaluation
from .metric_specs import LIKELIHOOD_METRICS, MetricSpec
from .results import Evaluation, MetricValue
from .sample_sets import Say, generated_samples, real_samples
from .sample_sources import HEADS, Samples, sample_pair


def selection_rule(run: Path, checkpoint: str) -> str:
    """How a checkpoint was selected: by the first metric of the held-out selection part."""
    if checkpoint == "last":
        return "the last round"
    if checkpoint != "best":
        return f"round {checkpoint}, named"
    event = next((event for event in Tail(run).new_events() if event["kind"] == "measure"), None)
    if event is None:
        return "nothing was measured"
    by = f"{next(iter(event['metrics']))} of {event['count']:,} held-out samples, the selection part"
    return f"the newest within chance of the lowest {by}"


def evaluate(
    run: Samples,
    metrics: Sequence[MetricSpec] = (),
    features: str = "auto",
    count: int = 0,
    checkpoints: Sequence[str] = ("best", "last"),
    seed: int = 0,
    data_root: str | Path | None = None,
    say: Say = print,
    against: Samples | None = None,
    size: int | None = None,
) -> Evaluation:
    """Evaluate a run's averaged generator on the held-out data; the numbers are stored in RUN/metrics.json.

    Next to each value stands its floor: the same metric on training samples. A metric that fails its self-test is not
    printed. With `against`, samples are measured against others, and nothing is stored: each is a folder, an .npy or
    .npz file, a data set, a run, a model, or an array or tensor of samples. Raises Refusal for what cannot be measured,
    Failure for a metric that cannot be trusted.

    Args:
        run: The run folder; with `against`, the samples.
        metrics: Names separated by commas, with options as in frechet,kernel(degree=2); default: what suits the data.
        features: classifier, inception, random, pixels or your module:function; auto: points as they are, else
            classifier.
        count: Number of samples to generate; 0: as many as there are held-out samples for reports, at most 10,000.
        checkpoints: Checkpoints to evaluate: best, last, or rounds that were kept.
        seed: Seed of the generated samples.
        data_root: Folder with the original files of data sets; default: the run's, or EQUILIBRIA_DATA.
        say: Prints progress.
        against: The real samples: a folder, a file, a data set or a run; half of them are the floor.
        size: Side in pixels of the images of folders; default: the smaller median side, at most 64.

    Example:
        >>> evaluation = eq.evaluate("runs/digits", ["sliced_wasserstein"], count=32, say=str)
        >>> evaluation.of("sliced_wasserstein", "last").better
        'lower'
    """
    with torch.random.fork_rng(devices=[]):  # networks are initialized before their weights are read
        if against is not None:
            if tuple(checkpoints) != ("best", "last"):
                raise Refusal(
                    "--checkpoints does not apply to --against, which measures finished models: leave it out."
                )
            root = None if data_root is None else Path(data_root)
            return _evaluate_pair((run, against), metrics, features, count, size, seed, root, say)
        folder = _run_folder(run)
        if size is not None:
            raise Refusal("--size applies to folders of images, with --against: leave it out.")
        return _evaluate_run(folder, metrics, features, count, checkpoints, seed, data_root, say)


def _run_folder(run: Samples) -> Path:
    """The folder of a run. Raises Refusal for other samples."""
    if isinstance(run, str | Path) and not (Path(run).exists() and not RunFolder(run).exists()):
        return RunFolder.open(run).path
    if not isinstance(run, str | Path):
        raise Refusal("These are samples, and no run: add against=REAL, real samples to measure them against.")
    line = f"equilibria evaluate {shlex.quote(str(run))} --against REAL"
    raise Refusal(f"{run} holds samples and is no run: `{line}` measures them against real ones.")


def _evaluate_run(
    run: Path,
    metrics: Sequence[MetricSpec],
    features: str,
    count: int,
    checkpoints: Sequence[str],
    seed: int,
    data_root: str | Path | None,
    say: Say,
) -> Evaluation:
    """The metrics of a run's checkpoints, stored in the run folder."""
    selected = {name: select_checkpoint(run, name) for name in checkpoints}  # refused before a network is trained
    records = RunFolder.open(run)
    recipe = Recipe.load(records.recipe_file, trust=True)  # it may name a user's code, but nothing of it is called
    summary = Summary.load(records)
    root = Path(place) if (place := data_root or summary.data_root) else None
    data = training_data(recipe, root, summary.data.get("label_scales", []))
    if fingerprint(data) != summary.data:
        say(f"The data {data.name!r} is not what this run was trained on: its numbers may not be comparable.")
    model, samples = load(run), real_samples(data, count, recipe.binarize)
    record = origin(data, samples, seed, recipe.halflife > 0, recipe.binarize)
    plan = plan_evaluation(metrics, features, samples, data, record, root, say)
    likelihoods = [spec for spec in metric_specs.read_specs(metrics, data) if spec["name"] in LIKELIHOOD_METRICS]
    rounds = {name: f"round {checkpoint.step:,} ({name})" for name, checkpoint in selected.items()}
    say(f"Evaluating {' and '.join(rounds.values())} of {run} against {len(samples.real.x):,} held-out samples.")
    floors, values, measured = plan.floors(), list[MetricValue](), dict[int, list[MetricValue]]()
    for name, checkpoint in selected.items():
        if (step := checkpoint.step) not in measured:
            load_checkpoint_weights(model, recipe, checkpoint, lambda: data)
            drawn = generated_samples(model, len(samples.floor.x), seed, say, f"samples of {rounds[name]}")
            measured[step] = plan.values(drawn, step, floors)
            measured[step] += _likelihoods(plan, model, likelihoods, rounds[name], step, required=bool(metrics))
        rule = selection_rule(run, name)
        values += [replace(v, provenance=replace(v.provenance, checkpoint=name, rule=rule)) for v in measured[step]]
    evaluation = Evaluation(tuple(values), plan.about, tuple(plan.cautions()), plan.left_out)
    evaluation.write(run)
    return evaluation


def _evaluate_pair(
    pair: tuple[Samples, Samples],
    metrics: Sequence[MetricSpec],
    features: str,
    count: int,
    size: int | None,
    seed: int,
    root: Path | None,
    say: Say,
) -> Evaluation:
    """The metrics of samples against others."""
    both = sample_pair(*pair, count, size, seed, root)
    samples, real, data = both.samples, both.real, both.data
    record = replace(origin(data, real, seed), checkpoint=samples.name)
    say(f"Evaluating {len(samples.x):,} samples of {samples.name} against {len(real.real.x):,} of {data.name}.")
    say(f"\n{table([HEADS, *both.rows])}\n")
    plan = plan_evaluation(metrics, features, real, data, record, root, say)
    values = plan.values(samples, None, plan.floors())
    return Evaluation(tuple(values), plan.about, (*both.remarks, *plan.cautions()), plan.left_out)


def _likelihoods(
    plan: EvaluationPlan, model: Model, specs: Sequence[Spec], where: str, step: int, required: bool
) -> list[MetricValue]:
    """How likely held-out data is under the model. Raises Refusal if it has no likelihood and one is required."""
    held_out = plan.samples.real
    real = held_out.batch if model.conditions is not None else Batch(held_out.x)
    if specs and not has_likelihood(model, real):
        if required:
            raise Refusal(
                "nll needs a model with a likelihood and an encoder, such as vae, and this run has none: leave it out "
                "of --metrics."
            )
        return []
    values = []
    for spec in specs:
        builder = LIKELIHOOD_METRICS[spec["name"]]
        plan.say(f"  likelihood of held-out samples under {where}")
        options = metric_specs.check_options(spec, builder)
        figure = builder(model, real, **options)
        count = min(len(real.x), options.get("count", len(real.x)))
        provenance = plan.provenance(metric_specs.full_name(spec, builder), None, count, 0)
        values.append(MetricValue(spec["name"], *figure, "lower", step, None, provenance))
    return values
