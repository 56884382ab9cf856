"""The page in Chromium, the network blocked: every view, both languages, the keyboard, axe, a server that dies."""

import contextlib
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from clustersim.report.labels import all_words

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
if CHROMIUM is None:
    pytest.skip("no Chromium (tests/install-debian-packages.sh installs it)", allow_module_level=True)

#: Without these the browser asks hosts of its maker, and a closed network answers each with an error.
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WAIT = 120_000
#: What each view is looked at on, where it is not the scenario that the page opens with.
SHOWN = {
    "why": "br166-1024&set.tco.pue=1.5",
    "serving": "serve-qwen3-32b",
    "compare": "br166-1024&pin=h20-1024&pin=h100-1024",
}
VIEWS = ("why", "compare", "serving", "month", "bill", "company", "trust")


#: Addresses of h20-1024, and what of each is not understood.
ODD = {
    "/?scenario=h20-1024#corridor": ["corridor="],
    "/?scenario=h20-1024&pin=br166-1024%3Fcolour%3Dred": ["br166-1024: colour=red"],
    "/?scenario=h20-1024&set.=1&draws=65&currency=EUR&view=": ["set.=1", "draws=65", "currency=EUR", "view="],
    "/#scenario=h20-1024&set.tco.pue=1.4": [],
    "/?scenario=h20-1024#token=abc": [],
}


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


@pytest.fixture(scope="module")
def site():
    port = free_port()
    with server(port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield found
        found.close()


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


def glance(browser, site, view, language, widths, axe=False):
    """One page, opened at the first of the widths and looked at on each."""
    with Watched(browser, site, widths[0]) as at:
        at.open(f"{site}/?view={view}&language={language}&scenario={SHOWN.get(view, 'br166-1024')}")
        at.panels(view)
        for width in widths:
            at.page.set_viewport_size({"width": width, "height": 900})
            at.page.wait_for_timeout(300)
            look(at, view, language, width)
            if axe:
                nothing_serious(at.page)
        at.clean()


def look(at, view, language, width):
    folder = os.environ.get("PAGE_SHOTS")
    if folder:
        at.page.screenshot(path=str(Path(folder) / f"{view}-{language}-{width}.png"), full_page=True)
    assert at.page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), (
        "the page scrolls sideways"
    )
    body = at.page.inner_text("body")
    spoken = set(
        re.findall(
            r"\b(?:page|why|serving|month|bill|company|trust|compare)\.[a-z_]+(?:\.[a-z_]+)*\b(?!\.\w)",
            body,
        )
    )
    assert spoken & set(all_words()) == set(), "a key instead of its words"
    heads = at.page.locator("[role=tabpanel] thead th, [role=tabpanel] h3").all_inner_texts()
    bare = [head for head in heads if re.search(r"[a-z]_[a-z0-9]", head)]
    assert heads and bare == [], "columns without words"
    if language == "zh":
        # Units, currencies and percentiles are written alike in both languages.
        latin = [h for h in heads if not re.search(r"[\u4e00-\u9fff]", h) and re.search(r"[a-z]{3}", h)]
        assert latin == [], "columns in English alone"


@pytest.mark.parametrize(("view", "language", "width"), [("why", "en", 1280), ("company", "zh", 390)])
def test_a_view(browser, site, view, language, width):
    glance(browser, site, view, language, [width])


@pytest.mark.full
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_language_and_width(browser, site, view, language):
    """One page for each view and language: opened narrow, where least has room, and then made wide."""
    glance(browser, site, view, language, [390, 1280, 1440], axe=True)


def test_a_slider_by_the_keyboard_moves_the_price_of_a_share(browser, site):
    with Watched(browser, site) as at:
        at.open(f"{site}/")
        slider = at.page.locator("input[type=range][id='i-cards.BR166M.scale_up.bandwidth']")
        slider.wait_for(timeout=WAIT)
        price = at.page.locator("[data-term=target_price_hkd] .number span")
        before = price.inner_text()
        slider.focus()
        at.page.keyboard.press("PageDown")
        # Waited for from outside: code as a string inside the page is what its content policy forbids.
        sync_api.expect(price).not_to_have_text(before, timeout=WAIT)
        at.page.wait_for_url(lambda url: "set.cards.BR166M.scale_up.bandwidth" in url, timeout=WAIT)
        told = at.page.url
        number = price.inner_text()
        at.open(told)
        sync_api.expect(price).to_have_text(number, timeout=WAIT)
        # Whichever of a design's numbers and their ranges comes first: both stay.
        sync_api.expect(at.page.locator(".drawn")).to_have_attribute("data-draws", "64", timeout=WAIT)
        at.page.locator("#tab-why").focus()
        at.page.keyboard.press("ArrowRight")
        at.panels("compare")
        at.clean()


