"""The page in Chromium: sliders, outputs that are dragged, what takes long, back and forward."""

import re

import pytest
from browsed import WAIT, Watched, nothing_serious

sync_api = pytest.importorskip("playwright.sync_api")


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


@pytest.mark.full
def test_an_output_is_dragged_and_its_input_found(browser, site):
    with Watched(browser, site) as at:
        at.open(f"{site}/?currency=USD")
        sync_api.expect(at.page.locator("[data-term=cny_per_mtoken] .number")).to_contain_text(
            "USD", timeout=WAIT
        )
        at.page.get_by_role("button", name="Find the input: Cost of a million trained tokens").click()
        form = at.page.get_by_role("form", name="Find the input")
        form.get_by_label("Input to move").fill("tco.pue")
        form.get_by_label("From").fill("1")
        form.get_by_label("To", exact=True).fill("2")
        drag = form.get_by_label("Drag Cost of a million trained tokens")
        drag.press("ArrowRight")
        sync_api.expect(form).to_contain_text("tco.pue =", timeout=WAIT)
        wanted = float(form.get_by_label("Target of").input_value())
        sync_api.expect(form).to_contain_text(f"{wanted} USD/Mtok")
        form.get_by_role("button", name="Use it").press("Enter")
        at.page.wait_for_url(lambda url: "set.tco.pue" in url, timeout=WAIT)
        # What was asked for in the currency of the page is what the tile then says in it.
        sync_api.expect(at.page.locator("[data-term=cny_per_mtoken] .number span")).to_have_text(
            f"{wanted:.4g}", timeout=WAIT
        )
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
