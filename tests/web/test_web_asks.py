"""What the page asks with more than a click: proposals, limits, own or rent, uploads; processes beside the server."""

import ast
import concurrent.futures
import inspect
import io
import json
import random
import re
import time
import zipfile

import pytest

starlette_testclient = pytest.importorskip("starlette.testclient")

from clustersim.api.scenario import load  # noqa: E402
from clustersim.errors import ClusterSimError, InputError  # noqa: E402
from clustersim.planner import serving as planner_serving  # noqa: E402
from clustersim.report.answer import flat  # noqa: E402
from clustersim.report.labels import all_words  # noqa: E402
from clustersim.web.answers import whole_run  # noqa: E402
from clustersim.web.app import make_app  # noqa: E402
from clustersim.web.asked import Design, scenarios  # noqa: E402
from clustersim.web.catalogue import inputs_of  # noqa: E402
from clustersim.web.corridor import band, corridor, whole, with_band  # noqa: E402
from clustersim.web.guard import Rules, allowed_hosts  # noqa: E402
from clustersim.web.kinds import ask_of, in_chinese  # noqa: E402
from clustersim.web.views import VIEWS, view  # noqa: E402
from clustersim.web.views_compare import compare_view  # noqa: E402
from clustersim.web.views_limits import limits_view  # noqa: E402
from clustersim.web.views_own import own_view  # noqa: E402

BASE = "http://127.0.0.1:8642"
HOSTS = Rules(allowed_hosts("127.0.0.1", 8642))
BR = Design("br166-1024")


def finished(client, name, state="done"):
    until = time.monotonic() + 900
    while (told := client.get(f"/api/jobs/{name}").json())["state"] in {"waiting", "running"}:
        assert time.monotonic() < until
        time.sleep(0.2)
    assert told["state"] == state, told.get("error")
    return told


AGAINST = {"others": ["h20-1024"]}
WRONG = [
    ("proposal", {}), ("proposal", {"others": []}), ("proposal", {"others": ["../x"]}),
    ("proposal", {"others": "h20-1024"}), ("proposal", {"others": [["h20-1024"]]}),
    ("proposal", {**AGAINST, "forms": ["exe"]}), ("proposal", {**AGAINST, "languages": ["fr"]}),
    ("proposal", {**AGAINST, "folder": "/tmp"}), ("limits", {"limit": "power"}),
    ("limits", {"limit": "weight", "amount": "1 MW"}), ("limits", {"limit": [], "amount": {}}),
    ("limits", {"limit": "power", "amount": "/etc/passwd"}), ("serve", {"trace": "/etc/passwd"}), ("trace", {}),
    ("x", {}), ({}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "options"), WRONG, ids=str)
def test_what_no_question_is_said(client, kind, options):
    answered = client.post("/api/jobs", json={"scenario": "br166-1024", "kind": kind, "options": options})
    assert answered.status_code == 400 and answered.json()["error"] and "Traceback" not in answered.text


def test_a_file_comes_with_its_question_alone(client):
    raw = {"content-type": "application/octet-stream"}
    ask = json.dumps({"scenario": "br166-1024", "kind": "serve"})
    assert client.post("/api/jobs/upload", params={"ask": ask}, content=b"x", headers=raw).status_code == 400
    for broken in ("", "[]", "{", '{"kind": "trace"}', '{"scenario": "br166-1024", "kind": "trace", "x": 1}'):
        answered = client.post("/api/jobs/upload", params={"ask": broken}, content=b"x", headers=raw)
        assert answered.status_code == 400, broken
    assert client.post("/api/jobs/upload", params={"ask": ask}, content=b"", headers=raw).status_code == 400
    assert client.get("/api/jobs/none/file").status_code == 404
    with pytest.raises(InputError, match="needs a file"):
        ask_of("calibrate", BR, {})


def test_owning_costs_less_than_renting_from_the_crossover_on(client):
    body = {"scenario": "br166-1024", "marks": {"rent": 12}}
    (rent,) = client.post("/api/own", json=body).json()
    now = load("br166-1024").run().value("cny_per_card_hour")
    at = next(r for r in rent["rows"] if r["own"] == pytest.approx(12.0, rel=1e-9))
    assert at["used_share"] == pytest.approx(now / 12.0, rel=1e-6)
    for row in rent["rows"]:
        assert (row["own"] < row["rent"]) == (row["used_share"] > at["used_share"]) or row is at
    half = next(r for r in rent["rows"] if r["used_share"] == 0.5)
    own = load("br166-1024").numbers({"tco.sold_share": 0.5})
    assert half["own"] == pytest.approx(own["cny_per_card_hour"], rel=1e-9)
    wrong = ({"rent": 0}, {"rent": "x"}, {"rent": True}, {"fee": 1}, [], {"api": 1e400})
    for marks in wrong:
        body = json.dumps({"scenario": "br166-1024", "marks": marks})
        assert (
            client.post("/api/own", content=body, headers={"content-type": "application/json"}).status_code
            == 400
        )


