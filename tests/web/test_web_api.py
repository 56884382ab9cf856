"""The page's server: the numbers of the command line, views, comparisons, ranges, sliders, jobs, files."""

import json
import random
import re
import time

import pytest

starlette_testclient = pytest.importorskip("starlette.testclient")

from clustersim.api.scenario import load  # noqa: E402
from clustersim.cli import site  # noqa: E402
from clustersim.errors import InputError  # noqa: E402
from clustersim.report.labels import all_words  # noqa: E402
from clustersim.web.answers import result_of  # noqa: E402
from clustersim.web.app import STATIC  # noqa: E402
from clustersim.web.asked import Design, design_of  # noqa: E402
from clustersim.web.corridor import TILES, corridor  # noqa: E402
from clustersim.web.replayed import numbers_of  # noqa: E402
from clustersim.web.routes import ROUTES, openapi  # noqa: E402
from clustersim.web.views import VIEWS, frontier_panel  # noqa: E402
from clustersim.web.views_compare import _compared, flips_view  # noqa: E402

CHANGED = {"scenario": "br166-1024", "set": {"tco.pue": 1.3, "cards.BR166M.scale_up.bandwidth": "200 GB/s"}}


def test_the_page_says_what_the_command_line_prints(client):
    answered = client.post("/api/run", json=CHANGED)
    assert answered.status_code == 200
    usual = next(p.default for p in site.run.params if p.name == "draws")
    said = load("br166-1024").set(CHANGED["set"]).run(draws=usual)
    assert answered.text == said.text("json")
    tiles = client.post("/api/corridor", json=CHANGED).json()
    assert {t["term"]: t["value"] for t in tiles["tiles"]} == {
        t["term"]: said.value(t["term"]) for t in tiles["tiles"]
    }
    assert [t["term"] for t in tiles["tiles"]][-1] == "target_price_hkd" and len(tiles["tiles"]) == len(TILES)
    for tile in tiles["tiles"]:
        base = load("br166-1024").run().value(tile["term"])
        assert tile["base"] == base and tile["change"] == tile["value"] / base - 1


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_draws_the_numbers_of_its_table(client, name):
    scenario = "serve-qwen3-32b" if name == "serving" else "br166-1024"
    answered = client.post("/api/view", json={"scenario": scenario, "view": name})
    assert answered.status_code == 200, answered.text
    panels = answered.json()
    assert panels
    for panel in panels:
        assert panel["title"] in all_words()
        shown = {json.dumps(v) for row in panel["rows"] for v in row.values()}
        for series in (panel["chart"] or {}).get("series", ()):
            assert len(series["values"]) == len(panel["chart"]["categories"])
            if name not in {"why", "trust"}:
                assert {json.dumps(v) for v in series["values"] if v} <= shown, (
                    panel["title"],
                    series["name"],
                )


@pytest.mark.parametrize("name", ["why", "month", "bill"])
def test_a_tab_in_two_parts_is_the_whole_tab(client, name):
    """What is at hand comes alone, what takes long after it: together they are the tab, and nothing comes twice."""
    # A price moves no claim: what the command says of that is no note of the page.
    asked = {"scenario": "br166-1024", "set": {"tco.pue": 1.3}, "view": name}
    whole, first, late = (
        client.post("/api/view", json={**asked, **part}).json()
        for part in ({}, {"part": "first"}, {"part": "late"})
    )
    assert first + late == whole and "--set" not in json.dumps([p["notes"] for p in whole])
    assert bool(late) == (name in client.get("/api/catalogue").json()["late"])
    assert all(f"page.late.{one}" in all_words() for one in client.get("/api/catalogue").json()["late"])
    refused = client.post("/api/view", json={**asked, "part": "half"})
    assert refused.status_code == 400 and "part: one of all, first, late" in refused.json()["error"]


def test_a_frontier_of_serving_tells_the_cost_of_tokens_served():
    row = {"tokens_per_s_per_user": 9.0, "tokens_per_s_per_card": 90.0, "meets": True, "cny_per_mtoken": 3.0}
    panel = frontier_panel(Design("serve-qwen3-32b"), [row])
    assert panel["rows"][0]["cny_per_served_mtoken"] == 3.0 and "cny_per_mtoken" not in panel["columns"]