def test_two_hundred_states_survive_their_address(browser, site):
    rng = random.Random(7)
    values = [
        1,
        0.25,
        -3.5e-7,
        1e21,
        True,
        False,
        "200 GB/s",
        "0.6 CNY/kWh",
        "true",
        "12",
        "元/度 50%",
        "a&b=c#d?e+f",
    ]
    states = [
        {
            "scenario": rng.choice(["br166-1024", "h20-1024", "serve-qwen3-32b"]),
            "set": {
                **{f"k{rng.randint(0, 99)}.x{i}": rng.choice(values) for i in range(rng.choice([0, 1, 3, 40]))},
                **({rng.choice(["constructor", "toString"]): 1} if rng.random() < 0.2 else {}),
            },
            "pins": [
                {"scenario": "h100-1024", "set": {"tco.pue": rng.choice(values)} if rng.random() < 0.5 else {}}
                for _ in range(rng.randint(0, 4))
            ],
            "view": rng.choice(VIEWS), "language": rng.choice(["en", "zh"]),
            "currency": rng.choice(["CNY", "USD", "HKD"]), "draws": rng.choice([64, 256, 1024]),
        }
        for _ in range(200)
    ]  # fmt: skip
    with Watched(browser, site) as at:
        at.open(f"{site}/")
        lost = at.page.evaluate(
            """async (states) => {
              const { toAddress, fromAddress } = await import('/static/state.js');
              const plain = (s) => JSON.stringify({ ...s, set: Object.fromEntries(Object.entries(s.set).sort()) });
              return states.filter((s) => {
                const url = new URL(toAddress(s, '1.0'), location.origin);
                const found = fromAddress(url.search, url.hash);
                return found.unknown.length || plain(found.state) !== plain(s) || url.search.length > 1600;
              });
            }""",
            states,
        )
        assert lost == [], json.dumps(lost[:2])
        # A key is a key whatever it is called, and what no number holds stays as it is written.
        odd = at.page.evaluate(
            """async () => {
              const { fromAddress } = await import('/static/state.js');
              const { say } = await import('/static/words.js');
              const { state } = fromAddress('?set.__proto__=1&set.constructor=2&set.tco.pue=1e400', '');
              return [Object.entries(state.set), say('constructor', 'zh'), say('__proto__', 'zh')];
            }"""
        )
        assert odd == [
            [["__proto__", 1], ["constructor", 2], ["tco.pue", "1e400"]],
            "constructor",
            "__proto__",
        ]
        # Whatever else stands in an address is said: nothing of it is dropped, nothing hides the rest.
        for address, unknown in ODD.items():
            said = at.page.evaluate(
                """async (text) => {
                  const { fromAddress } = await import('/static/state.js');
                  const url = new URL(text, location.origin);
                  const { state, unknown } = fromAddress(url.search, url.hash);
                  return [state.scenario, unknown];
                }""",
                address,
            )
            assert said == ["h20-1024", unknown], address


def test_axe_finds_nothing_serious(browser, site):
    with Watched(browser, site) as at:
        at.open(f"{site}/?view=company")
        at.panels("company")
        nothing_serious(at.page)


@pytest.mark.full
def test_a_proposal_and_the_forms_by_the_keyboard_alone(browser, site, tmp_path):
    with Watched(browser, site) as at:
        at.open(f"{site}/?view=compare&pin=h20-1024&language=zh&currency=USD")
        at.panels("compare")
        page = at.page
        # The chosen currency reaches every panel; a share's price stays in its listing's.
        assert "美元" in page.inner_text("[data-panel='compare.gap']")
        assert "港元" in page.inner_text("[data-term=target_price_hkd]")
        page.get_by_role("button", name="引用数字").press("Enter")
        page.locator("[data-panel='compare.gap'] .figure").first.press("Enter")
        sync_api.expect(page.get_by_role("alert")).to_contain_text("compare.gap: br166-1024")
        page.get_by_role("button", name="方案书").press("Enter")
        form = page.get_by_role("form", name="方案书")
        for other in ("Word", "幻灯片", "工作簿", "带滑块网页", "证据包"):
            form.get_by_label(other).press("Space")
        nothing_serious(page)
        form.get_by_role("button", name="生成").press("Enter")
        job = page.locator(".jobs li[data-kind=proposal]")
        sync_api.expect(job).to_have_attribute("data-state", "done", timeout=5 * WAIT)
        with page.expect_download() as fetched:
            job.get_by_role("button", name="下载").press("Enter")
        fetched.value.save_as(tmp_path / "a.zip")
        assert "br166-1024-zh.pdf" in zipfile.ZipFile(tmp_path / "a.zip").namelist()
        page.get_by_label("每卡时租金").fill("2")
        page.get_by_label("每卡时租金").press("Enter")
        sync_api.expect(page.locator("[data-panel='own.rent']")).to_contain_text("美元", timeout=WAIT)
        nothing_serious(page)
        at.clean()


