"""Starts the studio: the key, the socket, the browser."""

import contextlib
import os
import secrets
import socket
import webbrowser
from pathlib import Path

from ...core.errors import Failure, Refusal, os_error
from ...core.files import cache_root, user_path
from ...core.text import say

_KEY = "studio-key"


def serve(root: Path, data_roots: tuple[Path, ...], port: int, known_as: str, trainings: int, browser: bool) -> None:
    """Serve the page on this machine until Ctrl-C. Raises Refusal without the extra `studio`, or for a taken port."""
    try:
        import uvicorn
    except ImportError:
        raise Refusal("The studio needs the extra `studio`: pip install 'equilibria[studio]'.") from None
    from .acts import Acts
    from .guard import Guard
    from .routes import application
    from .runs import Runs

    with _listening(port) as place:
        port = place.getsockname()[1]
        hosts = {f"127.0.0.1:{port}", f"localhost:{port}", *([known_as] if known_as else [])}
        runs = Runs(root.resolve())
        acts = Acts(runs, data_roots, trainings)
        address = link(port, key())
        say(f"The studio shows {runs.root}: {address}")
        say("It ends with Ctrl-C; trainings that it started go on.")
        if browser:
            webbrowser.open(address)
        guarded = Guard(application(runs, acts), hosts, key())
        configuration = uvicorn.Config(guarded, log_level="warning", access_log=False, lifespan="on")
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(configuration).run(sockets=[place])
        if busy := acts.busy():
            say(f"Still in training: {', '.join(busy)}.")


def link(port: int, secret: str) -> str:
    """The address of the page. The key is in its fragment, which a browser does not send."""
    return f"http://127.0.0.1:{port}/#key={secret}"


def key() -> str:
    """The key of this user, made at the first start; it stays the same, so that open pages and bookmarks keep working.

    Raises Failure if it cannot be stored.
    """
    path = cache_root() / _KEY
    with contextlib.suppress(OSError):
        if len(stored := path.read_text("ascii").strip()) == 40:
            return stored
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secret := secrets.token_hex(20))
    except OSError as error:
        raise os_error(error, str(path), "EQUILIBRIA_CACHE sets another folder.", "written") from None
    return secret


def _listening(port: int) -> socket.socket:
    """A socket of this machine alone. Raises Refusal if the port is taken."""
    place = socket.socket(proto=socket.IPPROTO_TCP)  # so named, asyncio answers without delay (TCP_NODELAY)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        place.bind(("127.0.0.1", port))
    except PermissionError:
        place.close()
        raise Refusal(f"Port {port} needs rights that you do not have: choose one from 1024 on with --port.") from None
    except OSError as error:
        place.close()
        if error.errno == 98 or "in use" in str(error):
            raise Refusal(f"Port {port} is taken: choose another with --port, or --port 0 for any.") from None
        raise Failure(f"Port {port} cannot be used: {error.strerror}.") from None
    place.listen(128)
    return place


def data_folders(text: str) -> tuple[Path, ...]:
    """The folders of `--data`, separated by commas. Raises Refusal for one that is none."""
    folders = tuple(user_path(part.strip()) for part in text.split(",") if part.strip())
    for folder in folders:
        if not folder.is_dir():
            raise Refusal(f"--data {folder} is no folder: give folders that exist, separated by commas.")
    return folders