def test_a_box_of_the_service_level_begins_where_its_rate_does():
    """The box begins at the level's tokens a second; each bound that a point may miss is said, in both languages."""
    level = Design("serve-qwen3-32b").ask().load(incumbent=False).scenario.demand["chat"].slo
    row = {"tokens_per_s_per_user": 9.0, "tokens_per_s_per_card": 90.0, "meets": True}
    panel = frontier_panel(Design("serve-qwen3-32b"), [row])
    assert panel["chart"]["marks"] == [pytest.approx(1.0 / level.tpot.value)]
    assert panel["chart"]["series"][0]["values"] == [[9.0, 90.0]]
    said = {note[0] for note in panel["notes"] if not isinstance(note, str)}
    stated = {f"serving.level_{k}" for k in ("tpot", "ttft", "e2e") if getattr(level, k)}
    assert said == stated and stated <= set(all_words())


def test_what_is_remarked_of_inputs_is_told_with_the_tiles_in_both_languages(client):
    """Every time it is asked for, not once in a process; of a pinned design beside the comparison."""
    odd = {"scenario": "br166-1024", "set": {"cards.BR166M.memory.bandwidth": "0.0012 TB/s"}}
    for _ in range(2):
        told = client.post("/api/corridor", json=odd).json()["remarks"]
        ((key, words),) = told
        assert words["en"].startswith("cards.BR166M.memory.bandwidth: 1.2e+09 B/s is outside the usual range")
        assert "常见区间" in words["zh"] and key in all_words()
    with client.stream("POST", "/api/band", json={**odd, "points": 64}) as answered:
        assert json.loads(next(answered.iter_lines()))["remarks"] == told
    assert client.post("/api/corridor", json=CHANGED).json()["remarks"] == []
    body = {"designs": [CHANGED, odd], "draws": 0}
    assert told[0] in client.post("/api/compare", json=body).json()[0]["notes"]


def test_designs_of_unlike_work_all_do_that_of_the_first():
    """What states other work than the first is asked again with the first one's; all else that is wrong stays said."""
    asked = []

    class Filed:
        def __init__(self, name):
            self.name = name

        def compare(self, *others, draws, demand=""):
            names = tuple(other.name for other in others)
            asked.append((names, demand))
            if not demand or "nobody" in names:
                raise InputError("the demands differ")
            return "compared"

    class Named(Design):
        def ask(self):
            return Filed(self.scenario)

    assert _compared((Named("a"), Named("b")), 0) == "compared"
    assert asked == [(("b",), ""), (("b",), "a")]
    with pytest.raises(InputError):
        _compared((Named("a"), Named("nobody")), 0)


@pytest.mark.parametrize("first", ["br166-1024", pytest.param("serve-llama3-70b", marks=pytest.mark.full)])
def test_a_comparison_attributes_the_whole_gap(client, first):
    body = {"designs": [{"scenario": first}, {"scenario": "h20-1024"}]}
    panels = client.post("/api/compare", json=body).json()
    assert ["compare.same_work", {"name": first}] in next(p for p in panels if p["title"] == "compare.gap")[
        "notes"
    ]
    gap, lines = (next(p for p in panels if p["title"] == f"compare.{n}") for n in ("gap", "gap_lines"))
    (other,), (told,) = ([row for row in p["rows"] if row["side"] == "h20-1024"] for p in (gap, lines))
    shares = {k: v for k, v in told.items() if k not in {"side", "gap", "gap.sum"} and v}
    assert len(shares) >= 4 and sum(shares.values()) == pytest.approx(100.0) == told["gap.sum"]
    own = next(row for row in gap["rows"] if row["side"] == first)
    for name, share in shares.items():
        assert other[name] - own[name] == pytest.approx(share / 100.0 * told["gap"])
    assert 0 <= other["share_cheapest"] <= 1


def test_the_first_band_is_that_of_the_run(client):
    """The ranges that the page shows unasked are those that the run prints, of every tile that has one."""
    with client.stream("POST", "/api/band", json={**CHANGED, "points": 64}) as answered:
        (line,) = [json.loads(line) for line in answered.iter_lines() if line]
    said = client.post("/api/run", json=CHANGED).json()
    assert line["points"] == line["draws"] == said["draws"]
    shown = {t["term"]: (t["low"], t["high"]) for t in line["tiles"] if t["low"] is not None}
    assert len(shown) >= 7
    for name, ends in shown.items():
        assert ends == pytest.approx([said["intervals"][name][p] for p in ("p10", "p90")], rel=1e-9), name


