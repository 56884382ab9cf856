"""The routes of the page's server: one table, from which the application and its OpenAPI document are made."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from clustersim.errors import ClusterSimError, InputError
from clustersim.report.labels import all_words
from clustersim.report.text import to_json
from clustersim.version import __version__
from clustersim.web.answered import EXPORTS
from clustersim.web.answers import RUN_DRAWS
from clustersim.web.asked import Design, design_of, designs_of, whole_number
from clustersim.web.catalogue import catalogue, inputs_of, key_schema, keys_of
from clustersim.web.corridor import corridor, moved, ready, whole, with_band
from clustersim.web.helpers import Gone, Helpers
from clustersim.web.jobs import Board
from clustersim.web.kinds import KINDS, UPLOADS, ask_of
from clustersim.web.views import PARTS
from clustersim.web.views_own import marks_of

__all__ = ["BANDS", "ROUTES", "Route", "openapi"]

#: Points of a band, each sent as soon as it is known.
BANDS = (64, 256, 1024)
#: A band that took longer is the last: one of more points takes up to four times as long.
LONGEST_S = 10.0
#: Points of a slider that are run before it is moved.
MOST_READY = 8
Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """One address: its method, what answers, and what it says of itself."""

    method: str
    path: str
    handler: Handler
    says: str
    body: Mapping[str, str] | None = None


def reply(data: Any) -> Response:
    """Return data as the JSON that the command line prints."""
    return Response(to_json(data), media_type="application/json")


async def body_of(request: Request) -> Mapping[str, Any]:
    """Return the JSON object of a request; raises InputError for anything else."""
    return json_object(await request.body(), "the body")


def json_object(text: str | bytes, what: str) -> Mapping[str, Any]:
    """Return the JSON object that a text is; raises InputError for anything else."""
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise InputError(f"{what} is no JSON") from None
    if not isinstance(found, Mapping):
        raise InputError(f"{what} is a JSON object")
    return found


def _no_constant(text: str) -> float:
    raise ValueError(text)


def _design(body: Mapping[str, Any], *own: str) -> Design:
    """Return the design of a body that may hold further fields of its own question."""
    return design_of({key: value for key, value in body.items() if key not in own})


async def _asked(request: Request, name: str, *given: Any) -> Any:
    """Ask a helper of the server; raises what the question raises."""
    helpers: Helpers = request.app.state.helpers
    return await helpers.ask(request, name, *given)


async def healthz(request: Request) -> Response:
    """Say that the server answers."""
    return JSONResponse({"ok": True, "version": __version__})


async def get_catalogue(request: Request) -> Response:
    """Scenarios, views, versions."""
    return reply(await run_in_threadpool(catalogue))


async def get_schema(request: Request) -> Response:
    """Every key that a design may set."""
    return reply(await run_in_threadpool(key_schema))


async def get_words(request: Request) -> Response:
    """Words of the page, of terms and of columns, in English and Chinese, by their keys."""
    return JSONResponse(dict(all_words()), headers={"cache-control": "max-age=60"})


async def post_inputs(request: Request) -> Response:
    """Every sourced number of a design, with its range, tier and source."""
    design = _design(await body_of(request))
    return reply(await run_in_threadpool(inputs_of, design))


async def post_run(request: Request) -> Response:
    """What ``clustersim run -f json`` prints of a design, ranges included; ``draws`` as its ``--draws``."""
    body = await body_of(request)
    design, draws = _design(body, "draws"), whole_number(body, "draws", 0, BANDS[-1], RUN_DRAWS)
    return Response(await _asked(request, "run", design, draws), media_type="application/json")


async def post_corridor(request: Request) -> Response:
    """The tiles of the corridor of a design."""
    design = _design(await body_of(request))
    told = moved(design)
    return reply(await run_in_threadpool(corridor, design) if told is None else told)


async def post_ready(request: Request) -> Response:
    """Make a slider ready: ``values`` of ``key`` along its range, run before it is moved."""
    body = await body_of(request)
    design, key, values = _design(body, "key", "values"), body.get("key"), body.get("values")
    if not isinstance(key, str):
        raise InputError(f"set: {str(key)[:80]!r} is no key")
    if not isinstance(values, list) or not 1 <= len(values) <= MOST_READY:
        raise InputError(f"values: a list of 1 to {MOST_READY}")
    for value in values:
        design_of({"scenario": design.scenario, "set": {key: value}})
    return reply({"ready": await run_in_threadpool(ready, design, key, values)})


async def post_view(request: Request) -> Response:
    """The panels of a tab."""
    body = await body_of(request)
    design, name, part = (
        _design(body, "view", "part"),
        str(body.get("view", "")),
        str(body.get("part", "all")),
    )
    return reply(await _asked(request, "view", name, design, part))


async def post_compare(request: Request) -> Response:
    """Designs side by side, and the gap by terms."""
    body = await body_of(request)
    designs, draws = designs_of(body), whole_number(body, "draws", 0, BANDS[-1], RUN_DRAWS)
    return reply(await _asked(request, "compare", designs, draws))


async def post_own(request: Request) -> Response:
    """Own, rent or buy tokens: the costs by the share of hours that is used; ``marks`` are prices in CNY."""
    body = await body_of(request)
    design, marks = _design(body, "marks"), marks_of(body.get("marks"))
    return reply(await _asked(request, "own", design, marks))


async def post_explain(request: Request) -> Response:
    """What the changes of a design did, term by term."""
    design = _design(await body_of(request))
    return reply(await _asked(request, "explain", design))


async def post_term(request: Request) -> Response:
    """What a number of the corridor is made of: formula, inputs, sources."""
    body = await body_of(request)
    design, term = _design(body, "term"), str(body.get("term", ""))[:80]
    return reply(await _asked(request, "term", design, term))


async def post_keys(request: Request) -> Response:
    """Every key that the files of a design give, with its value as written; files are not named."""
    design = _design(await body_of(request))
    return reply(await run_in_threadpool(keys_of, design))


async def post_seek(request: Request) -> Response:
    """The value of one input (``span``: KEY=LOW:HIGH) that gives an output its target (``target``: NAME=NUMBER)."""
    body = await body_of(request)
    design = _design(body, "span", "target")
    span, target = (str(body.get(key, ""))[:300] for key in ("span", "target"))
    key = span.partition("=")[0]
    design_of({"scenario": design.scenario, "set": {key: 1}})
    return reply(await _asked(request, "seek", design, span, target))


async def post_band(request: Request) -> Response:
    """Ranges of the tiles from 64, 256 and 1,024 points, a line of JSON each; ends where nobody listens any more, and
    where more points would take longer than anybody waits."""
    body = await body_of(request)
    design, most = _design(body, "points"), whole_number(body, "points", BANDS[0], BANDS[-1], BANDS[-1])
    # The first is asked before the answer begins: what is wrong with a design has a status of its own.
    first, told = await asyncio.gather(
        _asked(request, "band", design, BANDS[0]), run_in_threadpool(whole, design)
    )

    async def lines() -> AsyncIterator[bytes]:
        took = 0.0
        for points in (count for count in BANDS if count <= most):
            if took > LONGEST_S:
                return
            try:
                found, took = first if points == BANDS[0] else await _asked(request, "band", design, points)
            except (Gone, ClusterSimError):
                return  # the answer has begun: what is there stands, and the page asks again with the next change
            yield (json.dumps({"points": points, **with_band(told, found)}) + "\n").encode()

    return StreamingResponse(lines(), media_type="application/x-ndjson")


async def post_job(request: Request) -> Response:
    """Start a long question: ``kind`` is one of those of ``kinds.KINDS``, ``options`` what it takes besides."""
    return _started(request, await body_of(request))


async def post_upload(request: Request) -> Response:
    """Start a long question about an uploaded file; what is asked stands in the address, as JSON in ``ask``."""
    body = json_object(request.query_params.get("ask", ""), "ask")
    content = await request.body()
    if not content:
        raise InputError("the upload is empty")
    return _started(request, body, content)


def _started(request: Request, body: Mapping[str, Any], content: bytes = b"") -> Response:
    options = body.get("options", {})
    if not isinstance(options, Mapping):
        raise InputError("options: an object of names and values")
    board: Board = request.app.state.board
    ask = ask_of(body.get("kind"), _design(body, "kind", "options"), options, content)
    return JSONResponse(board.told(board.start(ask)), 202)


async def get_job(request: Request) -> Response:
    """How far a job is, and its answer."""
    told = request.app.state.board.told(request.path_params["name"])
    if told is None:
        return JSONResponse(
            {"error": "no such job: the server was restarted since, or it is old; ask again"}, 404
        )
    return reply(told)


async def get_job_file(request: Request) -> Response:
    """The file that a job answered with."""
    file = request.app.state.board.file(request.path_params["name"])
    if file is None:
        return JSONResponse(
            {"error": "no such file: it is not made yet, or newer ones took its place; ask again"}, 404
        )
    return Response(file.content, media_type="application/zip", headers=_attached(file.name))


def _attached(name: str) -> dict[str, str]:
    """The header of a file to be stored; a name in other letters than a header's stands beside it (RFC 6266)."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    spelt = "" if plain == name else f"; filename*=UTF-8''{quote(name)}"
    return {"content-disposition": f'attachment; filename="{plain}"{spelt}'}


