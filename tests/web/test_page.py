"""The page in Chromium, the network blocked: every view, both languages, addresses, axe, the keyboard alone."""

import json
import os
import random
import re
import zipfile
from pathlib import Path

import pytest
from browsed import WAIT, Watched, nothing_serious

from clustersim.report.labels import all_words

sync_api = pytest.importorskip("playwright.sync_api")


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
