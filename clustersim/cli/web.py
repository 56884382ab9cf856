"""The what-if page: ``web`` serves it on this machine."""

from __future__ import annotations

import secrets

import click

from clustersim.cli.helps import Command
from clustersim.errors import InputError
from clustersim.extras import install_line

__all__ = ["web"]

_HERE = ("127.0.0.1", "::1", "localhost")


@click.command(cls=Command)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to serve on; another than this machine's needs --token.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8642, show_default=True, help="Port; 0 takes a free one."
)
@click.option(
    "--token", default="", help="What every request must bring; 'new' makes one. Needed beyond this machine."
)
def web(host: str, port: int, token: str) -> None:
    """Serve the what-if page: drag an input, watch it go through to the price of a share.

    The page, its numbers and its charts come from this program alone: it works without a network.
    """
    if host not in _HERE and not token:
        raise InputError(f"--host {host} can be reached by others: give --token new, or serve on 127.0.0.1")
    if token and token != "new" and len(token) < 16:
        raise InputError("--token: at least 16 characters, or 'new'")
    try:
        from clustersim.web.app import serve
    except ImportError as error:
        raise InputError(f"the page needs {error.name}; install {install_line('web')}") from None
    given = secrets.token_urlsafe(24) if token == "new" else token
    try:
        serve(host, port, given, opened=lambda address: click.echo(f"serving {address}  (stop with Ctrl+C)"))
    except OSError as error:
        raise InputError(f"cannot serve on {host}:{port} ({error.strerror})") from None