async def delete_job(request: Request) -> Response:
    """Cancel a job."""
    known = request.app.state.board.cancel(request.path_params["name"])
    return JSONResponse({"cancelled": known}, 200 if known else 404)


async def post_export(request: Request) -> Response:
    """A design as a file: ``as`` is json, csv (its terms), md, or xlsx (the live workbook)."""
    body = await body_of(request)
    design, kind = _design(body, "as"), str(body.get("as"))
    if kind not in EXPORTS:
        raise InputError(f"as: one of {', '.join(EXPORTS)}, not {str(kind)[:40]!r}")
    content, media = await _asked(request, "export", design, kind)
    return Response(content, media_type=media, headers=_attached(f"{design.scenario}.{kind}"))


async def post_import(request: Request) -> Response:
    """Read an uploaded file by its content, as ``clustersim import`` does; nothing of it is kept."""
    content = await request.body()
    if not content:
        raise InputError("the upload is empty")
    return reply(await _asked(request, "import", content))


_DESIGN = {"scenario": "name of a scenario", "set": "object of keys and values"}
_ASKED = {"kind": ", ".join(KINDS), "options": "object of what the kind takes besides"}
_DRAWN = "draws behind ranges"
_PART = ", ".join(PARTS)
_SOUGHT = {"span": "KEY=LOW:HIGH", "target": "NAME=NUMBER"}
ROUTES: tuple[Route, ...] = (
    Route("GET", "/healthz", healthz, "the server answers"),
    Route("GET", "/api/catalogue", get_catalogue, "scenarios, views, versions"),
    Route("GET", "/api/words", get_words, "words in both languages"),
    Route("GET", "/api/schema", get_schema, "every key that a design may set"),
    Route("POST", "/api/inputs", post_inputs, "the sourced numbers of a design", _DESIGN),
    Route("POST", "/api/run", post_run, "the run of a design", {**_DESIGN, "draws": _DRAWN}),
    Route("POST", "/api/corridor", post_corridor, "the tiles of the corridor", _DESIGN),
    Route("POST", "/api/ready", post_ready, "make a slider ready", {**_DESIGN, "key": "KEY", "values": "a list"}),
    Route("POST", "/api/view", post_view, "the panels of a tab", {**_DESIGN, "view": "name of a tab", "part": _PART}),
    Route(
        "POST", "/api/compare", post_compare, "designs side by side", {"designs": "list of designs", "draws": _DRAWN}
    ),
    Route("POST", "/api/own", post_own, "own, rent or buy tokens", {**_DESIGN, "marks": "rent and api, CNY"}),
    Route("POST", "/api/explain", post_explain, "what the changes did", _DESIGN),
    Route("POST", "/api/term", post_term, "what a number is made of", {**_DESIGN, "term": "name of a tile"}),
    Route("POST", "/api/keys", post_keys, "every key of a design's files", _DESIGN),
    Route("POST", "/api/seek", post_seek, "an input that gives a target", {**_DESIGN, **_SOUGHT}),
    Route("POST", "/api/band", post_band, "ranges, streamed", {**_DESIGN, "points": "64, 256 or 1024"}),
    Route("POST", "/api/jobs", post_job, "start a long question", {**_DESIGN, **_ASKED}),
    Route("POST", "/api/jobs/upload", post_upload, f"a long question about a file: {', '.join(UPLOADS)}"),
    Route("GET", "/api/jobs/{name}/file", get_job_file, "the file that a job answered with"),
    Route("GET", "/api/jobs/{name}", get_job, "how far a job is"),
    Route("DELETE", "/api/jobs/{name}", delete_job, "cancel a job"),
    Route("POST", "/api/export", post_export, "a design as a file", {**_DESIGN, "as": ", ".join(EXPORTS)}),
    Route("POST", "/api/import", post_import, "read an uploaded file"),
)  # fmt: skip


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document of the routes.

    >>> sorted(openapi()["paths"])[:3]
    ['/api/band', '/api/catalogue', '/api/compare']
    """
    paths: dict[str, Any] = {}
    for route in ROUTES:
        operation: dict[str, Any] = {
            "summary": route.says,
            "responses": {"200": {"description": "OK"}, "400": {"description": "what is wrong"}},
        }
        if route.body is not None:
            fields = {name: {"description": says} for name, says in route.body.items()}
            schema = {"type": "object", "properties": fields}
            operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {"openapi": "3.1.0", "info": {"title": "clustersim", "version": __version__}, "paths": paths}
