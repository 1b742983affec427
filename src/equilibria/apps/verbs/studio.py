"""The verb that opens the page."""

import re

from ...core.errors import Refusal
from ...core.files import user_path


def studio(
    folder: str = "runs",
    /,
    *,
    data: str = "",
    port: int = 8765,
    known_as: str = "",
    trainings: int = 1,
    no_browser: bool = False,
    link: bool = False,
) -> int:
    """Open a local page to watch, start and use runs, and to play the laboratory.

    Args:
        data: folders from which the page may train, separated by commas.
        port: of this machine; 0 for any that is free.
        known_as: HOST:PORT in the address of a forwarded port.
        trainings: how many may run at a time.
        no_browser: open no browser.
        link: print the link of the page, and end.

    Examples:
        equilibria studio
        equilibria studio runs --data ~/pictures
    """
    from ..studio import server

    if link:
        print(server.link(port, server.key()))
        return 0
    if trainings < 1:
        raise Refusal(f"--trainings is {trainings}: it must be at least 1.")
    if not 0 <= port < 65_536:
        raise Refusal(f"--port is {port}: it must be between 0 and 65535.")
    if known_as and not re.fullmatch(r"[^/\s]+:\d+", known_as):
        raise Refusal(f"--known-as is {known_as!r}: write HOST:PORT, such as localhost:9000.")
    root, folders = user_path(folder), server.data_folders(data)
    if root.exists() and not root.is_dir():
        raise Refusal(f"{folder} is a file: give the folder that runs are in, such as runs.")
    server.serve(root, folders, port, known_as, trainings, not no_browser)
    return 0
