"""The page's server: who may ask, bodies that are none, heads, uploads, the vendored files."""

import hashlib
import json
import re
import socket

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

starlette_testclient = pytest.importorskip("starlette.testclient")

from clustersim.web.app import STATIC, make_app  # noqa: E402
from clustersim.web.asked import scenarios  # noqa: E402
from clustersim.web.guard import POLICY, Guard, Rules, allowed_hosts  # noqa: E402
from clustersim.web.routes import ROUTES, _attached  # noqa: E402

BASE = "http://127.0.0.1:8642"


WRONG = [
    {"scenario": "../secret"}, {"scenario": "br166-1024", "set": {"demand.pretrain.traffic.trace": "x"}},
    {"scenario": "br166-1024", "set": {"cluster.card": "/etc/passwd"}}, {"scenario": "br166-1024", "set": []},
    {"scenario": "br166-1024", "set": {"cluster.card": "../../x.yaml"}}, {"scenario": "br166-1024", "other": 1},
    {"scenario": "br166-1024", "set": {"no.such.key": 1}}, {"scenario": 7}, [], "text", {"scenario": None},
    {"scenario": "br166-1024", "set": {"tco.pue": 1e308}}, {"scenario": "br166-1024", "set": {"tco.pue": {"a": 1}}},
]  # fmt: skip


@pytest.mark.parametrize("body", WRONG, ids=str)
def test_what_no_design_is_said_and_never_read(client, body):
    answered = client.post("/api/run", json=body)
    assert answered.status_code == 400 and answered.json()["error"]
    assert re.search("[\u4e00-\u9fff]", answered.json()["error_zh"]), answered.json()
    assert len(answered.json()["error"]) < 600


ODD = (None, True, "", "x", [], [1], {"a": 1}, [[1]])


GOOD = {
    "/api/ready": {"key": "tco.pue", "values": [[]]}, "/api/seek": {"span": "tco.pue=2:1", "target": "mfu=1"},
    "/api/compare": {"designs": [7]}, "/api/jobs": {"kind": "x"},
}  # fmt: skip


@pytest.mark.parametrize("route", [r for r in ROUTES if r.body], ids=lambda r: r.path)
def test_no_field_of_a_good_design_breaks_the_server(client, route):
    """Every field that a question says it takes, filled with what it is not: said, and no mistake of the server's."""
    for field in route.body:
        for odd in ODD:
            if field == "marks" and odd is None:  # none: the files' own
                continue
            body = {"scenario": "h20-1024", **GOOD.get(route.path, {}), field: odd}
            answered = client.post(route.path, json=body)
            # A slider that cannot be run at a value is made ready at none.
            fine = {400, 200} if route.path == "/api/ready" else {400}
            assert answered.status_code in fine, (route.path, body, answered.text[:300])


