"""Evaluate a trained model on held-out data, or samples against others."""

import math
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from ..core.errors import Refusal
from ..core.files import output_path
from ..core.specs import Spec
from ..core.text import table
from ..core.types import Batch
from ..evaluation.metrics.base import FOR_SHARES, seconds_of
from ..models.load import load, load_checkpoint_weights, select_checkpoint
from ..models.model import Model
from ..recipes.build_networks import training_data
from ..recipes.recipe import Recipe
from ..records.events import Tail
from ..records.folder import RunFolder
from ..records.summary import Summary, data_change
from ..runs.selection import has_likelihood
from ..training.run import Run
from . import metric_specs
from .evaluation_plan import EvaluationOptions, EvaluationPlan, Work, affordable, origin, plan_evaluation
from .metric_specs import LIKELIHOOD_METRICS, MetricSpec
from .results import FILE, Evaluation, MetricValue
from .sample_sets import RealSamples, SampleSet, Say, generated_samples, real_samples
from .sample_sources import HEADS, Samples, sample_pair

_OF_A_CLASS = 20  # samples, for numbers of it alone
_MEASURED = ("generator", "prior", "encoder", "likelihood")  # networks, without the critic


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
    budget: str | None = None,
    trust: bool = False,
    out: str | Path | None = None,
    force: bool = False,
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
        budget: Time for the default metrics, such as 5m, or none for no limit; default: a quarter of the run's, at
            least 60 s.
        trust: Import custom code that a run's model names.
        out: Also write the values with their provenance, and the cards of both sets: numbers.json or numbers.csv.
        force: Overwrite an existing file.

    Example:
        >>> evaluation = eq.evaluate("runs/digits", ["sliced_wasserstein"], count=32, say=str)
        >>> evaluation.of("sliced_wasserstein", "last").better
        'lower'
    """
    path = None if out is None else output_path(out, (".json", ".csv"), force)
    with torch.random.fork_rng(devices=[]):  # networks are initialized before their weights are read
        root = None if data_root is None else Path(data_root)
        options = EvaluationOptions(metrics, features, count, seed, root, say, budget)
        if against is not None:
            if tuple(checkpoints) != ("best", "last"):
                raise Refusal("--checkpoints does not apply to --against, which measures finished models.")
            evaluation = _evaluate_pair(run, against, size, options, trust, each=path is not None)
        else:
            folder = _run_folder(run)
            place = run if isinstance(run, Run) else folder
            if size is not None:
                raise Refusal("--size applies to folders of images, with --against: leave it out.")
            load_model = lambda: load(place, networks=_MEASURED, trust=trust)  # noqa: E731
            evaluation = _evaluate_run(folder, checkpoints, options, load_model)
    if path is not None:
        evaluation.write(path)
    return evaluation


def _run_folder(run: Samples) -> Path:
    """The folder of a run. Raises Refusal for other samples."""
    run = Path(run) if isinstance(run, Run) else run
    if isinstance(run, str | Path) and not (Path(run).exists() and not RunFolder(run).exists()):
        return RunFolder.open(run).path
    if not isinstance(run, str | Path):
        raise Refusal("These are samples, and no run: add against=REAL, real samples to measure them against.")
    line = f"equilibria evaluate {shlex.quote(str(run))} --against REAL"
    raise Refusal(f"{run} holds samples and is no run: `{line}` measures them against real ones.")


def _evaluate_run(
    run: Path, checkpoints: Sequence[str], options: EvaluationOptions, load_model: Callable[[], Model]
) -> Evaluation:
    """The metrics of a run's checkpoints, stored in the run folder."""
    selected = {name: select_checkpoint(run, name) for name in checkpoints}  # refused before a network is trained
    records, say = RunFolder.open(run), options.say
    recipe = Recipe.load(records.recipe_file, trust=True)  # it may name a user's code, but nothing of it is called
    summary = Summary.load(records)
    if options.root is None and summary.data_root:
        options = replace(options, root=Path(summary.data_root))
    data = training_data(recipe, options.root, summary.data.get("label_scales", []))
    if change := data_change(data, summary.data):
        say(f"{change} Its numbers may not be comparable.")
    limit = options.limit(max(checkpoint.elapsed for checkpoint in selected.values()))
    model, samples = load_model(), real_samples(data, options.count, recipe.binarize)
    record, start = origin(data, options.seed, recipe.halflife > 0, recipe.binarize), time.monotonic()
    plan = plan_evaluation(options, samples, data, record, limit)
    rounds = {name: f"round {checkpoint.step:,} ({name})" for name, checkpoint in selected.items()}
    say(f"Evaluating {' and '.join(rounds.values())} of {run} against {len(samples.real.x):,} {samples.real.name}.")
    steps = {checkpoint.step for checkpoint in selected.values()}
    drawing = seconds_of(lambda: model.sample(model.CHUNK)) / model.CHUNK
    likelihoods, extra = _likelihoods(options, plan, model, len(steps) * drawing, limit)
    work = Work(len(steps), drawing, extra)
    fewer = None if options.count else lambda count: real_samples(data, count, recipe.binarize)
    plan = affordable(plan, limit - (time.monotonic() - start), work, fewer, forced=bool(options.metrics))
    floors, values, measured = plan.floors(), list[MetricValue](), dict[int, list[MetricValue]]()
    for name, checkpoint in selected.items():
        if (step := checkpoint.step) not in measured:
            load_checkpoint_weights(model, recipe, checkpoint, lambda: data)
            drawn = generated_samples(model, len(plan.samples.floor.x), options.seed, say, f"samples of {rounds[name]}")
            measured[step] = plan.values(drawn, step, floors)
            measured[step] += [_likelihood(plan, model, spec, rounds[name], step) for spec in likelihoods]
        rule = selection_rule(run, name)
        values += [replace(v, provenance=replace(v.provenance, checkpoint=name, rule=rule)) for v in measured[step]]
    notes = plan.cautions()
    if len(plan.samples.floor.x) < FOR_SHARES and not options.count:
        line = f"equilibria evaluate {shlex.quote(str(run))} --against MORE/"
        notes.append(f"`{line}` measures against other real samples, such as ones that were not used for training.")
    evaluation = Evaluation(tuple(values), plan.about, tuple(notes), plan.left_out)
    evaluation.write(run / FILE)
    return evaluation


