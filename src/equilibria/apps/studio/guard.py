"""What every request must fulfil before it is answered, and the headers of every answer.

The page is served to this machine alone. A page of somebody else in the same browser must not read or start anything:
the host is compared whole and with its port (DNS rebinding), the origin must be the page's own, and each call carries
a key that a stranger's page cannot read.
"""

import secrets
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

KEY = "x-equilibria-key"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Passes on the requests of the page itself, and answers all others with 403.

    `hosts` are the names with port by which the page may be called; `key` is in each call under /api/.
    """

    def __init__(self, application: Application, hosts: Collection[str], key: str):
        self.application, self.hosts, self.key = application, frozenset(hosts), key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http" and (reason := self.objection(scope)):
            await send({"type": "http.response.start", "status": 403, "headers": _encoded(HEADERS)})
            await send({"type": "http.response.body", "body": reason.encode()})
        elif scope["type"] == "http":
            await self.application(scope, receive, _with_headers(send))
        elif scope["type"] == "lifespan":
            await self.application(scope, receive, send)

    def objection(self, scope: Scope) -> str:
        """Why the request is refused; empty if it is not."""
        headers: dict[bytes, str] = {}
        for name, value in scope["headers"]:
            if name in headers:
                return f"The header {name.decode('latin-1')} stands twice."
            headers[name] = value.decode("latin-1")
        host, api = headers.get(b"host", ""), scope["path"].startswith("/api/")
        if host not in self.hosts:
            return f"The studio is not called {host!r}. A forwarded port is named with --known-as HOST:PORT."
        if headers.get(b"origin", f"http://{host}") != f"http://{host}":
            return "Another page asks: only the studio's own page may."
        if headers.get(b"sec-fetch-site", "same-origin") not in ("same-origin", *([] if api else ["none"])):
            return "Another site asks: only the studio's own page may."
        if api and not secrets.compare_digest(headers.get(KEY.encode(), "").encode("latin-1"), self.key.encode()):
            return "The key is missing or wrong: open the link that `equilibria studio` prints."
        return ""


def _encoded(headers: MutableMapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _with_headers(send: Send) -> Send:
    """Add HEADERS to an answer; its own come first."""

    async def complete(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            own = {name for name, _ in message["headers"]}
            more = [(name, value) for name, value in _encoded(HEADERS) if name not in own]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return complete
