"""Verbs that use a trained model."""

import dataclasses
from pathlib import Path
from typing import Any

from ...core.errors import Refusal
from ...core.text import paragraph, say, table


def sample(run: str, /, *, attributes: str = "", **options: Any) -> int:
    """Generate samples: a grid, a folder of images, or an array.

    Args:
        attributes: for models conditional on attributes: those present, smiling,young=0.5; on numbers: all, 0.2,0.7.

    Examples:
        equilibria sample runs/NAME --count 64 --seed 1 --out sheet.png
        equilibria sample runs/NAME --label 3,5 --out samples.npz
    """
    from ...models.output import sample

    label, count = options.pop("labels", ""), options.get("count")
    if label and attributes:
        raise Refusal("--label and --attributes exclude each other: a model is conditional on classes or attributes.")
    if label or attributes:
        _check_kind(run, "label" if label else "attributes")
    path = sample(run, **options, labels=label or attributes or None)
    text = "1 sample" if count == 1 else f"{64 if count is None else count:,} samples"
    if label or attributes:
        each = "" if count is None else f" ({count:,} of each)"
        text = f"Samples for --{'label' if label else 'attributes'} {label or attributes}{each}"
    return _say([f"Written: {text} in {path} (seed {options.get('seed', 0)})"])


def film(run: str, /, **options: Any) -> int:
    """Make a film of the training, or of a walk through latent space.

    Examples:
        equilibria film runs/NAME
        equilibria film runs/NAME --interpolation --out walk.gif
        equilibria film runs/NAME --interpolation --label 3,5 --out walk.mp4
    """
    from ...models.film import film

    return _say([f"Written: {film(run, **options)}"])


def reject(run: str, /, **options: Any) -> int:
    """Discriminator rejection sampling (Azadi et al. 2019).

    Examples:
        equilibria reject runs/NAME --count 64 --percentile 90
    """
    from ...models.output import reject

    return _say(reject(run, **options))


def interpolate(run: str, /, *, out: str | None = None, **options: Any) -> int:
    """Interpolate between samples: a row for each pair.

    Args:
        out: .png: a row for each pair; .npz: arrays `samples`, `latents`, `row`;
            default: interpolation.png, interpolation-2.png, ...

    Examples:
        equilibria interpolate runs/NAME --start 0,2 --end 1,3 --steps 9
        equilibria interpolate runs/NAME --start 0 --end 5 --way linear --out row.npz
    """
    return _write(run, "interpolate", out, options)


def arithmetic(run: str, /, *, out: str | None = None, **options: Any) -> int:
    """Latent arithmetic: mean(a) - mean(b) + mean(c).

    Args:
        out: .png: samples, means and results; .npz: arrays `samples` (results), `latents`, `means`, `mean_latents`;
            default: arithmetic.png, arithmetic-2.png, ...

    Examples:
        equilibria arithmetic runs/NAME --a 0,1,2 --b 3,4,5 --c 6,7,8
    """
    return _write(run, "arithmetic", out, options)


def traverse(run: str, /, *, out: str | None = None, **options: Any) -> int:
    """Vary one latent dimension at a time: a row for each dimension.

    Args:
        out: .png: a row for each dimension; .npz: arrays `samples`, `latents`, `row`;
            default: traversal.png, traversal-2.png, ...

    Examples:
        equilibria traverse runs/NAME --coordinates 0..4 --steps 9
    """
    return _write(run, "traverse", out, options)


def attribute(run: str, path: str = "", /, *, out: str | None = None, **options: Any) -> int:
    """Find latent directions of labels, and move a sample along them.

    Args:
        out: .npz: arrays `directions` and `names`; the sample grid is a .png of the same name;
            default: directions.npz, directions-2.npz, ...

    Examples:
        equilibria attribute runs/NAME
        equilibria attribute runs/NAME labels.csv --base 3
    """
    if Path(path).suffix.lower() == ".csv":
        options = {name: value for name, value in options.items() if name not in ("part", "data_root")}
        return _write(run, "attribute", out, options | {"source": path})
    return _write(run, "attribute", out, options, path)


def encode(run: str, path: str = "", /, *, out: str | None = None, **options: Any) -> int:
    """Encode samples: the encoder's latents as an array or a table.

    Args:
        out: .npz: arrays `latents` (means), `deviations` (of Gaussian encoders), `files`; .csv: one line each;
            default: codes.npz, codes-2.npz, ...

    Examples:
        equilibria encode runs/NAME images/ --out codes.csv
    """
    return _write(run, "encode", out, options, path)


def reconstruct(run: str, path: str = "", /, *, out: str | None = None, **options: Any) -> int:
    """Reconstruct samples with an encoder, next to the originals.

    Args:
        out: .png: originals over reconstructions; .npz: arrays `originals`, `samples`, `latents`, `errors`, `files`;
            default: reconstruction.png, reconstruction-2.png, ...

    Examples:
        equilibria reconstruct runs/NAME --count 16
    """
    return _write(run, "reconstruct", out, options, path)


