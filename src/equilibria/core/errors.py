"""Errors with a message for the user, and the checks that raise them."""

import difflib
import errno
import math
import sysconfig
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_PACKAGE = str(Path(__file__).parents[1])
_LIBRARIES = (_PACKAGE, "<frozen ", *(sysconfig.get_path(name) for name in ("stdlib", "platlib", "purelib")))


class Refusal(ValueError):
    """A request that cannot be served; the message says what is wrong, where, and what to do. Exit code 2.

    Example:
        >>> try:
        ...     eq.RECIPES["wgan-pg"]
        ... except eq.Refusal as refusal:
        ...     print(str(refusal).split("?")[0])
        No recipe is called 'wgan-pg'. Did you mean 'wgan-gp'
    """


class ShapeRefusal(Refusal):
    """Samples of a shape that a network is not for; another network, `instead`, is."""

    def __init__(self, text: str, instead: str):
        super().__init__(f"{text} {instead!r}.")
        self.instead = instead


class Failure(RuntimeError):
    """A failure not caused by the request: a full disk, a NaN. The message says what is safe. Exit code 1."""


_REQUEST = "EACCES EPERM ENOENT ENOTDIR EISDIR EEXIST EROFS ENAMETOOLONG ELOOP EINVAL EILSEQ"
_OF_REQUEST = {
    getattr(errno, name) for name in _REQUEST.split() if hasattr(errno, name)
}  # which another path would mend


def os_error(
    error: OSError, what: str | None = None, advice: str = "Give another path.", use: str = "used"
) -> Refusal | Failure:
    """The sentence for an error of the operating system: `what`, or the error's file, cannot be used.

    A Refusal if another path would help, else a Failure: a full disk, a broken one.
    """
    place = what or (str(error.filename) if error.filename else "A file")
    text = f"{shorten(place, 200)} cannot be {use}: {error.strerror or error}."
    return Refusal(f"{text} {advice}") if error.errno in _OF_REQUEST else Failure(text)


def shorten(text: str, most: int = 100) -> str:
    """A text for a message: the start of a long one."""
    return text if len(text) <= most else f"{text[:most]}..."


def nearest(name: str, names: Iterable[str]) -> str:
    """The end of a sentence about an unknown name: the same one in other letters, or the closest one and all."""
    names = list(names)
    lower = {each.lower(): each for each in names}
    if name.lower() in lower:
        return f" Did you mean {lower[name.lower()]!r}?"
    close = difflib.get_close_matches(name.lower(), lower, n=1)
    hint = f" Did you mean {lower[close[0]]!r}?" if close else ""
    return f"{hint} Known: {', '.join(names) or 'none'}."


def first_line(error: Exception) -> str:
    """What an error of a library says, without a traceback: its first line, or else its kind."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text.strip().split("\n")[0] or type(error).__name__


@contextmanager
def as_refusal(text: str, *kinds: type[Exception]) -> Iterator[None]:
    """Raise Refusal for errors of these kinds: the text, such as "FILE cannot be read", and what the error says."""
    try:
        yield
    except Refusal:
        raise
    except kinds as error:
        raise Refusal(f"{text}: {first_line(error).rstrip('.')}.") from None


def user_frame(error: Exception) -> str:
    """Where a user's function that this package called raised an error, "FILE, line N, in NAME"; else empty."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = next((place for place, frame in enumerate(frames) if frame.filename.startswith(_PACKAGE)), len(frames))
    own = [frame for frame in frames[ours:] if not frame.filename.startswith(_LIBRARIES)]
    own = [frame for frame in own if not (frame.filename[0] == "<" and frame.name.startswith("__"))]  # generated code
    return f"{own[-1].filename}, line {own[-1].lineno}, in {own[-1].name}" if own else ""


@contextmanager
def user_errors() -> Iterator[None]:
    """Raise Refusal for an error in a user's function, with its file and line; let others pass."""
    try:
        yield
    except (Refusal, Failure):
        raise
    except Exception as error:
        if not (place := user_frame(error)):
            raise
        raise Refusal(f"{place}: {type(error).__name__}: {first_line(error).rstrip('.')}.") from error


def check_format(stored: Mapping[str, Any], latest: int, where: str) -> None:
    """Raise Refusal for a file of a newer version."""
    version = stored.get("format", latest)
    if not isinstance(version, int) or version > latest:
        raise Refusal(
            f"{where} has format {version}, and this version of equilibria reads {latest}: upgrade equilibria."
        )


def at_least(least: float, part: str, below: float = math.inf, **values: float) -> None:
    """Raise Refusal unless options are finite and in these limits; `part` is "", or such as "The network 'dense'"."""
    most = f"at most {below - 1:,}" if all(isinstance(value, int) for value in values.values()) else f"below {below:,}"
    limits = f"at least {least:,}" + (f" and {most}" if below < math.inf else "")
    for option, value in values.items():
        if not least <= value < below:
            finite = "a finite number of " if isinstance(value, float) else ""
            subject = f"{part} has {option}" if part else f"{option} is"
            number = f"{value:g}" if isinstance(value, float) else f"{value:,}"
            raise Refusal(f"{subject} {number}: {finite}{limits} is needed.")


def above_zero(part: str, **values: float) -> None:
    """Raise Refusal unless options are finite numbers above 0."""
    for option, value in values.items():
        if not 0 < value < math.inf:
            raise Refusal(f"{part} has {option} {value:g}: a finite number above 0 is needed.")


def require_images(part: str, shape: tuple[int, ...], instead: str) -> None:
    """Raise Refusal unless samples of this shape are images."""
    if len(shape) != 3:
        raise ShapeRefusal(f"{part} is for images, and these samples have shape {shape}: use", instead)
