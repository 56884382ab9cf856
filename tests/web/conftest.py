"""The page's server, asked in this process, and in a browser."""

import pytest
from browsed import ARGS, CHROMIUM, free_port, server

BASE = "http://127.0.0.1:8642"


@pytest.fixture(scope="module")
def client():
    testing = pytest.importorskip("starlette.testclient")
    from clustersim.web.app import make_app
    from clustersim.web.guard import Rules, allowed_hosts

    app = make_app(Rules(allowed_hosts("127.0.0.1", 8642)))
    with testing.TestClient(app, base_url=BASE, raise_server_exceptions=False) as found:
        yield found


@pytest.fixture(scope="session")
def site():
    """The address of one server for every page of a process: each test opens it anew, and it keeps no session."""
    port = free_port()
    with server(port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium (tests/install-debian-packages.sh installs it)")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield found
        found.close()