@pytest.mark.full
def test_an_output_is_dragged_and_its_input_found(browser, site):
    with Watched(browser, site) as at:
        at.open(f"{site}/")
        at.page.get_by_role("button", name="Find the input: Cost of a million trained tokens").click()
        form = at.page.get_by_role("form", name="Find the input")
        form.get_by_label("Input to move").fill("tco.pue")
        form.get_by_label("From").fill("1")
        form.get_by_label("To", exact=True).fill("2")
        drag = form.get_by_label("Drag Cost of a million trained tokens")
        drag.press("ArrowRight")
        sync_api.expect(form).to_contain_text("tco.pue =", timeout=WAIT)
        form.get_by_role("button", name="Use it").press("Enter")
        at.page.wait_for_url(lambda url: "set.tco.pue" in url, timeout=WAIT)
        at.clean()


@pytest.mark.full
def test_more_draws_are_asked_for_and_said_and_a_link_keeps_them(browser, site):
    with Watched(browser, site) as at:
        at.open(f"{site}/")
        drawn = at.page.locator(".drawn")
        sync_api.expect(drawn).to_have_attribute("data-draws", "64", timeout=WAIT)
        at.page.get_by_label("Draws").select_option("256")
        sync_api.expect(drawn).to_have_attribute("data-draws", "256", timeout=WAIT)
        sync_api.expect(drawn).not_to_contain_text("Preliminary", timeout=WAIT)
        at.page.wait_for_url(lambda url: "draws=256" in url, timeout=WAIT)
        told = at.page.locator("[data-term=cny_per_mtoken] .range").inner_text()
        at.open(at.page.url)
        sync_api.expect(at.page.locator("[data-term=cny_per_mtoken] .range")).to_have_text(told, timeout=WAIT)
        at.clean()


@pytest.mark.full
def test_what_a_link_names_that_is_not_there_is_said(browser, site):
    with Watched(browser, site) as at:
        at.open(f"{site}/?scenario=nobody&view=nowhere&pin=h20-1024&colour=red")
        said = at.page.inner_text("[role=alert]")
        assert all(word in said for word in ("scenario=nobody", "view=nowhere", "colour=red"))
        assert "h20-1024" in at.page.inner_text(".pin")


def test_what_cannot_be_computed_leaves_its_numbers_marked_and_a_lost_change_is_said(browser, site):
    """Numbers of before stand marked beside what is refused; a link's changes of a scenario that is none are said."""
    with Watched(browser, site) as at:
        at.open(f"{site}/?scenario=nobody&set.tco.pue=1.7" + "&pin=h20-1024" * 7)
        said = at.page.inner_text("[role=alert]")
        assert "set.tco.pue=1.7" in said and said.count("pin=h20-1024") == 2
        assert at.page.locator(".pin").count() == 5
        sync_api.expect(at.page.locator(".body.stale")).to_have_count(0)
        at.page.get_by_label("Search any key").fill("global_batch")
        field = at.page.get_by_label("demand.pretrain.global_batch", exact=False)
        field.fill("-1")
        field.press("Enter")
        sync_api.expect(at.page.locator(".behind")).to_have_count(1, timeout=WAIT)
        sync_api.expect(at.page.locator(".body.stale")).to_have_count(1)
        at.page.go_back()
        sync_api.expect(at.page.locator(".behind")).to_have_count(0, timeout=WAIT)


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


