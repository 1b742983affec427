"""Requests that end in seconds whatever the network does, and files that are checked before they are kept."""

import hashlib
import logging
import os
import queue
import threading
import urllib.request
from http.client import HTTPResponse
from pathlib import Path

from .files import atomic

_ANSWER_SECONDS = 5.0  # name resolution has no timeout of its own, so the first answer is awaited in a thread
_STALL_SECONDS = 10.0


def first_response(url: str, seconds: float = _ANSWER_SECONDS) -> HTTPResponse:
    """The response to a request, or an OSError in a few seconds whatever the network does."""
    answers: queue.Queue[HTTPResponse | OSError] = queue.Queue()

    def ask() -> None:
        try:
            answers.put(urllib.request.urlopen(url, timeout=_STALL_SECONDS))
        except OSError as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no answer in {seconds:.0f} s") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def download(url: str, path: Path, algorithm: str, digest: str, size: str = "") -> Path:
    """A file from a server under this path, once its hash begins with `digest`. Raises OSError, and nothing stays."""
    if os.environ.get("EQUILIBRIA_OFFLINE"):
        raise OSError("EQUILIBRIA_OFFLINE is set")
    response, content = first_response(url), hashlib.new(algorithm, usedforsecurity=False)
    logging.getLogger(__name__).warning("Downloading %s%s to %s.", url, f" ({size})" if size else "", path.parent)
    with response, atomic(path, unique=True) as part:
        with part.open("wb") as file:
            while piece := response.read(1 << 20):
                content.update(piece)
                file.write(piece)
        if not content.hexdigest().startswith(digest):
            raise OSError(f"{url} answered with something else: {algorithm} {content.hexdigest()}")
    return path
