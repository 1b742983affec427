"""The command line: runs a verb, and turns errors into sentences and exit codes."""

import io
import os
import sys
import tempfile
import traceback
import warnings
from collections.abc import Sequence

from ..core.errors import Failure, Refusal, first_line, os_error
from ..core.text import printable


def main(tokens: Sequence[str] | None = None) -> int:
    """Run a command line. Returns 0: done, or saved on request; 2: wrong input; 1: any other error."""
    _prepare_output()
    try:
        code = _run(list(sys.argv[1:] if tokens is None else tokens))
        sys.stdout.flush()
        return code
    except Refusal as refusal:
        return _fail(str(refusal), 2)
    except Failure as failure:
        return _fail(str(failure), 1)
    except KeyboardInterrupt:
        return _fail("Stopped at once: what was saved before is intact, nothing was saved now.", 1)
    except BrokenPipeError:  # the reader has left, as in `equilibria recipes | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("EQUILIBRIA_DEBUG"):
            raise
        if isinstance(error, OSError) and error.errno is not None:
            sentence = os_error(error)
            return _fail(str(sentence), 2 if isinstance(sentence, Refusal) else 1)
        return _fail(_unexpected(error), 1)


def _prepare_output() -> None:
    """Let any text be written to any terminal, or to none, and keep warnings of libraries out of the sentences."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # it was closed by the caller
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - to the end of the process
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if not sys.warnoptions and not os.environ.get("EQUILIBRIA_DEBUG"):
        warnings.simplefilter("ignore")


def _run(tokens: list[str]) -> int:
    from .help import overview
    from .verbs import VERBS, run

    match tokens:
        case [] | ["--help" | "-h" | "help"]:
            print(overview(VERBS))
        case ["--version"]:
            from importlib.metadata import version

            print(f"equilibria {version('equilibria')}")
        case _:
            return run(tokens)
    return 0


def _fail(text: str, code: int) -> int:
    print(f"equilibria: {printable(text)}", file=sys.stderr)
    return code


def _unexpected(error: Exception) -> str:
    """The message for too little memory, or for a defect of ours, whose traceback goes to a file."""
    what = first_line(error)
    if isinstance(error, MemoryError) or "out of memory" in what or "can't allocate memory" in what:
        return "There is not enough memory: try a smaller --batch, or narrower networks (--generator.width)."
    with tempfile.NamedTemporaryFile("w", prefix="equilibria-", suffix=".txt", delete=False, encoding="utf-8") as file:
        traceback.print_exception(error, file=file)
    return f"This is a bug: {type(error).__name__}: {what}. Please report it with the file {file.name}."


if __name__ == "__main__":
    sys.exit(main())
