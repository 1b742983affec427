"""What a server answers, in a few seconds whatever the network does."""

import queue
import threading
import urllib.request
from http.client import HTTPResponse

_ANSWER_SECONDS = 5.0  # name resolution has no timeout of its own, so the first answer is awaited in a thread
_STALL_SECONDS = 10.0


def first_answer(url: str, seconds: float = _ANSWER_SECONDS) -> HTTPResponse:
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