def test_an_unknown_rent_is_asked_for_and_an_unreachable_one_said():
    (asks,) = own_view(BR, ())
    assert asks["rows"] == [] and asks["notes"] == ["own.needs_rent"]
    (never,) = own_view(BR, (("rent", 2.0),))
    assert never["notes"][0][0] == "own.never" and all(r["own"] > 2.0 for r in never["rows"])


@pytest.mark.full
@pytest.mark.parametrize("name", scenarios())
def test_a_band_is_what_the_command_prints_with_as_many_draws(name):
    """Of every scenario, every number that the run draws, and every tile shows the one of its own term."""
    design = Design(name)
    found = band(design, 64)
    said = load(name).run(draws=64).to_dict()
    assert found["draws"] == said["draws"]
    assert found["ends"].keys() == said["intervals"].keys()
    for term, one in said["intervals"].items():
        assert found["ends"][term] == pytest.approx((one["p10"], one["p90"]), rel=1e-9), term
    for tile in with_band(whole(design), found)["tiles"]:
        assert (tile["low"] is not None) == (tile["term"] in found["ends"]), tile


def test_a_mix_shows_its_own_value_of_a_card_and_not_one_workloads():
    tiles = {t["term"] for t in corridor(Design("br166-mixed"))["tiles"]}
    assert "value_in_use_price_cny" in tiles


def page_equals_json(design, draws=0):
    """Every tile stands in the JSON of the run with as many draws under its own name; draws move no value."""
    found = {}
    for key, value in flat(whole_run(design, draws).to_dict()):
        found.setdefault(key.rpartition(".")[2], []).append(value)
        found.setdefault(" ".join(key.split(".")[-2:]), []).append(value)
    compared = 0
    for tile in corridor(design)["tiles"]:
        if tile["term"] in found:
            assert any(v == pytest.approx(tile["value"], rel=1e-11) for v in found[tile["term"]]), tile
            compared += 1
    assert compared >= 5, design


def states(count, seed=3):
    """Designs with one to three inputs moved anywhere on their sliders."""
    rng = random.Random(seed)
    for _ in range(count):
        name = rng.choice(["br166-1024", "h100-1024", "nanjing-1024", "serve-llama3-70b"])
        moved = [
            row for row in inputs_of(Design(name)) if row["low"] is not None and row["low"] < row["high"]
        ]
        changes = {}
        for row in rng.sample(moved, rng.randint(1, 3)):
            value = float(f"{rng.uniform(row['low'], row['high']):.6g}")
            changes[row["key"]] = value if row["unit"] in {"1", ""} else f"{value} {row['unit']}"
        yield Design(name, tuple(sorted(changes.items())))


def test_the_page_equals_the_json_of_a_run():
    for design in states(3):
        page_equals_json(design, draws=64)


@pytest.mark.full
def test_the_page_equals_the_json_of_two_hundred_runs():
    run = refused = 0
    for number, design in enumerate(states(200, seed=11)):
        try:
            page_equals_json(design, draws=0 if number % 20 else 64)
            run += 1
        except ClusterSimError:
            refused += 1
    assert run >= 150, (run, refused)


@pytest.mark.full
@pytest.mark.parametrize("name", scenarios())
def test_every_view_of_every_scenario_has_words(name):
    """Nothing but a said error; every title, column and series in both languages."""
    design, words = Design(name), all_words()
    for asked in (*VIEWS, "compare"):
        try:
            panels = compare_view((design,)) if asked == "compare" else view(asked, design)
        except ClusterSimError:
            continue
        for panel in panels:
            series = (one["name"] for one in (panel["chart"] or {}).get("series", ()))
            told_by = {str(row[c]) for row in panel["rows"] for c in ("term", "group") if row.get(c)}
            named = {panel["title"], *panel["columns"], *series}
            if panel["title"] not in {
                "trust.inputs",
                "why.tornado",
            }:  # their rows are keys, told by their own rule
                named |= told_by
            own = {str(row.get("product")) for row in panel["rows"]}
            # Years and names of products are nobody's words.
            told = {n for n in named if n.rpartition(".")[2] in words}
            assert {n for n in named - own - told - set(words) if not n[:1].isdigit()} == set(), (
                asked,
                panel["title"],
            )


