"""A seeded grid of serving questions, and their answers by simulation: what the closed form is held against.

The iteration tables are stored with the grid, so that its answers do not move when the cost model does. Run as a
program, it answers every point anew and writes the answers with their digest.
"""

from __future__ import annotations

import hashlib
import json
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.costs import token_seconds
from clustersim.des.serving.metrics import Slo, records
from clustersim.des.serving.rules import Batching, ReplicaCost
from clustersim.des.serving.run import ServingRun
from clustersim.des.serving.settings import Pool, Transfer
from clustersim.des.serving.steady import rate_at_slo
from clustersim.des.serving.stream import Lengths, Stream
from clustersim.des.serving.window import batch_error, steady_window
from clustersim.errors import InfeasibleError
from clustersim.perf.serving_cost import IterationTerms

DATA = Path(__file__).resolve().parents[1] / "data"
TABLES, ANSWERS = DATA / "serving_grid_tables.json", DATA / "serving_grid_answers.json"
#: Points from `COUNT` on, where the closed form said that it holds, or nearly: drawn and answered after all constants
#: but one, those from `LAST_LOOKED` on after all of them. When bursts were let stay together (no constant), some five
#: variants of the form were compared on every stored bursty point, these included: for gaps that vary more than a
#: Poisson stream's nothing here is unseen. The points of Poisson streams from `LAST_LOOKED` on are.
UNSEEN = DATA / "serving_grid_unseen.json"
SEED, COUNT, REQUESTS = 20260603, 640, 10_000
#: Points below the first index chose constants; those below the second were looked at while forms were chosen.
CHOSEN, LOOKED_AT, LAST_LOOKED = 200, 440, 1427


@dataclass(frozen=True)
class Point:
    """One question: a table, a scheduler, traffic, pools, and a service level relative to the unloaded latency."""

    index: int
    table: int
    replicas: int
    decode_replicas: int
    max_tokens: int
    max_sequences: int
    mixed: bool
    cache_tokens: int
    prompt: Lengths
    output: Lengths
    burstiness: float
    ttft_factor: float
    tpot_factor: float


@lru_cache(maxsize=1)
def tables() -> dict[str, Any]:
    return json.loads(TABLES.read_text())


@lru_cache(maxsize=64)
def replica_cost(table: int, cache: int) -> ReplicaCost:
    data = tables()
    row = data["tables"][table]
    fixed = np.interp(np.arange(8192 + 257), data["tokens"], row["fixed_s"])
    slope = float(fixed[-1] - fixed[-257]) / 256
    return ReplicaCost(tuple(fixed.tolist()), slope, row["kv_s"], row["pair_s"], row["sequence_s"], cache)


def points() -> list[Point]:
    """Return the grid's questions; the same every time."""
    return [point(i) for i in range(COUNT)]


def point(index: int) -> Point:
    """Return one of the questions, which go on beyond the grid."""
    return _point(index, np.random.default_rng([SEED, index]))


def _lengths(rng: np.random.Generator, low: float, high: float) -> Lengths:
    shape = str(rng.choice(["lognormal", "lognormal", "exponential", "uniform", "constant"]))
    spread = float(rng.uniform(0.3, 1.1)) if shape == "lognormal" else float(rng.uniform(0.2, 0.9))
    return Lengths(float(round(np.exp(rng.uniform(np.log(low), np.log(high))))), shape, round(spread, 2))


def _point(index: int, rng: np.random.Generator) -> Point:
    table = int(rng.integers(len(tables()["tables"])))
    full = int(tables()["tables"][table]["cache_tokens"])
    prompt, output = _lengths(rng, 128, 32_000), _lengths(rng, 32, 1024)
    split = bool(rng.random() < 0.25)
    bound = bool(rng.random() < 0.4)
    context = prompt.mean + output.mean
    tight = float(np.exp(rng.uniform(np.log(4), np.log(24)))) * context
    longest = 1.02 * float(prompt.nodes(1024)[-1] + output.nodes(1024)[-1]) + 2
    cache = int(min(full, max(tight, longest))) if bound else full
    return Point(
        index=index,
        table=table,
        replicas=int(rng.choice([1, 1, 1, 2, 4])),
        decode_replicas=int(rng.choice([1, 2, 3])) if split else 0,
        max_tokens=int(rng.choice([2048, 8192])),
        max_sequences=int(rng.choice([64, 256, 1024])),
        mixed=bool(rng.random() < 0.7),
        cache_tokens=max(cache, 4096),
        prompt=prompt,
        output=output,
        burstiness=float(rng.choice([1.0, 1.0, 1.5, 2.0, 4.0])),
        ttft_factor=float(rng.choice([1.5, 5.0])),
        tpot_factor=float(rng.choice([1.3, 3.0])),
    )


