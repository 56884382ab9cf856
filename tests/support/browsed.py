"""A page in Chromium, the network blocked, and the server behind it."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

#: The browser that Debian ships; None where there is none (tests/install-debian-packages.sh installs it).
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
#: Without these the browser asks hosts of its maker, and a closed network answers each with an error.
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


WAIT = 120_000


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextlib.contextmanager
def server(port: int, *more: str):
    run = subprocess.Popen(
        [sys.executable, "-m", "clustersim", "web", "--port", str(port), *more], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert "serving" in run.stdout.readline()
        yield run
    finally:
        run.kill()
        run.wait()
        run.stdout.close()


class Watched:
    """A page whose errors and requests are noted; nothing but its origin is reached."""

    def __init__(self, browser, site, width=1280, height=900):
        self.context = browser.new_context(viewport={"width": width, "height": height}, locale="en-US")
        self.context.route(
            "**",
            lambda route: (
                route.continue_() if route.request.url.startswith((site, "blob:", "data:")) else route.abort()
            ),
        )
        self.page = self.context.new_page()
        self.errors, self.outside = [], []
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.on(
            "request",
            lambda r: None if r.url.startswith((site, "blob:", "data:")) else self.outside.append(r.url),
        )

    def open(self, address):
        self.page.goto(address, timeout=WAIT)
        self.page.wait_for_selector(".tile", timeout=WAIT)

    def panels(self, view):
        self.page.wait_for_selector(f"[role=tabpanel][data-view={view}][aria-busy=false]", timeout=WAIT)

    def clean(self, allowed=r"status of 400"):
        assert [e for e in self.errors if not re.search(allowed, e)] == [] and self.outside == []

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.context.close()


def nothing_serious(page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(page).response["violations"]
    assert [
        (v["id"], v["nodes"][0]["html"][:120]) for v in found if v["impact"] in {"serious", "critical"}
    ] == []


def children_of(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            found += [int(word) for word in (task / "children").read_text().split()]
    return found
