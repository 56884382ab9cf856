"""The what-if page on loopback: first paint, a slider's move, eight users at once, bands. Times of the wall, so that
they hold of a machine that does nothing else; the processor time of the server stands beside them."""

import concurrent.futures
import contextlib
import http.client
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

HOST = "127.0.0.1"
#: Scenario, key and unit of a slider, and its ends.
SLIDERS = {
    "br166-1024 memory bandwidth": ("br166-1024", "cards.BR166M.memory.bandwidth", " TB/s", 1.2, 2.4),
    "br166-1024 scale-up bandwidth": ("br166-1024", "cards.BR166M.scale_up.bandwidth", " GB/s", 150, 290),
    "br166-1024 tariff": ("br166-1024", "tco.tariff", " CNY/kWh", 0.3, 0.9),
    "br166-1024 card price": ("br166-1024", "cards.BR166M.price", " CNY", 8e4, 1.5e5),
    "h100-1024 matrix efficiency": ("h100-1024", "cards.H100.efficiency.gemm", "", 0.5, 0.8),
    "serve-qwen3-32b tariff": ("serve-qwen3-32b", "tco.tariff", " CNY/kWh", 0.3, 0.9),
    "serve-qwen3-32b memory bandwidth": (
        "serve-qwen3-32b",
        "cards.BR106M.memory.bandwidth",
        " TB/s",
        0.6,
        1.2,
    ),
    "nanjing-1024 PUE": ("nanjing-1024", "tco.pue", "", 1.1, 1.6),
}
MOVES = 60
#: What is changed where ranges are asked for: what costs alone hang on, and what every draw's service hangs on.
BANDS = {
    "br166-1024 PUE": ("br166-1024", "tco.pue", "", 1.3),
    "serve-qwen3-32b PUE": ("serve-qwen3-32b", "tco.pue", "", 1.3),
    "serve-qwen3-32b memory bandwidth": ("serve-qwen3-32b", "cards.BR106M.memory.bandwidth", " TB/s", 0.82),
}


