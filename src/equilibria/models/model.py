"""A trained model and everything it can do."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from ..core.errors import Refusal
from ..data import Data
from . import critic_outputs, encoding, features, hub, inputs, inversion, latent_directions, latent_walks, rejection
from . import hub as pretrained
from . import load as stored
from . import probe as beginnings
from . import probe as probing
from . import rejection as ratios
from .conditions import Asked
from .critic_outputs import labelled
from .export import Exported, export
from .probe import Report
from .sampler import Sampler


@dataclass(frozen=True, repr=False)
class Model(Sampler):
    """A model that a run has left behind: each verb is a function of `products`, called on the model."""

    interpolate = latent_walks.interpolate
    arithmetic = latent_directions.arithmetic
    traverse = latent_walks.traverse
    encode = encoding.encode
    reconstruct = encoding.reconstruct
    invert = inversion.invert
    attribute = latent_directions.attribute

    save_pretrained = pretrained.save_pretrained
    push_to_hub = hub.push_to_hub

    def export(
        self, format: str = "onnx", part: str = "generator", out: str | Path | None = None, force: bool = False
    ) -> Exported:
        """Export a network to a file for other programs, and check that it computes the same.

        Args:
            format: onnx (ONNX runtimes), torch-export (.pt2, for torch.export.load) or safetensors (weights).
            part: generator (z, y to samples), critic (x, y to scores) or encoder (x, y to mean, log_variance).
            out: The file; default: PART.onnx, PART.pt2 or PART.safetensors.
            force: Overwrite existing output.

        Example:
            >>> model = eq.load("runs/pairs")
            >>> print(model.export("safetensors", part="encoder"))
            encoder.safetensors takes x (batch, 1, 8, 8) and gives mean (batch, 64); ...
        """
        return export(self, inputs.config(self.place), inputs.recipe_name(self.place), format, part, out, force)

    def score(self, x: Tensor, labels: Asked | None = None) -> Tensor:
        """How real the critic finds samples (N, *space.shape): (N,), comparable within this one model only.

        Example:
            >>> model = eq.load("runs/digits")
            >>> model.score(model.sample(4, labels=7), labels=7).shape
            torch.Size([4])
        """
        return critic_outputs.score(self, x, labelled(self, labels, len(x)))

    def layers(self, of: str = "critic") -> dict[str, tuple[int, ...]]:
        """The hidden layers of the critic or the encoder by name, each with the shape of what it says of a sample.

        Example:
            >>> model = eq.load("runs/digits")
            >>> model.layers()
            {'conv1': (8, 4, 4), 'conv2': (16, 2, 2), 'dense1': (256,), 'features': (256,)}
        """
        return features.named(self, of)

    def features(
        self, x: Tensor, labels: Asked | None = None, layer: str = "features", of: str = "critic", pooled: int = 0
    ) -> Tensor:
        """What a hidden layer says of samples (N, *space.shape): (N, F) or (N, C, H, W).

        Example:
            >>> model = eq.load("runs/digits")
            >>> model.features(model.sample(4), layer="conv1", pooled=2).shape
            torch.Size([4, 32])
        """
        return features.features(self, x, labelled(self, labels, len(x)), layer, of, pooled)

    def reject(self, count: int, seed: int = 0, labels: Asked | None = None, percentile: float | None = 80.0) -> Tensor:
        """Draws that the critic lets pass, (count, *space.shape), of one label or none; see `rejection.Sieve`.

        Example:
            >>> model = eq.load("runs/digits")
            >>> model.reject(4, labels=7, percentile=90).shape
            torch.Size([4, 1, 8, 8])
        """
        ratio, _ = ratios.ratio_of(self.place)
        return rejection.passed(self, ratio, count, seed, labels, percentile)

    def probe(self, data: Data, **question: Any) -> Report:
        """What features tell of classes, beside raw pixels and the network as it began; see `probing.Question`.

        Example:
            >>> model = eq.load("runs/digits")
            >>> report = model.probe(eq.DATASETS["digits"](), train=200, test=100)
            >>> [row.name for row in report.rows]
            ['raw pixels', 'critic, untrained', 'critic, trained']
        """
        return probing.probe(self, beginnings.beginning(self.place), data, probing.Question(**question))

    def classify(self, x: Tensor) -> Tensor:
        """Probabilities, or guesses of numbers, of samples (N, *space.shape), by the critic's class head: (N, C).

        Example:
            >>> model = eq.load("runs/digits")
            >>> model.classify(model.sample(4)).shape
            torch.Size([4, 10])
        """
        return critic_outputs.classify(self, x)


def load(
    folder: str | Path,
    checkpoint: str | int | None = None,
    data_root: str | Path | None = None,
    networks: Collection[str] | None = None,
) -> Model:
    """The model of a run folder (or of its `model` folder), ready to use; see `recipes.stored.load`.

    Nothing is executed. Data are opened only for a `checkpoint` whose encoder or class head has batch norm.
    `load("runs/NAME").sample(64)` draws, of a conditional model also `sample(64, labels=7)`. Raises Refusal if there is
    no such model.

    Args:
        folder: the run folder.
        checkpoint: best, last or a round; default: the model at the end of the run.
        data_root: folder with the original files of data sets; default: the run's, or EQUILIBRIA_DATA.
        networks: names of the networks to load, such as generator and prior; default: all.

    Example:
        >>> eq.load("runs/digits", checkpoint="best").sample(2, labels=[0, 1]).shape
        torch.Size([2, 1, 8, 8])
    """
    return Model(**vars(stored.load_sampler(folder, checkpoint, data_root, networks)))


def from_pretrained(name: str | Path, revision: str | None = None, token: str | None = None) -> Model:
    """The model in a folder, or of the hub as owner/name (needs the extra `hub`), as it is or at a revision.

    Nothing is executed: weights are read by safetensors, and a description that names code is refused.

    Example:
        >>> eq.from_pretrained("runs/pairs").encode().mean.shape
        torch.Size([188, 64])
    """
    if not Path(name).is_dir():
        return load(hub.fetched(str(name), revision, token))
    if revision is not None:
        raise Refusal(f"{name} is a folder, which has no revisions: leave out revision={revision!r}.")
    return load(name)