def children_of(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            found += [int(word) for word in (task / "children").read_text().split()]
    return found


def test_what_takes_long_is_said_with_its_seconds_and_blocks_nothing(browser, site):
    """A tab and ranges that do not come: the page counts the seconds, and a slider moves the corridor meanwhile."""
    with Watched(browser, site) as at:
        at.page.route(re.compile("/api/(view|band)"), lambda route: None)
        at.open(f"{site}/?view=bill&language=zh")
        sync_api.expect(at.page.locator(".waits")).to_contain_text("本页签计算中", timeout=WAIT)
        sync_api.expect(at.page.locator(".drawn")).to_contain_text("抽样中", timeout=WAIT)
        price = at.page.locator("[data-term=target_price_hkd] .number span")
        before = price.inner_text()
        at.page.locator("input[type=range][id='i-cards.BR166M.scale_up.bandwidth']").press("PageDown")
        sync_api.expect(price).not_to_have_text(before, timeout=WAIT)
        assert at.page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")


def test_what_is_at_hand_of_a_tab_is_shown_before_what_takes_long(browser, site):
    """Claims that do not come: the rest of the tab is there, and what is still to come is said with its seconds."""
    with Watched(browser, site) as at:
        held = []
        at.page.route(
            re.compile("/api/view"),
            lambda route: held.append(route) if '"late"' in route.request.post_data else route.continue_(),
        )
        at.open(f"{site}/?view=month&language=zh")
        at.page.wait_for_selector("[data-panel='month.step']", timeout=WAIT)
        sync_api.expect(at.page.locator(".waits")).to_contain_text("待补：公开指标的检验", timeout=WAIT)
        assert at.page.locator("[data-panel='month.claims']").count() == 0
        held[0].continue_()
        at.page.wait_for_selector("[data-panel='month.claims']", timeout=WAIT)
        sync_api.expect(at.page.locator(".waits")).to_have_count(0)
        # A chart that was drawn across the page fits its panel when another comes beside it.
        at.page.wait_for_timeout(700)
        assert at.page.evaluate(
            "[...document.querySelectorAll('.chart')].every((c) => c.firstChild.scrollWidth <= c.clientWidth + 1)"
        )
        assert at.page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
        at.clean()


def test_a_slider_that_is_not_first_keeps_its_place_the_focus_and_the_pointer(browser, site):
    with Watched(browser, site) as at:
        at.open(f"{site}/?view=company")
        slider = at.page.locator("input[type=range][id='i-tco.tariff']")
        slider.wait_for(timeout=WAIT)
        order = at.page.locator(".inputs li label").all_inner_texts()
        slider.scroll_into_view_if_needed()
        slider.focus()
        start = int(slider.input_value())
        for step in range(1, 4):
            at.page.keyboard.press("ArrowLeft")
            sync_api.expect(slider).to_have_value(str(start - step))
            sync_api.expect(slider).to_be_focused()
            at.page.wait_for_timeout(300 if step == 2 else 0)  # an answer may come between two steps
        box = slider.bounding_box()
        x, y = box["x"] + box["width"] * start / 1000, box["y"] + box["height"] / 2
        at.page.mouse.move(x, y)
        at.page.mouse.down()
        for step in range(10):
            at.page.mouse.move(box["x"] + box["width"] * (0.5 + 0.04 * step), y)
            at.page.wait_for_timeout(60)
        at.page.mouse.up()
        assert int(slider.input_value()) == pytest.approx(860, abs=40), "the thumb is where the mouse is"
        at.page.wait_for_timeout(800)
        assert int(slider.input_value()) == pytest.approx(860, abs=40), (
            "and stays there when the answers have come"
        )
        assert at.page.locator(".inputs li label").all_inner_texts() == order
        at.clean()


@pytest.mark.full
def test_back_undoes_and_forward_redoes(browser, site):
    with Watched(browser, site) as at:
        at.open(f"{site}/")
        price = at.page.locator("[data-term=target_price_hkd] .number span")
        base = price.inner_text()
        slider = at.page.locator("input[type=range][id='i-cards.BR166M.scale_up.bandwidth']")
        slider.wait_for(timeout=WAIT)
        slider.press("PageDown")
        at.page.wait_for_url(lambda url: "set.cards.BR166M.scale_up.bandwidth" in url, timeout=WAIT)
        sync_api.expect(price).not_to_have_text(base, timeout=WAIT)
        moved = price.inner_text()
        at.page.go_back()
        sync_api.expect(price).to_have_text(base, timeout=WAIT)
        assert "set." not in at.page.url
        at.page.go_forward()
        sync_api.expect(price).to_have_text(moved, timeout=WAIT)
        at.clean()


@pytest.mark.full
def test_a_number_opens_its_formula_and_any_key_can_be_set(browser, site):
    with Watched(browser, site) as at:
        at.open(f"{site}/?language=zh")
        at.page.get_by_role("button", name="数值构成: 每百万训练词元成本").press("Enter")
        made = at.page.locator("[data-panel='term.formula']")
        sync_api.expect(made).to_contain_text("每卡时成本 ÷", timeout=WAIT)
        sync_api.expect(at.page.locator("[data-panel='term.inputs']")).to_contain_text(
            "矩阵效率", timeout=WAIT
        )
        nothing_serious(at.page)
        at.page.get_by_role("button", name="关闭").press("Enter")
        cost = at.page.locator("[data-term=cny_per_mtoken] .number span")
        before = cost.inner_text()
        at.page.get_by_label("搜索任意参数").fill("global_batch")
        field = at.page.get_by_label("demand.pretrain.global_batch", exact=False)
        field.fill("2048")
        field.press("Enter")
        sync_api.expect(cost).not_to_have_text(before, timeout=WAIT)
        at.page.wait_for_url(lambda url: "set.demand.pretrain.global_batch=2048" in url, timeout=WAIT)
        nothing_serious(at.page)
        at.clean()