def invert(run: str, path: str = "", /, *, out: str | None = None, **options: Any) -> int:
    """Find latents of samples by gradient descent; no encoder is needed.

    Args:
        out: .png: originals over results; .npz: arrays `originals`, `samples`, `latents`, `errors`, `files`;
            default: inversion.png, inversion-2.png, ...

    Examples:
        equilibria invert runs/NAME images/ --count 8 --steps 500
    """
    return _write(run, "invert", out, options, path)


def score(run: str, path: str, /, *, out: str | None = None, **options: Any) -> int:
    """Score samples of a folder, an array or a data set with the critic, least real first.

    Args:
        out: .csv: the sorted table; the lowest and highest are drawn in a .png of the same name;
            default: scores.csv, scores-2.csv, ...

    Examples:
        equilibria score runs/NAME images/
    """
    return _write(run, "score", out, options, path)


def classify(run: str, path: str, /, *, out: str | None = None, **options: Any) -> int:
    """Classify samples with the critic's class head (acgan, sgan).

    Args:
        out: .csv: file, label (if known), predicted class and the probability of every class;
            default: classes.csv, classes-2.csv, ...

    Examples:
        equilibria classify runs/NAME images/ --out classes.csv
    """
    return _write(run, "classify", out, options, path)


def features(run: str, path: str = "", /, *, out: str | None = None, **options: Any) -> int:
    """Extract hidden-layer features of samples, or list the layers.

    Args:
        out: .npz: an array for each layer, `files`, and `labels` if known; default: features.npz, features-2.npz, ...

    Examples:
        equilibria features runs/NAME
        equilibria features runs/NAME images/ --layer conv1,conv2
    """
    if not options.get("layers") and not options.get("pooled"):
        from ...models.load import load

        of, model = options.get("of", "critic"), load(run, trust=options.get("trust", False))
        rows = [(name, " x ".join(map(str, shape))) for name, shape in model.layers(of).items()]
        return _say([f"Layers of the {of}, for --layer:\n\n{table(rows)}"])
    if not path:
        raise Refusal("The samples are missing: write `equilibria features RUN PATH --layer NAME`.")
    return _write(run, "features", out, options, path)


def probe(run: str, /, **options: Any) -> int:
    """Linear-probe the critic's or encoder's features, against raw pixels and the untrained network.

    Examples:
        equilibria probe runs/NAME
        equilibria probe runs/NAME --pooled 4 --data digits
    """
    from ...models.output import probe_run
    from ...models.probe import ProbeOptions

    report, text = probe_run(run, _record(ProbeOptions, options), **options)
    return _say([f"{table(report.table())}\n\n{paragraph(text)}"])


def export(run: str, /, **options: Any) -> int:
    """Export a network for other programs, and check that it computes the same.

    Examples:
        equilibria export runs/NAME --format onnx
        equilibria export runs/NAME --part critic --format torch-export
    """
    from ...models.load import load

    model = load(run, options.pop("checkpoint", None), trust=options.pop("trust", False))
    return _say([str(model.export(**options))])


def publish(run: str, name: str, /, **options: Any) -> int:
    """Upload a trained model to the Hugging Face hub, with a model card.

    Examples:
        equilibria publish runs/NAME owner/name --license mit --private
    """
    from ...models.output import publish

    return _say([f"The model is at {publish(run, name, **options)}."])


def _say(lines: list[str]) -> int:
    say("\n".join(lines))
    return 0


def _record(kind: Any, options: dict[str, Any], *values: Any) -> Any:
    """A record of the options that are its fields, which are removed from the others."""
    names = [field.name for field in dataclasses.fields(kind) if field.name in options]
    return kind(*values, **{name: options.pop(name) for name in names})


def _write(run: str, verb: str, out: str | None, options: dict[str, Any], path: str | None = None) -> int:
    """Write the result of a verb, of the samples at `path` ("": the default ones) if it takes any; print what it is."""
    from ...models.inputs import SampleSource
    from ...models.output import write

    if path is not None:
        options["source"] = _record(SampleSource, options, path or None)
    result, files = write(run, verb, out, **options)
    seed = "" if "source" in options else f" (seed {options.get('seed', 0)})"
    return _say([result.summary(), f"Written: {' and '.join(map(str, files))}{seed}"])


def _check_kind(run: str, flag: str) -> None:
    """Raise Refusal if the labels of a conditional model are set with the other flag."""
    from ...models.output import labels_of

    labels = labels_of(run)
    if labels is not None and (labels.kind == "class") != (flag == "label"):
        kind, other = ("classes", "attributes") if flag == "label" else ("attributes", "label")
        raise Refusal(f"--{flag} needs a model of {kind}, and this one has {labels}: use --{other}.")