FIELDS = st.sampled_from(["scenario", "set", "designs", "view", "kind", "as", "points", "span", "target"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(FIELDS | st.text(max_size=8), inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


POSTS = sorted(r.path for r in ROUTES if r.method == "POST" and r.path not in {"/api/jobs", "/api/import"})


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=st.sampled_from(POSTS), body=JSON | st.binary(max_size=60))
def test_no_body_breaks_the_server(client, path, body):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answered = client.post(path, content=content, headers={"content-type": "application/json"})
    assert answered.status_code < 500, (path, content, answered.text)
    assert "Traceback" not in answered.text


ORIGINS = st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=30) | st.sampled_from(
    ["http://[", "http://[::1", "null", "http://127.0.0.1:8642.evil.example", "http://127.0.0.1:8642@evil.example",
     "//", "http://a\u00ffb", "http://127.0.0.1:8642\\evil"]
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(origin=ORIGINS, host=ORIGINS)
@example(origin="http://[", host="127.0.0.1:8642")
def test_no_head_breaks_the_guard_and_none_but_its_own_passes(origin, host):
    async def reached(scope, receive, send):
        raise AssertionError("another's head went through")

    guard = Guard(reached, Rules(allowed_hosts("127.0.0.1", 8642)))
    for name, text in (("origin", origin), ("host", host)):
        heads = {"host": "127.0.0.1:8642", name: text}
        if name == "host" and text in allowed_hosts("127.0.0.1", 8642):
            continue
        if name == "origin" and re.fullmatch(r"(\w+:)?//(127\.0\.0\.1|localhost):8642([/?#].*)?", text, re.I):
            continue
        scope = {
            "type": "http", "method": "GET", "path": "/api/words",
            "headers": [(k.encode(), v.encode("latin-1")) for k, v in heads.items()],
        }  # fmt: skip
        refused = guard._refused(scope)
        assert refused is not None and refused[0] in {403, 421}, heads


@pytest.mark.parametrize("name", ["br166-1024.json", "南京-1024.zip", "a b+c.md"])
def test_a_files_name_fits_in_a_head(name):
    head = _attached(name)["content-disposition"]
    assert head.encode("latin-1") and ("filename*=" in head) == (not name.isascii())


@pytest.mark.full
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=st.sampled_from(POSTS), body=JSON | st.binary(max_size=60))
def test_no_body_of_five_hundred_breaks_the_server(client, path, body):
    test_no_body_breaks_the_server.hypothesis.inner_test(client, path, body)


def test_another_sites_page_cannot_drive_it(client):
    body = {"scenario": "br166-1024"}
    assert client.post("/api/run", json=body, headers={"origin": "http://evil.example"}).status_code == 403
    assert client.post("/api/run", json=body, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert client.get("/healthz", headers={"host": "rebound.example:8642"}).status_code == 421
    assert client.get("/healthz", headers={"host": "127.0.0.1:1"}).status_code == 421
    simple = client.post("/api/run", content=json.dumps(body), headers={"content-type": "text/plain"})
    assert simple.status_code == 415
    assert client.post("/api/run", json=body, headers={"origin": BASE}).status_code == 200
    assert client.get("/").headers["content-security-policy"] == POLICY


def test_a_token_is_needed_beyond_this_machine():
    app = make_app(Rules(allowed_hosts("planner.example", 80), token="a-token-of-some-length"))
    with starlette_testclient.TestClient(app, base_url="http://planner.example:80") as client:
        assert client.get("/api/catalogue").status_code == 401
        assert client.get("/api/catalogue", headers={"authorization": "Bearer wrong"}).status_code == 401
        good = client.get("/api/catalogue", headers={"authorization": "Bearer a-token-of-some-length"})
        assert good.status_code == 200 and [s["name"] for s in good.json()["scenarios"]] == list(scenarios())


def test_bodies_are_limited(client):
    big = b'{"scenario": "' + b"x" * 300_000 + b'"}'
    assert (
        client.post("/api/run", content=big, headers={"content-type": "application/json"}).status_code == 413
    )
    assert client.post("/api/import", content=b"").status_code == 400


def test_an_upload_is_read_by_its_content_and_named_as_one(client):
    rows = b"name,cards,arrives_s,work_s\nx,2,0,100\n"
    answered = client.post("/api/import", content=rows, headers={"content-type": "application/octet-stream"})
    assert answered.status_code == 200 and answered.json()["rows"]
    refused = client.post(
        "/api/import", content=b"\x00\x01nothing", headers={"content-type": "application/octet-stream"}
    )
    assert refused.status_code == 400 and "/tmp" not in refused.text


HASHES = {
    "echarts.min.js": "bf4a223524e40b77c304bec67e1222cf551f14880cf42c69dc046558e11c07b1",
    "preact-htm.module.js": "72284e8e9079c87817145df1110f74e8a2aa040b2fc384922e18dfcb46fc1fd7",
}


def test_vendored_files_are_the_makers_and_have_licences():
    vendor = STATIC / "vendor"
    assert {name: hashlib.sha256((vendor / name).read_bytes()).hexdigest() for name in HASHES} == HASHES
    for licence in ("echarts-LICENSE.txt", "echarts-NOTICE.txt", "preact-LICENSE.txt", "htm-LICENSE.txt"):
        assert (vendor / licence).stat().st_size > 100


def test_small_answers_go_at_once():
    """An accepted connection knows its protocol: else each answer's body waits 40 ms for its head's acknowledgement."""
    from clustersim.web.app import listening_at

    with listening_at("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP
