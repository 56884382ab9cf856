"""Who may ask, and how much: Host and Origin, a token beyond this machine, the size of bodies, headers of answers."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["MOST_BODY", "MOST_UPLOAD", "POLICY", "Guard", "Rules", "allowed_hosts"]

MOST_BODY = 256 * 1024
#: As much as the guarded reader takes of any file.
MOST_UPLOAD = 16 * 2**20
#: Addresses that take a file as it is.
UPLOADS = frozenset({"/api/import", "/api/jobs/upload"})
#: ECharts and Preact set styles on elements; scripts, pictures and connections come from the page's own origin alone.
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": POLICY, "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
    "x-frame-options": "DENY", "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rules:
    """Names under which the server answers, and the token that a request must bring; empty: none is needed."""

    hosts: frozenset[str]
    token: str = ""


def allowed_hosts(host: str, port: int) -> frozenset[str]:
    """Return the Host headers that are meant for this server: the address that was opened, with its port.

    >>> sorted(allowed_hosts("127.0.0.1", 8000))
    ['127.0.0.1:8000', 'localhost:8000']
    """
    names = {host, "localhost"} if host in {"127.0.0.1", "::1", "localhost"} else {host}
    shown = [f"[{n}]" if ":" in n else n for n in names]
    # A browser leaves out the usual port.
    return frozenset([f"{n}:{port}" for n in shown] + (shown if port == 80 else []))


class Guard:
    """Refuse what does not come from the page itself, and bound what does."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self.app, self.rules = app, rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with the reason why not."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        refused = self._refused(scope)
        if refused:
            status, words = refused
            await JSONResponse({"error": words}, status, headers=_HEADERS)(scope, receive, send)
            return
        most = MOST_UPLOAD if scope["path"] in UPLOADS else MOST_BODY
        await self.app(scope, _bounded(receive, most), _with_headers(send))

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        if headers.get("host", "").lower() not in self.rules.hosts:
            return 421, f"this server answers to {', '.join(sorted(self.rules.hosts))}"
        origin = headers.get("origin")
        if origin is not None and _host_of(origin) not in self.rules.hosts:
            return 403, "asked from another site's page"
        if headers.get("sec-fetch-site") not in {None, "same-origin", "none"} and scope["path"].startswith(
            "/api"
        ):
            return 403, "asked from another site's page"
        posts = scope["method"] == "POST"
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if posts and scope["path"] not in UPLOADS and kind != "application/json":
            return 415, "send JSON: content-type application/json"
        if scope["path"].startswith("/api") and not self._has_token(headers):
            return 401, "this server needs its token: authorization: Bearer TOKEN"
        return None

    def _has_token(self, headers: Headers) -> bool:
        given = headers.get("authorization", "").removeprefix("Bearer ")
        return not self.rules.token or hmac.compare_digest(given.encode(), self.rules.token.encode())


def _host_of(origin: str) -> str:
    """Return the host of an Origin header, empty where it names none or is no address."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # an unclosed bracket of IPv6, a letter that stands for a slash
        return ""


class TooLarge(Exception):
    """A body is larger than it may be."""


def _bounded(receive: Receive, most: int) -> Receive:
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise TooLarge(f"a body of at most {most:,} bytes is read")
        return message

    return bounded


def _with_headers(send: Send) -> Send:
    async def answered(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return answered