@pytest.mark.full
@pytest.mark.parametrize(("limit", "amount"), [("power", "1 MW"), ("budget", "200 MCNY"), ("racks", "40"),
                                               ("tokens_per_day", "10 Gtokens")])  # fmt: skip
@pytest.mark.parametrize(("name", "other"), [("br166-1024", "h20-1024"), ("serve-llama3-70b", "h20-1024")])
def test_designs_stay_within_one_limit(name, other, limit, amount):
    (panel,) = limits_view(Design(name), [Design(other)], limit, amount, lambda share: None)
    most = {"power": ("power_w", 1e6), "budget": ("capex_cny", 2e8), "racks": ("racks", 40.0)}.get(limit)
    assert [row["design"] for row in panel["rows"]] == [name, other]
    for row in panel["rows"]:
        if most:
            assert row[most[0]] <= most[1] * (1 + 1e-9)
        else:
            assert row["tokens_per_day"] >= 1e10
    with pytest.raises(ClusterSimError):
        limits_view(Design(name), [Design(other)], "budget", "1 MW", lambda share: None)


@pytest.mark.full
@pytest.mark.parametrize("name", ["br166-1024", "serve-llama3-70b"])
def test_within_a_limit_a_pin_has_its_changes_and_as_many_rows_as_there_are_designs(name):
    """A what-if beside the design is answered as a design of its own would be; one that changes nothing is one."""
    cheaper = Design(name, (("tco.pue", 1.05),))
    another = Design("h20-1024", (("cards.H20.price", "50000 CNY"),))
    ask = lambda design, *pins: limits_view(design, pins, "budget", "200 MCNY", lambda share: None)[0]["rows"]  # noqa: E731
    own, pinned, other, plain = ask(Design(name), cheaper, another, Design("h20-1024"), Design(name), cheaper)
    labels = [row["design"] for row in (own, pinned, other, plain)]
    assert labels == [f"1: {name}", f"2: {name}", "3: h20-1024", "4: h20-1024"]
    assert [row["changed_inputs"] for row in (own, pinned, other, plain)] == [
        "", "tco.pue=1.05", "cards.H20.price=50000 CNY", "",
    ]  # fmt: skip
    number = lambda row: {k: v for k, v in row.items() if k not in {"design", "changed_inputs"}}  # noqa: E731
    assert number(pinned) == number(ask(cheaper)[0]) and number(pinned) != number(own)
    assert number(own) == number(ask(Design(name))[0])
    assert number(plain) == number(ask(Design(name), Design("h20-1024"))[1])
    assert other["capex_cny"] / other["site.cards"] < plain["capex_cny"] / plain["site.cards"]


@pytest.mark.full
def test_a_proposal_is_written_by_a_job_and_fetched_as_one_file(client):
    options = {"others": ["h20-1024"], "languages": ["en", "zh"], "forms": ["docx", "html", "bundle"]}
    body = {"scenario": "br166-1024", "set": {"tco.pue": 1.2}, "kind": "proposal", "options": options}
    name = client.post("/api/jobs", json=body).json()["id"]
    assert client.get(f"/api/jobs/{name}/file").status_code == 404
    told = finished(client, name)
    fetched = client.get(f"/api/jobs/{name}/file")
    assert fetched.headers["content-disposition"] == f'attachment; filename="{told["answer"]["file"]}"'
    archive = zipfile.ZipFile(io.BytesIO(fetched.content))
    names = archive.namelist()
    assert {f"br166-1024-{lang}.{form}" for lang in ("en", "zh") for form in ("docx", "html")} <= set(names)
    assert "bundle/manifest.json" in names and all(not n.startswith(("/", "..")) for n in names)
    inputs = archive.read("inputs.csv").decode()
    assert "tco.pue,1.2,1,,,given" in inputs


@pytest.mark.full
def test_a_proposal_can_be_cancelled(client):
    body = {"scenario": "br166-1024", "kind": "proposal", "options": {"others": ["h20-1024"]}}
    name = client.post("/api/jobs", json=body).json()["id"]
    until = time.monotonic() + 300
    while client.get(f"/api/jobs/{name}").json()["progress"] <= 0 and time.monotonic() < until:
        time.sleep(0.1)
    assert client.delete(f"/api/jobs/{name}").json() == {"cancelled": True}
    finished(client, name, "cancelled")
    assert client.get(f"/api/jobs/{name}/file").status_code == 404