def _evaluate_pair(
    samples: Samples, against: Samples, size: int | None, options: EvaluationOptions, trust: bool, each: bool
) -> Evaluation:
    """The metrics of samples against others; of `each` class, too, where both have labels."""
    words = options.count, size, options.seed, options.root, trust
    limit, pair = options.limit(0.0), sample_pair(samples, against, *words)
    fake, real, data = pair.samples, pair.real, pair.data
    options.say(f"Evaluating {len(fake.x):,} samples of {fake.name} against {len(real.real.x):,} of {data.name}.")
    options.say(f"\n{table([HEADS, *pair.rows])}\n")
    record = replace(origin(data, options.seed), checkpoint=fake.name)
    plan = plan_evaluation(options, real, data, record, limit)
    plan = affordable(plan, limit, Work(1, 0.0), None, forced=bool(options.metrics))
    values = plan.values(fake, None, plan.floors())
    cards = {part: dict(zip(HEADS, row, strict=True)) for part, row in zip(("samples", "real"), pair.rows, strict=True)}
    classes, left_out = _of_classes(plan, fake) if each else ({}, {})
    more = "--out numbers.json also gives the numbers of each class." if fake.y is not None and not each else ""
    notes = (*pair.remarks, *plan.cautions(), *filter(None, [more]))
    return Evaluation(tuple(values), plan.about, notes, {**plan.left_out, **left_out}, cards, classes)


def _of_classes(plan: EvaluationPlan, fake: SampleSet) -> tuple[dict[str, list[MetricValue]], dict[str, str]]:
    """The metrics of each class alone, as far as it has the samples that they need; the classes that have too few."""
    real, labels, classes, left_out = plan.samples, plan.data.labels, dict[str, list[MetricValue]](), dict[str, str]()
    for place, name in enumerate(labels.names if labels is not None and fake.y is not None else ()):
        samples, other, floor, train = (e.of_class(place) for e in (fake, real.real, real.floor, real.train))
        count = min(len(each.x) for each in (samples, other, floor))
        requests = [each for each in plan.requests if each.metric.fewest <= count]
        if count < _OF_A_CLASS or not requests:
            left_out[f"class {name}"] = f"fewer than {_OF_A_CLASS} samples of it, made or real"
            continue
        part = replace(plan, samples=RealSamples(other, floor, train, real.split), requests=requests)
        floors = {each.name: part.measure(each, floor) for each in requests}
        classes[name] = part.values(samples, None, floors)
    return classes, left_out


def _likelihoods(
    options: EvaluationOptions, plan: EvaluationPlan, model: Model, seconds: float, limit: float
) -> tuple[list[Spec], float]:
    """The metrics of the model's likelihood, by default of fewer samples if time is short, and their seconds in all.

    `seconds` is the time of an importance sample. Raises Refusal if one is named and the model has none.
    """
    specs = [spec for spec in metric_specs.read_specs(options.metrics, plan.data) if spec["name"] in LIKELIHOOD_METRICS]
    if not specs or not has_likelihood(model, _held_out(plan, model)):
        if specs and options.metrics:
            raise Refusal(
                "nll needs a model with a likelihood and an encoder, such as vae, and this run has none: leave it out "
                "of --metrics."
            )
        return [], 0.0
    most = math.inf if options.metrics else limit / 2
    pairs = [metric_specs.fit_likelihood(spec, len(plan.samples.real.x), seconds, most) for spec in specs]
    return [spec for spec, _ in pairs], sum(cost for _, cost in pairs)


def _held_out(plan: EvaluationPlan, model: Model) -> Batch:
    """Held-out samples, with labels for a conditional model."""
    held_out = plan.samples.real
    return held_out.batch if model.conditions is not None else Batch(held_out.x)


def _likelihood(plan: EvaluationPlan, model: Model, spec: Spec, where: str, step: int) -> MetricValue:
    """How likely held-out data is under the model."""
    builder, real = LIKELIHOOD_METRICS[spec["name"]], _held_out(plan, model)
    plan.say(f"  likelihood of held-out samples under {where}")
    options = metric_specs.check_options(spec, builder)
    figure = builder(model, real, **options)
    count = min(len(real.x), options.get("count", len(real.x)))
    provenance = plan.provenance(metric_specs.full_name(spec, builder), None, count, 0)
    return MetricValue(spec["name"], *figure, "lower", step, None, provenance)
