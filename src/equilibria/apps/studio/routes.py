"""The calls that the page makes, one function each, and the files of the page."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from importlib.resources import files
from typing import Any, NotRequired, TypedDict

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ...core.errors import Failure, Refusal
from ...core.stored import parse_json
from ...lab.contents import CHAPTERS, CONTENTS
from ...lab.record import played
from ...recipes import RECIPES
from .acts import Acts, Training
from .runs import Runs, as_json

_BODY = 64 << 10  # bytes of a request
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json"}
Answer = Callable[[Request], Awaitable[Response]]


class Draw(TypedDict):
    """A sample to draw, as the page asks for it."""

    seed: int
    index: int
    moved: dict[str, float]
    label: NotRequired[int | None]
    truncation: NotRequired[float | None]
    exact: NotRequired[bool]


class Worker:
    """The process that computes: started when it is first needed, and again when it ended."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def ask(self, operation: str, **arguments: Any) -> Any:
        """The result of an operation. Raises Refusal, or Failure when the process ended."""
        async with self._turn:
            if self._process is None or self._process.returncode is not None:
                self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-m", f"{__package__}.model_worker"),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    limit=64 << 20,
                )
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            try:
                self._process.stdin.write(json.dumps({"op": operation, **arguments}).encode() + b"\n")
                await self._process.stdin.drain()
                line = await self._process.stdout.readline()
            except (BrokenPipeError, ConnectionResetError):
                line = b""
            if not line:
                code = await self._process.wait()
                raise Failure(f"The process that computes ended ({code}). It is started again with the next request.")
        reply = json.loads(line)
        if "refusal" in reply:
            raise Refusal(reply["refusal"])
        if "failure" in reply:
            raise Failure(reply["failure"])
        return reply["result"]

    async def end(self) -> None:
        """End the process, if there is one."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


def application(runs: Runs, acts: Acts) -> Starlette:
    """The page and its calls."""
    table = Calls(runs, acts)
    routes = [Route(f"/api/{path}", _answered(call), methods=[method]) for method, path, call in table.all()]
    assets = page_files()
    routes += [Route(path, _file(content, kind)) for path, (content, kind) in assets.items()]
    return Starlette(routes=routes, lifespan=table.lifespan)


def page_files() -> dict[str, tuple[bytes, str]]:
    """The files of the page by address, with their types."""
    package = files("equilibria")
    shared = [package / "drawing" / "figure.js", package / "drawing" / "figure.css", package / "lab" / "sheet.js"]
    addresses = {f"/{file.name}": file for file in [*(files(__package__) / "page").iterdir(), *shared]}
    addresses["/"] = addresses.pop("/index.html")
    return {path: (file.read_bytes(), TYPES["." + file.name.rpartition(".")[2]]) for path, file in addresses.items()}


class Calls:
    """Each call of the page."""

    def __init__(self, runs: Runs, acts: Acts):
        self.runs, self.acts = runs, acts
        self.models, self.player = Worker(), Worker()
        self._checkups: dict[str, tuple[int, Any]] = {}

    def all(self) -> list[tuple[str, str, Answer]]:
        """Method, path and function."""
        return [
            ("GET", "hello", self.hello),
            ("GET", "data", self.data),
            ("POST", "data/check", self.check),
            ("GET", "runs", self.list),
            ("GET", "runs/{run}", self.run),
            ("GET", "runs/{run}/events", self.events),
            ("GET", "runs/{run}/samples/{step:int}.png", self.grid),
            ("GET", "runs/{run}/checkup", self.checkup),
            ("GET", "runs/{run}/model", self.model),
            ("POST", "runs/{run}/draw", self.draw),
            ("POST", "runs/{run}/stop", self.stop),
            ("POST", "runs/{run}/resume", self.resume),
            ("POST", "runs/{run}/rename", self.rename),
            ("POST", "runs/{run}/trash", self.trash),
            ("POST", "trainings", self.train),
            ("GET", "lab", self.lab),
            ("GET", "lab/{slug}", self.experiment),
            ("GET", "lab/{slug}/about", self.about),
            ("POST", "lab/{slug}/plays", self.play),
        ]

    @asynccontextmanager
    async def lifespan(self, application: Starlette) -> AsyncIterator[None]:
        """Workers end with the studio; trainings go on."""
        yield
        await self.models.end()
        await self.player.end()

    async def hello(self, request: Request) -> Any:
        recipes = [{"name": entry.name, "about": entry.summary} for entry in RECIPES.describe()]
        return {"version": version("equilibria"), "root": str(self.runs.root), "recipes": recipes}

    async def data(self, request: Request) -> Any:
        return await self.models.ask("data")

    async def check(self, request: Request) -> Any:
        wish = await _body(request, dict[str, str])
        return await self.models.ask("check", data=self.acts.allowed_data(wish.get("data", "")))

    async def list(self, request: Request) -> Any:
        return self.runs.list() | {"printed": self.acts.printed()}

    async def run(self, request: Request) -> Any:
        return self.runs.details(request.path_params["run"])

    async def events(self, request: Request) -> Response:
        since = request.query_params.get("since", "0")
        if not since.isdigit():
            raise Refusal("since is a number of bytes.")
        part = self.runs.events(request.path_params["run"], int(since))
        if part is None:
            return Response(status_code=409)
        content, end = part
        return Response(content, 200 if content else 204, {"x-next": str(end)}, "application/x-ndjson")

    async def grid(self, request: Request) -> Response:
        content = self.runs.grid(request.path_params["run"], request.path_params["step"])
        return Response(content, headers={"cache-control": "private, max-age=3600"}, media_type="image/png")

    async def checkup(self, request: Request) -> Any:
        folder = self.runs.folder(request.path_params["run"])
        size = folder.events_file.stat().st_size if folder.events_file.exists() else 0
        if self._checkups.get(folder.path.name, (None,))[0] != size:
            self._checkups[folder.path.name] = size, await self.models.ask("diagnose", path=str(folder.path))
        return self._checkups[folder.path.name][1]

    async def model(self, request: Request) -> Any:
        return await self.models.ask("describe", path=self._model_path(request))

    async def draw(self, request: Request) -> Any:
        path, stored = self._model_path(request), await _body(request, Draw)
        return await self.models.ask(
            "draw", path=path, **{key: stored[key] for key in Draw.__annotations__ if key in stored}
        )

    def _model_path(self, request: Request) -> str:
        folder = self.runs.folder(request.path_params["run"])
        if not (folder / "model" / "weights.safetensors").is_file():
            raise Refusal("There is no model yet: it is written with the first sample grid.")
        return str(folder.path)

    async def stop(self, request: Request) -> Any:
        await asyncio.to_thread(self.acts.stop, request.path_params["run"])
        return {}

    async def resume(self, request: Request) -> Any:
        wish = await _body(request, dict[str, int])
        return await asyncio.to_thread(self.acts.resume, request.path_params["run"], wish.get("rounds"))

    async def rename(self, request: Request) -> Any:
        wish = await _body(request, dict[str, str])
        self.acts.rename(request.path_params["run"], wish.get("to", ""))
        return {}

    async def trash(self, request: Request) -> Any:
        self.acts.trash(request.path_params["run"])
        return {}

    async def train(self, request: Request) -> Any:
        return await asyncio.to_thread(self.acts.train, await _body(request, Training))

    async def lab(self, request: Request) -> Any:
        rows = [
            {
                "slug": slug,
                "chapter": entry.chapter,
                "question": entry.question,
                "seconds": entry.seconds,
                "holds": played(slug).holds,
            }
            for slug, entry in CONTENTS.items()
        ]
        return {"chapters": CHAPTERS, "experiments": rows}

    async def experiment(self, request: Request) -> Any:
        slug = _slug(request)
        return json.loads(played(slug).to_json()) | {
            "question": CONTENTS[slug].question, "command": f"equilibria lab {slug}"
        }  # fmt: skip

    async def about(self, request: Request) -> Any:
        return await self.player.ask("about", slug=_slug(request))

    async def play(self, request: Request) -> Any:
        slug = _slug(request)
        settings = await _body(request, dict[str, str])
        return await self.player.ask("play", slug=slug, settings=settings) | {"question": CONTENTS[slug].question}


def _slug(request: Request) -> str:
    if (slug := request.path_params["slug"]) not in CONTENTS:
        raise KeyError(slug)
    return str(slug)


async def _body(request: Request, schema: Any) -> Any:
    """The JSON of a request, held to a type. Raises Refusal for anything else."""
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > _BODY:
            raise Refusal(f"A request has at most {_BODY >> 10} KiB.")
    return parse_json(content, "The request", schema)


def _answered(call: Callable[[Request], Awaitable[Any]]) -> Answer:
    """The call with its value as JSON, and with its errors as sentences."""

    async def answer(request: Request) -> Response:
        try:
            if request.method == "POST" and request.headers.get("content-type", "").split(";")[0] != "application/json":
                raise Refusal("A request is application/json.")
            value = await call(request)
        except KeyError as error:
            return _sentence(404, "gone", f"There is no {error.args[0]!r} here.")
        except Refusal as refusal:
            return _sentence(400, "refusal", str(refusal))
        except Failure as failure:
            return _sentence(500, "failure", str(failure))
        return value if isinstance(value, Response) else Response(as_json(value), media_type="application/json")

    return answer


def _sentence(status: int, kind: str, text: str) -> Response:
    return Response(as_json({"error": {"kind": kind, "sentence": text}}), status, media_type="application/json")


def _file(content: bytes, kind: str) -> Answer:
    async def answer(request: Request) -> Response:
        return Response(content, media_type=kind)

    return answer
