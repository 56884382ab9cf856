"""The page in Chromium: a server that wants a token, that is gone, that dies in a job."""

import time
from pathlib import Path

import pytest
from browsed import WAIT, Watched, children_of, free_port, server

sync_api = pytest.importorskip("playwright.sync_api")


def test_a_page_without_its_token_says_so(browser):
    port = free_port()
    with (
        server(port, "--token", "a-token-of-some-length"),
        Watched(browser, f"http://127.0.0.1:{port}") as at,
    ):
        at.page.goto(f"http://127.0.0.1:{port}/", timeout=WAIT)
        sync_api.expect(at.page.locator("[role=alert]")).to_contain_text("token", timeout=WAIT)
        assert not any("Unc" in error for error in at.errors), at.errors
        at.page.goto(f"http://127.0.0.1:{port}/#token=a-token-of-some-length", timeout=WAIT)
        at.page.reload(timeout=WAIT)
        at.page.wait_for_selector(".tile", timeout=WAIT)
        assert "a-token" not in at.page.url


def test_a_server_that_is_gone_is_said_in_the_language_and_found_again(browser):
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with Watched(browser, address) as at:
        price = at.page.locator("[data-term=target_price_hkd] .number span")
        with server(port):
            at.open(f"{address}/?language=zh")
            slider = at.page.locator("input[type=range][id='i-cards.BR166M.scale_up.bandwidth']")
            slider.wait_for(timeout=WAIT)
            before = price.inner_text()
        slider.press("PageDown")
        sync_api.expect(at.page.locator("header .status")).to_have_text("服务器无响应", timeout=WAIT)
        sync_api.expect(at.page.locator(".body.stale")).to_have_count(1)
        sync_api.expect(at.page.locator("[role=alert]")).to_contain_text("此前所得")
        assert "Failed to fetch" not in at.page.inner_text("body")
        assert price.inner_text() == before
        with server(port):
            sync_api.expect(price).not_to_have_text(before, timeout=WAIT)
            sync_api.expect(at.page.locator(".body.stale")).to_have_count(0, timeout=WAIT)
            sync_api.expect(at.page.locator("header .status")).to_have_text("就绪", timeout=WAIT)


@pytest.mark.full
def test_a_server_that_dies_in_a_job_is_said_and_the_page_goes_on(browser):
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with Watched(browser, address) as at:
        with server(port) as run:
            at.open(address)
            at.page.get_by_role("button", name="4,096 draws").click()
            at.page.wait_for_selector(".jobs li[data-state=running]", timeout=WAIT)
            workers = children_of(run.pid)
            run.kill()
            at.page.wait_for_selector(".jobs li[data-state=silent]", timeout=WAIT)
            sync_api.expect(at.page.locator(".jobs li")).to_contain_text("does not answer")
        with server(port):
            at.page.wait_for_selector(".jobs li[data-state=lost]", timeout=WAIT)
            at.page.get_by_role("button", name="Ask again").click()
            at.page.wait_for_selector(".jobs li[data-state=running], .jobs li[data-state=done]", timeout=WAIT)
            sync_api.expect(at.page.locator(".body.stale")).to_have_count(0, timeout=WAIT)
        # Nothing of a killed server goes on: its helpers and jobs see that nobody reads their pipes.
        until = time.monotonic() + 120
        while any(Path(f"/proc/{pid}/cmdline").exists() for pid in workers) and time.monotonic() < until:
            time.sleep(0.5)
        assert [pid for pid in workers if Path(f"/proc/{pid}/cmdline").exists()] == []