def test_an_output_is_dragged_to_solve_for_an_input(client):
    body = {"scenario": "br166-1024", "span": "tco.pue=1:2", "target": "cny_per_mtoken=5.9"}
    (found,) = client.post("/api/seek", json=body).json()
    assert load("br166-1024").set({"tco.pue": found["value"]}).run().value("cny_per_mtoken") == pytest.approx(
        5.9, rel=1e-6
    )


def test_a_job_runs_beside_the_page_and_can_be_cancelled(client):
    kind = {"scenario": "nanjing-1024", "kind": "reliability"}
    first, second = (client.post("/api/jobs", json=kind).json()["id"] for _ in range(2))
    assert client.delete(f"/api/jobs/{second}").json() == {"cancelled": True}
    until = time.monotonic() + 300
    while (told := client.get(f"/api/jobs/{first}").json())["state"] in {"waiting", "running"}:
        assert client.get("/healthz").status_code == 200 and time.monotonic() < until
        time.sleep(0.2)
    assert told["state"] == "done" and told["answer"]["blocks"], told
    while (told := client.get(f"/api/jobs/{second}").json())["state"] in {"waiting", "running"}:
        assert time.monotonic() < until
        time.sleep(0.2)
    assert told["state"] == "cancelled"
    assert (
        client.get("/api/jobs/none").status_code == 404
        and client.post("/api/jobs", json={"kind": "x"}).status_code == 400
    )


def test_files_of_a_design(client):
    for kind in ("json", "csv", "md"):
        answered = client.post("/api/export", json={"scenario": "br166-1024", "as": kind})
        assert answered.status_code == 200 and "attachment" in answered.headers["content-disposition"]
    assert client.post("/api/export", json={"scenario": "br166-1024", "as": "exe"}).status_code == 400


def test_the_document_names_every_route():
    assert set(openapi()["paths"]) == {r.path for r in ROUTES}


def test_every_word_has_both_languages_and_every_word_of_the_page_is_one():
    words = all_words()
    assert all(en.strip() and zh.strip() for en, zh in words.values())

    said = "".join(p.read_text(encoding="utf-8") for p in STATIC.glob("*.js"))
    keys = set(re.findall(r'say\("([\w.]+)"', said))
    assert keys <= set(words), keys - set(words)
    assert {t for names in TILES for t in names} <= set(words)


def test_designs_are_equal_whatever_the_order_of_their_keys():
    one = design_of({"scenario": "br166-1024", "set": {"a.b": 1, "c.d": "2 GB/s"}})
    assert one == design_of({"set": {"c.d": "2 GB/s", "a.b": 1}, "scenario": "br166-1024"})


def test_a_changed_input_keeps_the_range_and_the_mark_of_its_file(client):
    """Over a seeded sample of every sourced number: moving it changes neither its stated range nor its base."""
    scenario = "br166-1024"
    file = {row["key"]: row for row in client.post("/api/inputs", json={"scenario": scenario}).json()}
    can = [k for k, r in file.items() if r["value"] > 0 and (r["low"] is None or r["low"] < r["value"])]
    ranged = [k for k in can if file[k]["low"] is not None]
    assert len(ranged) > 20
    keys = random.Random(31).sample(ranged, 5) + random.Random(31).sample(sorted(set(can) - set(ranged)), 2)
    changes = {}
    for key in keys:
        row = file[key]
        value = row["value"] * 0.99 if row["low"] is None else (row["value"] + row["low"]) / 2
        changes[key] = value if row["unit"] in ("1", "") else f"{value!r} {row['unit']}"
    seen = 0
    for key, value in changes.items():
        answer = client.post("/api/inputs", json={"scenario": scenario, "set": {key: value}})
        if answer.status_code != 200:
            continue  # a whole number of parts, or what no longer fits: refused in words
        seen += 1
        now = {row["key"]: row for row in answer.json()}[key]
        assert now["value"] != file[key]["value"], key
        assert [now[k] for k in ("low", "high", "base")] == [file[key][k] for k in ("low", "high", "base")], (
            key
        )
    assert seen >= 5


