"""The application: the routes, the page's own files, errors as one message, and the server that runs it."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount
from starlette.routing import Route as Address
from starlette.staticfiles import StaticFiles

from clustersim.errors import ClusterSimError
from clustersim.report.spoken_errors import chinese_error
from clustersim.web.guard import Guard, Rules, TooLarge, allowed_hosts
from clustersim.web.helpers import Gone, Helpers
from clustersim.web.jobs import Board
from clustersim.web.routes import ROUTES, openapi

__all__ = ["listening_at", "make_app", "serve"]

#: Processes beside the server's own: one for what is looked at, one for ranges.
HELPERS = 2
STATIC = Path(__file__).parent / "static"


def make_app(rules: Rules, helpers: int = 0) -> Starlette:
    """Return the application for a server that answers under ``rules``, with so many processes beside it."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.board, app.state.helpers = Board(), Helpers(helpers)
        yield
        app.state.board.close()
        app.state.helpers.close()

    async def page(request: Request) -> Response:
        return FileResponse(STATIC / "index.html", media_type="text/html; charset=utf-8")

    async def document(request: Request) -> Response:
        return JSONResponse(openapi())

    return Starlette(
        routes=[
            Address("/", page), Address("/openapi.json", document),
            *(Address(r.path, r.handler, methods=[r.method]) for r in ROUTES),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Guard, rules=rules)],
        exception_handlers={
            ClusterSimError: _wrong, TooLarge: _large, HTTPException: _status, Gone: _gone, Exception: _broken,
        },
        lifespan=lifespan,
    )  # fmt: skip


def said(error: Exception | str) -> dict[str, str]:
    """Return what is said of an error in both languages, of which the page shows its own.

    >>> said(ClusterSimError("no scenario 'x'; did you mean 'y'?"))["error_zh"]
    "没有 scenario 'x';是否指 'y'?"
    """
    return {
        "error": str(error),
        "error_zh": "\n".join(chinese_error(line) for line in str(error).split("\n")),
    }


async def _wrong(request: Request, error: Exception) -> Response:
    return JSONResponse(said(error), 400)


async def _large(request: Request, error: Exception) -> Response:
    return JSONResponse(said(error), 413)


async def _status(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": str(error.detail)}, error.status_code)


async def _gone(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "nobody waits for the answer any more"}, 499)


async def _broken(request: Request, error: Exception) -> Response:
    return JSONResponse(said("the server made a mistake; its log says which"), 500)


def listening_at(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one.

    With the protocol named, what is accepted sends a small answer at once: else the head of an answer is waited for to
    be acknowledged before its body goes, 40 ms on loopback.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)  # who is told the address may call at once
    except BaseException:
        listening.close()
        raise
    return listening


def serve(
    host: str, port: int, token: str = "", *, opened: Callable[[str], None] = lambda address: None
) -> None:
    """Serve the page until it is stopped; ``opened`` is told the address. Port 0 takes a free one."""
    import uvicorn

    with listening_at(host, port) as listening:
        port = listening.getsockname()[1]
        app = make_app(Rules(allowed_hosts(host, port), token), HELPERS)
        shown = f"[{host}]" if ":" in host else host
        opened(f"http://{shown}:{port}/" + (f"#token={token}" if token else ""))
        config = uvicorn.Config(app, log_level="warning", server_header=False, access_log=False)
        uvicorn.Server(config).run(sockets=[listening])