@pytest.mark.full
def test_a_trace_and_measured_rows_of_ones_own_are_asked_about(client):
    trace = "\n".join(
        json.dumps({"timestamp": 200 * n, "input_length": 500, "output_length": 50}) for n in range(400)
    )
    raw = {"content-type": "application/octet-stream"}
    for kind, content in (
        ("trace", trace.encode()),
        ("trace", b"\x00\x01"),
        ("calibrate", b"no,rows\n1,2\n"),
    ):
        ask = json.dumps({"scenario": "serve-llama3-70b", "kind": kind})
        answered = client.post("/api/jobs/upload", params={"ask": ask}, content=content, headers=raw)
        assert answered.status_code == 202
        good = content.startswith(b"{")
        told = finished(client, answered.json()["id"], "done" if good else "failed")
        assert "/tmp" not in json.dumps(told) and (good or told["error"])


@pytest.mark.full
def test_processes_beside_the_server_answer_the_same_and_are_replaced(client):
    bodies = [{"scenario": "br166-1024", "view": name} for name in ("bill", "trust", "company")]
    with starlette_testclient.TestClient(make_app(HOSTS, helpers=1), base_url=BASE) as beside:
        for body in bodies:
            assert beside.post("/api/view", json=body).json() == client.post("/api/view", json=body).json()
        assert beside.post("/api/view", json={"scenario": "br166-1024", "view": "x"}).status_code == 400
        helper = beside.app.state.helpers._idle.get()
        helper.process.kill()
        helper.process.join()
        beside.app.state.helpers._idle.put(helper)
        assert "ask again" in beside.post("/api/view", json=bodies[0]).json()["error"]
        assert beside.post("/api/view", json=bodies[0]).status_code == 200


@pytest.mark.full
def test_a_hundred_requests_at_once(client):
    def one(number):
        path, more = [("/api/corridor", {}), ("/api/inputs", {}), ("/api/view", {"view": "bill"})][number % 3]
        body = {"scenario": "br166-1024", "set": {"tco.pue": 1.1 + 0.001 * (number % 20)}, **more}
        return number, client.post(path, json=body)

    with concurrent.futures.ThreadPoolExecutor(100) as users:
        for number, answered in users.map(one, range(100)):
            assert answered.status_code == 200, answered.text[:200]
            if number % 3 == 0:
                own = load("br166-1024").numbers({"tco.pue": 1.1 + 0.001 * (number % 20)})
                tile = next(t for t in answered.json()["tiles"] if t["term"] == "cny_per_mtoken")
                assert tile["value"] == pytest.approx(own["cny_per_mtoken"], rel=1e-11)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_imported_file_is_told_in_both_languages_with_what_it_does_not_say(client, lang):
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2,
              "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 128, "vocab_size": 256,
              "max_position_embeddings": 512}  # fmt: skip
    raw = {"content-type": "application/octet-stream"}
    told = client.post("/api/import", content=json.dumps(config).encode(), headers=raw).json()
    shown = told["in_chinese"] if lang == "zh" else told
    assert len(shown["rows"]) == len(told["rows"]) and len(shown["said"]) == len(told["said"])
    for mine, row in zip(shown["rows"], told["rows"], strict=True):
        assert mine["value"] == row["value"] and list(mine.values())[1:2] == list(row.values())[1:2]
    chinese = [bool(re.search("[一-鿿]", text)) for text in (*shown["rows"][0], *shown["said"])]
    assert (
        any(chinese) == (lang == "zh") and shown["said"] and ("formula" in shown["rows"][0]) == (lang == "en")
    )


def test_every_reason_for_figures_of_a_whole_run_is_told_in_chinese():
    tree = ast.parse(inspect.getsource(planner_serving))
    (made,) = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "_why_whole")
    reasons = [n.value.value for n in ast.walk(made) if isinstance(n, ast.Return) and n.value.value]
    blocks = in_chinese([f"figures of the whole run: {reason}" for reason in reasons], [])["blocks"]
    assert len(reasons) >= 5 and [b for b in blocks if re.search("[a-z]{3}", b)] == []


def test_long_answers_are_told_in_chinese_as_the_command_prints_them():
    told = in_chinese(
        ["weak scaling, 8 to 1024 cards", [{"quantity": "step_time_s", "value": 1.0}]], ["nothing known"]
    )
    line, rows = told["blocks"]
    assert line == "弱扩展效率,8 至 1024 卡" and told["said"] == ["nothing known"]
    (name, words), (_, number) = rows[0].items()
    assert name != "quantity" and words.endswith(" step_time_s") and number == 1.0
