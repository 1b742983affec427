"""Films: the sample grids of a run, one after another, and walks through latent space."""

import math
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import PIL.Image
import torch

from ..core.errors import Failure, Refusal, at_least
from ..core.files import atomic_output, output_path
from ..core.text import plural
from ..records.folder import free_name
from ..records.history import read_history
from .conditions import LabelQuery, label_text
from .grids import captioned, titled
from .interpolation import between
from .latents import read_latents
from .load import load
from .model import Model

_SUFFIXES = (".gif", ".mp4")
_LEAST, _MOST = 60, 500  # milliseconds of a frame of training
_WHOLE, _END, _WALK = 10_000, 2_000, 60  # milliseconds of all frames of training, of the last, of a frame of a walk
_CELLS, _POINTS, _ROW = 16, 1024, 4  # images or points of a walk, of all classes together; the fewest of a class
_TURNS = 4  # latents that a walk passes before it is back
_LONGEST = 2_000  # frames


def film(
    run: str | Path,
    out: str | Path | None = None,
    interpolation: bool = False,
    steps: int = 24,
    seed: int = 0,
    labels: LabelQuery | None = None,
    checkpoint: str | int | None = None,
    force: bool = False,
    trust: bool = False,
) -> Path:
    """Make a film of a run's samples: the same latents from round to round, or a walk through latent space.

    A film of the training shows the sample grids that the run kept. A walk passes four latents and ends where it began;
    a model of classes shows each in a row. Returns the path. Raises Refusal for a run of fewer than two grids.

    Args:
        run: The run folder.
        out: film.gif, or film.mp4, which needs the program ffmpeg; default: film.gif, film-2.gif, ...
        interpolation: Walk through latent space with the trained model.
        steps: Frames of a walk from one latent to the next.
        seed: Seed of the latents of a walk.
        labels: Classes of a walk, 7 or 3,5 or 0..9, or attributes; default: all classes.
        checkpoint: Model of a walk: best, last or a round; default: the model at the end of the run.
        force: Overwrite existing output.
        trust: Import custom code that the run's model names.

    Example:
        >>> eq.film("runs/digits", "digits.gif", interpolation=True, steps=4)
        PosixPath('digits.gif')
    """
    path = free_name("film", ".gif") if out is None else output_path(out, _SUFFIXES, force)
    if path.suffix.lower() == ".mp4" and shutil.which("ffmpeg") is None:
        raise Refusal("A film in .mp4 needs the program ffmpeg, which is not installed: let --out end in .gif.")
    if interpolation:
        at_least(1, "The film", _LONGEST // _TURNS, steps=steps)
        frames = list(_walk(load(run, checkpoint, networks=("generator", "prior"), trust=trust), steps, seed, labels))
        milliseconds = [_WALK] * len(frames)
    else:
        frames = _training(run)
        each = round(min(max(_WHOLE / len(frames), _LEAST), _MOST))
        milliseconds = [each] * (len(frames) - 1) + [_END]
    with atomic_output(path) as part:
        (_write_gif if path.suffix.lower() == ".gif" else _write_mp4)(part, frames, milliseconds)
    return path


def _training(run: str | Path) -> list[PIL.Image.Image]:
    """The sample grids of a run, each under its round. Raises Refusal if there are fewer than two."""
    grids = read_history(Path(run)).require_events().sample_grids()
    if len(grids) < 2:
        raise Refusal(
            f"{Path(run)} has {plural(len(grids), 'sample grid')}, and a film needs two: train longer, keep more of "
            f"them (`equilibria train ... --save-every 10`), or add --interpolation."
        )
    frames = [titled({f"round {step:,}": PIL.Image.open(path).convert("RGB")}) for step, path in grids]
    size = max(frame.width for frame in frames), max(frame.height for frame in frames)
    return [_on_white(frame, size) for frame in frames]


def _on_white(frame: PIL.Image.Image, size: tuple[int, int]) -> PIL.Image.Image:
    canvas = PIL.Image.new("RGB", size, "white")
    canvas.paste(frame, ((size[0] - frame.width) // 2, 0))
    return canvas


def _walk(model: Model, steps: int, seed: int, labels: LabelQuery | None) -> Iterator[PIL.Image.Image]:
    """Frames of a closed walk of several samples, those of `sample`; of each class in a row, from the same latents."""
    space, conditions = model.space, None if labels is None else model.conditions_of(labels)
    if labels is None and model.conditions is not None and model.labels is not None and model.labels.kind == "class":
        conditions = torch.eye(model.labels.size)
    rows = 1 if conditions is None else len(conditions)
    cells = max((_POINTS if len(space.shape) == 1 else _CELLS) // rows, _ROW)
    latents = read_latents(model, f"0..{cells * _TURNS - 1}", seed)
    stops, y = latents.noise.view(_TURNS, cells, -1), None if latents.y is None else latents.y[:cells]
    if conditions is not None:
        y = conditions.repeat_interleave(cells, dim=0)
    for turn in range(_TURNS):
        path = between(stops[turn], stops[(turn + 1) % _TURNS], steps + 1, model.prior)
        for step in range(steps):
            x = model.generate(path[:, step].repeat(rows, 1), y)
            if conditions is None or model.labels is None or rows == 1:
                yield space.sample_grid(x, max(math.isqrt(cells), 1))
            else:
                yield captioned(space, x.split(cells), [label_text(each, model.labels) for each in conditions])


def _write_gif(path: Path, frames: Sequence[PIL.Image.Image], milliseconds: Sequence[int]) -> None:
    """A film that begins again at its end."""
    first, *rest = [frame.quantize(256, dither=PIL.Image.Dither.NONE) for frame in frames]
    first.save(path, "GIF", save_all=True, append_images=rest, duration=list(milliseconds), loop=0, disposal=1)


def _write_mp4(path: Path, frames: Sequence[PIL.Image.Image], milliseconds: Sequence[int]) -> None:
    """H.264, which every browser shows; its sides are even. Raises Failure if ffmpeg fails."""
    width, height = (side + side % 2 for side in frames[0].size)
    pixels = b"".join(
        _on_white(frame, (width, height)).tobytes() * max(round(time / _WALK), 1)
        for frame, time in zip(frames, milliseconds, strict=True)
    )
    head = ["ffmpeg", "-y", "-loglevel", "error", "-f", "rawvideo", "-pixel_format", "rgb24"]
    size = ["-video_size", f"{width}x{height}", "-framerate", f"1000/{_WALK}", "-i", "-"]
    tail = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "+faststart", "-f", "mp4", str(path)]
    done = subprocess.run([*head, *size, *tail], input=pixels, capture_output=True)
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().splitlines()
        raise Failure(f"ffmpeg cannot make the film: {reason[-1] if reason else 'it gives no reason'}.")
