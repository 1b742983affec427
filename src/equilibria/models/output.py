"""From a run folder to a file: every verb that writes what a model computes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from ..core.errors import Refusal, at_least, nearest
from ..core.files import output_path
from ..data import load_data
from ..records.folder import free_name
from .conditions import UNCONDITIONAL, LabelQuery
from .critic_outputs import class_table, score_table
from .features import feature_arrays
from .load import load
from .model import Model
from .model_folder import model_folder, read_config, read_data_spec, read_labels, read_recipe
from .probe import ProbeOptions, Report, probe, untrained
from .rejection import RejectionSampler, ratio_of
from .write import WRITERS, SampleRequest, write_result

_STEMS = {"interpolate": "interpolation", "traverse": "traversal", "reconstruct": "reconstruction"}  # default names
_STEMS |= {"invert": "inversion", "encode": "codes", "attribute": "directions", "score": "scores"}
_STEMS |= {"classify": "classes"}
KINDS = {  # suffixes of each verb's file
    **dict.fromkeys(("interpolate", "arithmetic", "traverse", "reconstruct", "invert"), (".png", ".npz")),
    "encode": (".npz", ".csv"),
    "attribute": (".npz",),
    "score": (".csv",),
    "classify": (".csv",),
    "features": (".npz",),
}
_MOST = 10**7  # samples at a time
_OF_LATENTS = ("interpolate", "arithmetic", "traverse")  # verbs that need the generator only
WITH_PICTURE = ("attribute", "score")  # a .png of the same name
# Other verbs are methods of a model.
_TABLES: dict[str, Callable[..., Any]] = {"score": score_table, "classify": class_table, "features": feature_arrays}


def write(
    run: str | Path,
    verb: str,
    out: str | Path | None = None,
    checkpoint: str | int | None = None,
    force: bool = False,
    trust: bool = False,
    **options: Any,
) -> tuple[Any, list[Path]]:
    """Write a verb's result: `write("runs/NAME", "interpolate", "rows.png", steps=9)`. Returns it and the files.

    The options are those of the method of `Model` with the verb's name. Output is written completely or not at all.
    Raises Refusal rather than overwrite a file, unless `force`.

    Args:
        run: The run folder.
        verb: A name of `KINDS`.
        out: The file to write; default: one that does not exist.
        checkpoint: best, last or a round; default: the model at the end of the run.
        force: Overwrite existing output.
        trust: Import custom code that the run's model names.
        options: The verb's options.
    """
    if verb not in KINDS:
        raise Refusal(f"No verb that writes a file is called {verb!r}.{nearest(verb, KINDS)}")
    read_config(model_folder(run))  # a wrong run is refused before a wrong output
    suffixes = (KINDS[verb][0], ".png") if verb in WITH_PICTURE else KINDS[verb][:1]
    stem = _STEMS.get(verb, verb)
    default = stem + suffixes[0] if force else free_name(stem, *suffixes)
    paths = [output_path(default if out is None else out, KINDS[verb], force)]
    paths += [output_path(paths[0].with_suffix(suffix), (suffix,), force) for suffix in suffixes[1:]]
    networks, root = (
        ("generator", "prior") if verb in _OF_LATENTS else None,
        getattr(options.get("source"), "data_root", None),
    )
    model = load(run, checkpoint, root, networks, trust)
    function: Callable[..., Any] = _TABLES.get(verb) or getattr(Model, verb)
    result = function(model, **options)
    write_result(result, paths)
    return result, paths


def sample(
    run: str | Path,
    count: int | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    checkpoint: str | int | None = None,
    force: bool = False,
    labels: LabelQuery | None = None,
    truncation: float | None = None,
    trust: bool = False,
) -> Path:
    """Generate samples: a grid (.png), an array `samples` (.npz), or a folder of images.

    Samples of a conditional model come with their labels: an array `labels`, a subfolder for each class. Raises Refusal
    rather than overwrite a file, unless `force`.

    Args:
        run: The run folder.
        count: Number of samples (64), or of samples per label if there are several (8).
        seed: Sample i depends on the seed, i and its label only.
        out: file.png: a sample grid; folder/: images by class; file.npz: arrays; default: sheet.png, sheet-2.png, ...
        checkpoint: best, last or a round; default: the model at the end of the run.
        force: Overwrite existing output.
        labels: For models conditional on classes: names or numbers, 7 or 3,5 or 0..9; one row each, same latents.
        truncation: Redraw normal latent values beyond this, such as 0.7: fidelity over diversity (Brock et al. 2019).
        trust: Import custom code that the run's model names.

    Example:
        >>> eq.sample("runs/digits", labels="0..9", out="digits.png")
        PosixPath('digits.png')
    """
    path = _sample_path(run, count, out, force)
    model = load(run, checkpoint, networks=("generator", "prior"), trust=trust)
    SampleRequest.of(model, count, seed, labels, truncation=truncation).write(path)
    return path


def _sample_path(run: str | Path, count: int | None, out: str | Path | None, force: bool) -> Path:
    """Where samples go. Raises Refusal for a wrong run or count, too, before a model is loaded."""
    at_least(1, "", _MOST + 1, count=1 if count is None else count)
    if out is not None:
        output_path(out, WRITERS, force=True)  # its suffix
    read_config(model_folder(run))
    return free_name("sheet", ".png") if out is None else output_path(out, WRITERS, force)


def reject(
    run: str | Path,
    count: int | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    labels: LabelQuery | None = None,
    force: bool = False,
    percentile: float | None = 80.0,
    burn_in: int = 10_000,
    trust: bool = False,
) -> list[str]:
    """Discriminator rejection sampling (Azadi et al. 2019).

    Returns sentences: the assumptions, and how many draws were accepted. Raises Refusal for a run whose critic does not
    estimate a density ratio.

    Args:
        run: The run folder.
        count: Number of samples to keep (64), or per label if there are several (8).
        seed: Seed of the draws; the first 64 of 1,000 samples are the 64.
        out: file.png: a sample grid; folder/: images by class; file.npz: arrays; default: sheet.png, sheet-2.png, ...
        labels: For conditional models: classes, 7 or 3,5 or 0..9, or attributes, smiling,young=0.5.
        force: Overwrite existing output.
        percentile: Percentile of the burn-in logits used as gamma; higher keeps fewer; none: exact rejection.
        burn_in: Burn-in samples used to estimate the maximum ratio and gamma, per label.
        trust: Import custom code that the run's model names.
    """
    path, model = _sample_path(run, count, out, force), load(run, trust=trust)
    ratio, meaning = ratio_of(model_folder(run))
    sampler = RejectionSampler(model, ratio, percentile, burn_in)
    request = SampleRequest.of(model, count, seed, labels, draw=sampler.batches)
    request.write(path)
    several = request.conditions is not None and len(request.conditions) > 1
    return [f"{request.total:,} samples are in {path} (seed {seed}).", *sampler.summary(meaning, several)]


def labels_of(run: str | Path) -> Any:
    """The labels of a conditional model, without loading its weights. Raises Refusal for an unconditional one."""
    config = read_config(model_folder(run))
    labels = read_labels(config)
    if labels is None or config.get("conditions") is None:
        raise Refusal(UNCONDITIONAL)
    return labels


def probe_run(
    run: str | Path,
    options: ProbeOptions,
    *,
    data: str = "",
    data_root: str | None = None,
    checkpoint: str | int | None = None,
    device: str = "cpu",
    trust: bool = False,
) -> tuple[Report, str]:
    """Probe a run's features. Returns the report, and in words how it was measured.

    Args:
        run: The run folder.
        options: The features and the number of samples.
        data: A data set with classes, by name or path; default: the run's own.
        data_root: Folder with the original files of data sets; default: EQUILIBRIA_DATA.
        checkpoint: best, last or a round; default: the networks at the end of the run.
        device: cpu or cuda.
        trust: Import custom code that the run's model names.
    """
    model = load(run, checkpoint, data_root, trust=trust)
    samples = load_data(data or read_data_spec(model.folder), Path(data_root) if data_root else None)
    seed = int(read_recipe(model.folder).get("seed", 0))
    initial = untrained(model, seed, trust)
    for each in (model, initial):
        each.networks.to(_device(device))
    report = probe(model, initial, samples, options)
    return report, report.summary(samples.name, seed)


def _device(name: str) -> torch.device:
    """The device. Raises Refusal if it is not available."""
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError):
        raise Refusal(f"The device {name!r} is not available here: use --device cpu.") from None
    return device


def publish(run: str | Path, name: str, license: str = "unknown", private: bool = False) -> str:
    """Upload a run's model to the Hugging Face hub with a model card. Returns the address of its page.

    The sender is identified by `hf auth login` or HF_TOKEN.

    Args:
        run: The run folder.
        name: owner/name on the hub.
        license: License of the weights, as the hub spells it, such as mit; the data's license may restrict it.
        private: Make the model visible to you and those you invite only.
    """
    return load(run).push_to_hub(name, license=license, private=private)
