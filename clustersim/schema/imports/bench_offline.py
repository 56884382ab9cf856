"""Results of ``vllm bench throughput`` and ``vllm bench latency`` (``--output-json``): runs without a client.

Neither says which model or lengths it ran: lengths and, of a batch, its size are the user's (``--given``), and must
agree with the tokens that the file counts. Neither times a first token, so that the rows hold a rate alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean
from typing import Any

from clustersim.errors import Problem
from clustersim.schema.imports.bench_rows import AGREE, Run
from clustersim.schema.imports.source import Fields, number_of

__all__ = ["is_latency", "is_throughput", "latency", "offline", "throughput"]

#: Column -> the tool's option that it is.
_LENGTHS = {"isl": "--input-len", "osl": "--output-len"}


def is_throughput(data: Mapping[str, Any]) -> bool:
    """Tell whether an object is a result of ``vllm bench throughput``."""
    return {"elapsed_time", "num_requests", "total_num_tokens"} <= set(data)


def is_latency(data: Mapping[str, Any]) -> bool:
    """Tell whether an object is a result of ``vllm bench latency``."""
    return {"avg_latency", "latencies", "percentiles"} <= set(data)


def throughput(file: str, data: Mapping[str, Any]) -> list[tuple[Run, Fields]]:
    """All requests at once: their number, the time, and the tokens of prompts and answers together."""
    f = Fields(file, data)
    done = f.number("num_requests", needed=True)
    run = Run(
        requests=done, asked=done, duration_s=f.number("elapsed_time", needed=True),
        requests_per_s=f.number("requests_per_second"), all_tokens=f.number("total_num_tokens", needed=True),
    )  # fmt: skip
    pairs = (("requests_per_second", done), ("tokens_per_second", run.all_tokens))
    for key, count in pairs:
        rate = f.number(key)
        if rate and count and run.duration_s and abs(count / run.duration_s / rate - 1.0) > AGREE:
            f.problems.append(
                Problem(file, None, key, f"{rate:g} contradicts {count:g} in {run.duration_s:g} s")
            )
    return [(run, f)]


def latency(file: str, data: Mapping[str, Any]) -> list[tuple[Run, Fields]]:
    """One batch again and again: the times from its start to its last token."""
    f = Fields(file, data)
    mean, times = f.number("avg_latency", needed=True), data.get("latencies")
    read = [number_of(t, where=file, key="latencies") for t in (times if isinstance(times, list) else ())]
    bad = [one for one in read if isinstance(one, Problem)]
    seen = [one for one in read if isinstance(one, float)]
    if bad or not seen:
        f.problems.append(bad[0] if bad else Problem(file, None, "latencies", "holds no run"))
    elif mean and abs(fmean(seen) / mean - 1.0) > AGREE:
        f.problems.append(
            Problem(
                file, None, "avg_latency", f"{mean:g} s contradicts the mean of latencies, {fmean(seen):g} s"
            )
        )
    run = Run(software="vLLM", batch_s=mean)
    run.notes.append("a static batch: its requests start and end together")
    return [(run, f)]


def offline(run: Run, fields: Fields, given: Mapping[str, str]) -> None:
    """Fill in what a run without a client does not say: lengths, and the size of a batch."""
    if run.all_tokens is None and run.batch_s is None:
        return
    run.isl, run.osl = (_given(fields, given, column, option) for column, option in _LENGTHS.items())
    if run.batch_s is not None:
        run.concurrency = _given(fields, given, "concurrency", "--batch-size")
        if run.concurrency and run.osl and run.batch_s:
            run.tokens_per_s = run.concurrency * run.osl / run.batch_s
    elif run.isl and run.osl and run.requests and run.all_tokens:
        found = run.requests * (run.isl + run.osl)
        if abs(found / run.all_tokens - 1.0) > AGREE:
            fields.problems.append(Problem(
                fields.file, None, "total_num_tokens", f"{run.all_tokens:g} tokens contradict {run.requests:g} requests"
                f" of {run.isl:g} and {run.osl:g} tokens ({found:g})"))  # fmt: skip


def _given(fields: Fields, given: Mapping[str, str], column: str, option: str) -> float | None:
    stated = given.get(column)
    read = number_of(stated) if stated is not None else None
    if isinstance(read, float) and read > 0:
        return read
    fields.problems.append(Problem(fields.file, None, column, "is not in this format",
                                   f"give --given {column}=… (what {option} was)"))  # fmt: skip
    return None