def pools(point: Point) -> tuple[Pool, Pool | None, Transfer | None]:
    """Return the pool of a point, and the decode pool and the transfer of a split one."""
    cost = replica_cost(point.table, point.cache_tokens)
    split = point.decode_replicas > 0
    rules = Batching(point.max_tokens, point.max_sequences, mixed=point.mixed, prefill_only=split)
    pool = Pool(point.replicas, cost, rules)
    if not split:
        return pool, None, None
    row = tables()["tables"][point.table]
    decode = Batching(point.max_tokens, point.max_sequences, mixed=point.mixed)
    transfer = Transfer(row["transfer_latency_s"], row["transfer_token_s"])
    return pool, Pool(point.decode_replicas, cost, decode), transfer


def stream(point: Point, rate: float = 1.0) -> Stream:
    return Stream(rate, point.prompt, point.output, burstiness=point.burstiness)


def serve(point: Point, requests, *, log: bool = False) -> ServingRun:
    pool, decode, transfer = pools(point)
    return simulate(requests, pool, router="least_loaded", decode_pool=decode, transfer=transfer, log=log)


def unloaded(point: Point) -> tuple[float, float]:
    """Return the 90th percentile of TTFT and TPOT of requests served one at a time."""
    drawn = stream(point, 1e-6).draw(400, np.random.default_rng([SEED, point.index, 1]))
    rows = records(serve(point, drawn))
    tpot = rows["tpot_s"][np.isfinite(rows["tpot_s"])]
    return float(np.nanpercentile(rows["ttft_s"], 90)), float(np.percentile(tpot, 90))


def slo(point: Point) -> Slo:
    ttft, tpot = unloaded(point)
    return Slo(ttft_s=ttft * point.ttft_factor, tpot_s=tpot * point.tpot_factor, share=0.9)


def requests_of(point: Point) -> int:
    """Return the length of a point's runs: more where arrivals are bursty."""
    return REQUESTS if point.burstiness == 1.0 else 2 * REQUESTS


def at_rate(point: Point, rate: float, level: Slo) -> dict[str, float]:
    """Return the steady figures of a run at a rate."""
    drawn = stream(point, rate).draw(
        min(REQUESTS, requests_of(point)), np.random.default_rng([SEED, point.index, 2])
    )
    run = serve(point, drawn, log=True)
    rows, window = records(run), steady_window(run.book)
    inside = (rows["arrival_s"] >= window.start_s) & (rows["arrival_s"] < window.end_s)
    out: dict[str, float] = {"rate": rate}
    for name in ("ttft_s", "tpot_s", "e2e_s"):
        values = rows[name][inside & np.isfinite(rows[name])]
        out[f"{name}_mean"] = float(values.mean())
        for p in (50, 90, 99):
            out[f"{name}_p{p}"] = float(np.percentile(values, p))
        out[f"{name}_error"] = batch_error(rows[name], rows["arrival_s"], window)[1]
    row = tables()["tables"][point.table]
    fixed = np.asarray(replica_cost(point.table, point.cache_tokens).fixed_s)
    zero = np.zeros_like(fixed)
    n = np.arange(len(fixed), dtype=float)
    terms = IterationTerms(
        n, fixed, zero, zero, zero, row["kv_s"], row["pair_s"], row["sequence_s"], zero, zero, 0.0, 0.0, zero
    )
    spent = token_seconds(run, terms, terms)
    out["input_share"] = spent.input_s / spent.busy_s
    out["busy"] = spent.busy_s / run.replica_seconds
    decoders = [i for i in range(len(run.replicas)) if point.decode_replicas == 0 or i >= run.prefill_count]
    out["batch"] = sum(float(np.sum(run.log(i)[:, 1] * run.log(i)[:, 3])) for i in decoders) / (
        run.end_s * len(decoders)
    )
    out["preemptions"] = float(rows["preemptions"].mean())
    return out


def answer(point: Point) -> dict[str, Any]:
    """Return what simulation says to a point: the rate at the SLO, the saturated rate, the figures below them."""
    try:
        level = slo(point)
        found = rate_at_slo(
            stream(point),
            lambda r: serve(point, r),
            level,
            seed=SEED + point.index,
            requests=requests_of(point),
        )
    except InfeasibleError as error:
        return {"index": point.index, "infeasible": str(error)}
    return {
        "index": point.index,
        "slo": {k: v for k, v in asdict(level).items() if np.isfinite(v)},
        "saturated": found.saturated,
        "rate_at_slo": found.rate,
        "share": found.share.share,
        "share_error": found.share.error,
        "figures": at_rate(point, 0.7 * found.rate, level),
    }


def digest(rows: list[dict[str, Any]]) -> str:
    """Return the SHA-256 of the answers' canonical text."""
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    return float(f"{value:.6g}") if isinstance(value, float) else value


def main(workers: int) -> None:
    with ProcessPoolExecutor(workers) as pool:
        jobs = [pool.submit(answer, point) for point in points()]
        rows = []
        for job in as_completed(jobs):
            rows.append(_rounded(job.result()))
            print(json.dumps(rows[-1]), flush=True)
    rows.sort(key=lambda row: int(row["index"]))
    text = {"digest": digest(rows), "seed": SEED, "requests": REQUESTS, "rows": rows}
    ANSWERS.write_text(json.dumps(text, indent=None) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
