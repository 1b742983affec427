"""Requests with a time limit, and downloads that are verified before they are stored."""

import hashlib
import logging
import os
import queue
import threading
import urllib.request
from http.client import HTTPResponse
from pathlib import Path

from .files import atomic

_RESPONSE_SECONDS = 5.0  # name resolution has no timeout, so the first response is awaited in a thread
_STALL_SECONDS = 10.0


def first_response(url: str, seconds: float = _RESPONSE_SECONDS) -> HTTPResponse:
    """The response to a request. Raises OSError within seconds if there is none."""
    responses: queue.Queue[HTTPResponse | OSError] = queue.Queue()

    def request() -> None:
        try:
            responses.put(urllib.request.urlopen(url, timeout=_STALL_SECONDS))
        except OSError as error:
            responses.put(error)

    threading.Thread(target=request, daemon=True).start()
    try:
        response = responses.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no answer in {seconds:.0f} s") from None
    if isinstance(response, OSError):
        raise response
    return response


def download(url: str, path: Path, algorithm: str, digest: str, size: str = "") -> Path:
    """Download a file to this path. Raises OSError, without leaving a file, unless its hash begins with `digest`."""
    if os.environ.get("EQUILIBRIA_OFFLINE"):
        raise OSError("EQUILIBRIA_OFFLINE is set")
    response, content_hash = first_response(url), hashlib.new(algorithm, usedforsecurity=False)
    logging.getLogger(__name__).warning("Downloading %s%s to %s.", url, f" ({size})" if size else "", path.parent)
    with response, atomic(path, unique=True) as part:
        with part.open("wb") as file:
            while chunk := response.read(1 << 20):
                content_hash.update(chunk)
                file.write(chunk)
        if not content_hash.hexdigest().startswith(digest):
            raise OSError(f"{url} returned another file: {algorithm} {content_hash.hexdigest()}")
    return path
