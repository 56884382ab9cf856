"""Our progressive filling against SimGrid's solver: the same flows on the same links end at the same times.

SimGrid comes from Debian (python3-simgrid, see tests/debian-packages.txt) and belongs to the system's Python, so it
runs as a program of its own that reads the case and writes the times as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from clustersim.fabric.maxmin import Usage, flow_times

_PROGRAM = r"""
import json, sys
from simgrid import Actor, Comm, Engine, Link, LinkInRoute, NetZone

engine = Engine(["oracle"])
# CM02 without latency is plain max-min sharing; its TCP corrections vanish.
for option in ("network/model:CM02", "network/crosstraffic:0", "network/bandwidth-factor:1",
               "network/latency-factor:1", "network/TCP-gamma:0", "network/weight-S:0",
               "maxmin/precision:1e-9", "surf/precision:1e-9"):
    Engine.set_config(option)
case = json.load(sys.stdin)
zone = NetZone.create_full_zone("zone")
links = [zone.create_link(f"link{i}", float(c)).seal() for i, c in enumerate(case["capacity"])]
ends = []
for i, path in enumerate(case["paths"]):
    a, b = zone.create_host(f"from{i}", 1e9).seal(), zone.create_host(f"to{i}", 1e9).seal()
    zone.add_route(a.netpoint, b.netpoint, None, None, [LinkInRoute(links[j]) for j in path], False)
    ends.append((a, b))
driver = zone.create_host("driver", 1e9).seal()
zone.seal()
times = []

def drive():
    comms = [Comm.sendto_async(a, b, int(size)) for (a, b), size in zip(ends, case["sizes"])]
    for comm in comms:
        comm.wait()
    times.extend(comm.finish_time for comm in comms)

Actor.create("driver", driver, drive)
engine.run()
with open(sys.argv[1], "w") as out:
    json.dump(times, out)
"""


@lru_cache(maxsize=1)
def _interpreter() -> str | None:
    for python in (sys.executable, "/usr/bin/python3"):
        found = Path(python).exists() and subprocess.run(
            [python, "-c", "import simgrid"], capture_output=True, check=False, timeout=60
        )
        if found and found.returncode == 0:
            return python
    return None


def _simgrid_times(usage: Usage, sizes: np.ndarray, out: Path) -> list[float]:
    python = _interpreter()
    if python is None:
        pytest.skip(
            "no Python here has SimGrid: install Debian's python3-simgrid (tests/debian-packages.txt)"
        )
    paths = [usage.link[usage.flow == i].tolist() for i in range(usage.flows)]
    case = {"capacity": usage.capacity.tolist(), "paths": paths, "sizes": sizes.tolist()}
    subprocess.run(
        [python, "-c", _PROGRAM, str(out)], input=json.dumps(case), text=True, capture_output=True, check=True,
        timeout=120,
    )  # fmt: skip
    times: list[float] = json.loads(out.read_text(encoding="utf-8"))
    return times


@pytest.mark.parametrize("seed", range(6))
def test_random_flows_end_when_simgrid_says(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    links, flows = int(rng.integers(2, 12)), int(rng.integers(2, 40))
    capacity = rng.integers(1, 100, links) * 1e9
    paths = [
        rng.choice(links, size=int(rng.integers(1, min(links, 4) + 1)), replace=False) for _ in range(flows)
    ]
    usage = Usage.of_paths([p.tolist() for p in paths], capacity)
    sizes = rng.integers(1, 1000, flows) * 1e8
    ours = flow_times(usage, sizes)
    assert ours == pytest.approx(_simgrid_times(usage, sizes, tmp_path / "times.json"), rel=1e-6)


def test_incast_behind_an_oversubscribed_uplink(tmp_path: Path) -> None:
    # Eight cards of 50 GB/s behind an uplink of 100 GB/s, into one card; and one local flow that takes the rest.
    capacity = [50e9] * 8 + [100e9, 50e9]
    paths = [[i, 8, 9] for i in range(8)] + [[0], [7, 8]]
    usage = Usage.of_paths(paths, capacity)
    sizes = np.full(10, 1e9)
    ours = flow_times(usage, sizes)
    assert ours == pytest.approx(_simgrid_times(usage, sizes, tmp_path / "times.json"), rel=1e-6)
    assert ours[8] < ours[0]