@pytest.mark.parametrize("key", ["cards.BR166M.scale_up.bandwidth", "tco.pue", "company.wacc"])
def test_a_moving_slider_shows_what_a_run_of_its_own_gives(key):
    value = {"cards.BR166M.scale_up.bandwidth": "{} GB/s", "tco.pue": "{}", "company.wacc": "{}"}[key]
    first = {"cards.BR166M.scale_up.bandwidth": 200.0, "tco.pue": 1.2, "company.wacc": 0.11}[key]
    replayed = 0
    for step in range(7):
        changed = value.format(first * (1.0 + 0.01 * step))
        design = Design("br166-1024", ((key, changed if " " in changed else float(changed)),))
        told = corridor(design)
        own = {row["term"]: row["value"] for row in result_of(design).terms.to_dict("records")}
        assert {t["term"]: t["value"] for t in told["tiles"]} == pytest.approx(
            {t["term"]: own[t["term"]] for t in told["tiles"]}, rel=1e-11
        )
        replayed += told.get("replayed", False)
    assert replayed >= 4


def test_what_flips_the_winner_moves_both_sides():
    # A dear incumbent's card, cheap within a stated range that reaches far enough: the winner changes there.
    (told,) = flips_view(Design("h100-1024", (("cards.H100.price", "1000000 CNY"),)))
    assert told["chart"]["centre"] > 0.0, "the design is made the dearer one"
    flipped = [row for row in told["rows"] if row["flips_at"] is not None]
    assert flipped, "some input's range closes a small gap"
    row = flipped[0]
    unit = "" if row["unit"] in ("1", "") else f" {row['unit']}"
    cheaper = []
    for side in (-1e-3, 1e-3):
        value = row["flips_at"] + side * (row["end"] - row["now"])
        changed = {"cards.H100.price": "1000000 CNY", row["key"]: f"{value!r}{unit}" if unit else value}
        numbers = numbers_of(Design("h100-1024", tuple(sorted(changed.items()))))
        cheaper.append(numbers["cny_per_mtoken"] < numbers["incumbent_cny_per_mtoken"])
    assert cheaper == [False, True]


def test_a_slider_is_made_ready_before_it_moves(client):
    key, scenario = "cards.BR166M.scale_up.bandwidth", "br166-1024"
    body = {"scenario": scenario, "key": key, "values": [f"{140 + 10 * n} GB/s" for n in range(8)]}
    assert client.post("/api/ready", json=body).json() == {"ready": 8}
    moved = client.post("/api/corridor", json={"scenario": scenario, "set": {key: "177.7 GB/s"}}).json()
    assert moved["replayed"]
    assert load(scenario).numbers({key: "177.7 GB/s"})["target_price_hkd"] == pytest.approx(
        moved["tiles"][-1]["value"], rel=1e-11
    )
    for wrong in (
        {"values": []},
        {"values": ["x"] * 9},
        {"key": "a.file"},
        {"key": 3},
        {"values": ["/etc/passwd"]},
    ):
        assert client.post("/api/ready", json={**body, **wrong}).status_code == 400


@pytest.mark.full
def test_a_long_question_that_nobody_waits_for_is_ended_with_its_process(monkeypatch):
    """Another page may ask at once: the process that worked for the one who left is replaced."""
    import asyncio

    from clustersim.web import helpers

    monkeypatch.setattr(helpers, "PATIENCE_S", 0.2)

    class Left:
        async def is_disconnected(self):
            return time.monotonic() > self.leaves

    async def asked():
        found = helpers.Helpers(1)
        try:
            left, stays = Left(), Left()
            await found.ask(left_at(stays, 1e9), "view", "bill", Design("br166-1024"))  # it has begun
            first = found._idle.get()
            found._idle.put(first)
            with pytest.raises(helpers.Gone):
                await found.ask(left_at(left, 0.5), "band", Design("jiangsu-four-vendors"), 1024)
            panels = await found.ask(stays, "view", "bill", Design("br166-1024"))
            return first.process.is_alive(), panels
        finally:
            found.close()

    def left_at(one, seconds):
        one.leaves = time.monotonic() + seconds
        return one

    alive, panels = asyncio.run(asked())
    assert not alive and panels