@pytest.fixture(scope="module")
def port():
    with socket.socket() as found:
        found.bind((HOST, 0))
        free = found.getsockname()[1]
    run = subprocess.Popen(
        [sys.executable, "-m", "clustersim", "web", "--port", str(free)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert "serving" in run.stdout.readline()
        Server.pid, Server.port = run.pid, free
        for name in {one[0] for one in SLIDERS.values()}:
            user = Server()
            user.post("/api/corridor", {"scenario": name})
            user.post("/api/inputs", {"scenario": name})
            user.line.close()
        yield free
    finally:
        run.kill()
        run.wait()
        run.stdout.close()


class Server:
    """One user's connection, kept open as a browser keeps it."""

    pid = port = 0

    def __init__(self):
        self.line = http.client.HTTPConnection(HOST, self.port, timeout=600)

    def post(self, path, body):
        headers = {"content-type": "application/json", "origin": f"http://{HOST}:{self.port}"}
        begun = time.perf_counter()
        self.line.request("POST", path, json.dumps(body), headers)
        answer = self.line.getresponse()
        content = answer.read()
        assert answer.status == 200, content[:300]
        return time.perf_counter() - begun, content

    @classmethod
    def cpu(cls):
        """Processor seconds of the server and its helpers."""
        total = 0.0
        for pid in [cls.pid, *_children(cls.pid)]:
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return total


def _children(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            found += [int(word) for word in (task / "children").read_text().split()]
    return found


def ready(slider):
    """What the page asks where the pointer comes to a slider; the seconds that takes."""
    scenario, key, unit, low, high = SLIDERS[slider]
    places = (0.5, 0, 1, 0.25, 0.75, 0.12, 0.88, 0.4)
    points = (low + at * (high - low) for at in places)
    values = [f"{value:.6g}{unit}" if unit else float(f"{value:.6g}") for value in points]
    user = Server()
    spent = user.post("/api/ready", {"scenario": scenario, "key": key, "values": values})[0]
    user.line.close()
    return spent


def drag(slider, moves=MOVES, shift=0.0):
    """Move a slider to its end and back, one move after the answer of the one before; return the seconds of each."""
    scenario, key, unit, low, high = SLIDERS[slider]
    user, spent = Server(), []
    for n in range(moves):
        value = low + (high - low) * abs(((n + shift) / moves * 2) % 2 - 1)
        text = f"{value:.6g}{unit}" if unit else float(f"{value:.6g}")
        spent.append(user.post("/api/corridor", {"scenario": scenario, "set": {key: text}})[0])
    user.line.close()
    return spent


def spoken(spent, cpu):
    p50, p95 = np.percentile(spent, [50, 95]) * 1e3
    return f"p50 {p50:,.1f} ms, p95 {p95:,.1f} ms; {cpu / len(spent) * 1e3:,.1f} ms CPU a move"


@pytest.mark.parametrize("slider", SLIDERS)
def test_a_slider_of_one_user(benchmark, say, port, slider):
    before = ready(slider)
    begun = Server.cpu()
    spent = benchmark.pedantic(drag, args=(slider,), rounds=1)
    how = f"{MOVES} moves, after the pointer came to it ({before * 1e3:,.0f} ms)"
    say(f"slider, {slider}", spoken(spent, Server.cpu() - begun), how, "60 ms")


def test_sliders_of_eight_users_at_once(benchmark, say, port):
    def all_at_once():
        with concurrent.futures.ThreadPoolExecutor(8) as users:
            rows = users.map(
                lambda at: drag(at[1], shift=0.37 + at[0] / 8), enumerate(itertools.islice(SLIDERS, 8))
            )
            return [one for row in rows for one in row]

    begun = Server.cpu()
    spent = benchmark.pedantic(all_at_once, rounds=1)
    say(
        "slider, eight users at once",
        spoken(spent, Server.cpu() - begun),
        "8 x 60 moves without a pause",
        "250 ms",
    )


def test_a_slider_while_others_look_at_tabs(benchmark, say, port):
    """Two users open tabs and ask for bands; a third drags."""
    done = []

    def looks(number):
        user = Server()
        for n in itertools.count():
            if done:
                break
            design = {"scenario": "br166-1024", "set": {"tco.pue": 1.2 + 0.001 * n + 0.1 * number}}
            user.post("/api/view", {**design, "view": ("why", "month", "bill", "company")[n % 4]})
        user.line.close()

    def dragged():
        with concurrent.futures.ThreadPoolExecutor(2) as others:
            waits = [others.submit(looks, n) for n in range(2)]
            spent = drag("br166-1024 scale-up bandwidth", shift=0.71)
            done.append(True)
            [wait.result() for wait in waits]
        return spent

    begun = Server.cpu()
    spent = benchmark.pedantic(dragged, rounds=1)
    say("slider while two others open tabs", spoken(spent, Server.cpu() - begun), "60 moves", "60 ms")


@pytest.mark.parametrize(("points", "limit"), [(64, "0.2 s"), (256, ""), (1024, "1 s")])
@pytest.mark.parametrize("changed", BANDS)
def test_a_band(benchmark, say, port, changed, points, limit):
    """The line of so many points, for designs that were not asked for before."""
    scenario, key, unit, low = BANDS[changed]
    user, spent, found = Server(), [], []
    begun = Server.cpu()
    for n in range(-2, 4):  # each of the two processes that answer has drawn once before
        value = low * (1.0 + 0.001 * n + points * 1e-6)
        body = {"scenario": scenario, "set": {key: f"{value!r}{unit}" if unit else value}, "points": points}
        at = time.perf_counter()  # the first line is made before the answer begins
        user.line.request("POST", "/api/band", json.dumps(body), {"content-type": "application/json"})
        answer = user.line.getresponse()
        for line in answer:
            told = json.loads(line)
            if n >= 0 and told["points"] == points:
                spent.append(time.perf_counter() - at)
            at = time.perf_counter()
            found.append(told["points"])
    user.line.close()
    benchmark.pedantic(lambda: None, rounds=1)
    middle = f"median {np.median(spent) * 1e3:,.0f} ms" if spent else f"not made: ends at {max(found)} points"
    cpu = (Server.cpu() - begun) / 6 * 1e3
    say(
        f"band of {points:,}, {changed}",
        f"{middle}; {cpu:,.0f} ms CPU with all before it",
        "4 new designs",
        limit,
    )


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium (tests/install-debian-packages.sh installs it)")
def test_first_paint_and_a_slider_in_the_browser(benchmark, say, port):
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        paints, tiles, moves = [], [], []
        for _ in range(4):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(f"http://{HOST}:{port}/")
            page.wait_for_selector(".tile")
            tiles.append(page.evaluate("performance.now()"))
            page.wait_for_timeout(300)
            paints.append(
                page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
            )
            moves = page.evaluate(_MOVE) if len(paints) == 4 else moves
            page.close()
        browser.close()
    benchmark.pedantic(lambda: None, rounds=1)
    say(
        "first paint",
        f"median {np.median(paints):,.0f} ms; tiles by {np.median(tiles):,.0f} ms",
        "4 pages",
        "1,000 ms",
    )
    p50, p95 = np.percentile(moves, [50, 95])
    say(
        "slider in the browser, input to tile",
        f"p50 {p50:,.1f} ms, p95 {p95:,.1f} ms",
        f"{len(moves)} moves",
        "60 ms",
    )


#: Moves a slider and waits each time until the tile shows another number.
_MOVE = """async () => {
  const until = (found) => new Promise((done) => {
    const begun = performance.now();
    const look = () => (found() || performance.now() - begun > 20000 ? done(found()) : setTimeout(look, 1));
    look();
  });
  const slider = await until(() => document.getElementById('i-cards.BR166M.scale_up.bandwidth'));
  const tile = document.querySelector('[data-term=scale_up_bytes_per_s] .number span');
  const spent = [];
  slider.dispatchEvent(new Event('pointerenter'));
  await new Promise((done) => setTimeout(done, 2000));
  for (let n = 0; n < 40; n += 1) {
    const before = tile.textContent, begun = performance.now();
    slider.value = 200 + 15 * n;
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    await until(() => tile.textContent !== before);
    spent.push(performance.now() - begun);
  }
  return spent;
}"""
