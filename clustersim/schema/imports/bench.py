"""Results of serving benchmarks: vLLM, SGLang, TensorRT-LLM, guidellm, genai-perf and aiperf, told by their fields.

Layouts as the tools write them: ``vllm bench serve --save-result`` (vllm/benchmarks/serve.py), ``sglang.bench_serving
--output-file`` (one object a line), ``trtllm-bench --report_json`` (tensorrt_llm/bench/dataclasses/reporting.py),
guidellm ``benchmarks.json`` (0.2 to 0.4), genai-perf ``profile_export_genai_perf.json`` and aiperf
``profile_export_aiperf.json``; and the block ``Serving Benchmark Result`` that the first two print.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from clustersim.errors import InputError, Problem
from clustersim.schema.imports.bench_csv import is_export, metrics_of
from clustersim.schema.imports.bench_rows import COLUMNS, Run, day_of, drafted, row_of
from clustersim.schema.imports.source import Fields, Imported, ImportOptions, Source, refuse, rows_made

__all__ = ["is_bench", "read_bench"]

#: What a client's ``backend`` says of the engine behind it; an OpenAI endpoint may be anybody's.
_ENGINES = {"vllm": "vLLM", "sglang": "SGLang", "sglang-native": "SGLang", "sglang-oai": "SGLang",
            "sglang-oai-chat": "SGLang", "tensorrt-llm": "TensorRT-LLM", "trt": "TensorRT-LLM"}  # fmt: skip
_SECONDS = {"s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
#: Named where a run states no load at all.
_LOAD = ("concurrency",)
_TITLE = "Serving Benchmark Result"


@dataclass(frozen=True, slots=True)
class _Tool:
    """One tool's layout: its name, the sign of its objects, and how they are read."""

    name: str
    sign: Callable[[Mapping[str, Any]], bool]
    runs: Callable[[str, Mapping[str, Any]], list[tuple[Run, Fields]]]


def _over(total: float | None, count: float | None) -> float | None:
    return total / count if total and count else None


def _client(file: str, data: Mapping[str, Any]) -> list[tuple[Run, Fields]]:
    """``vllm bench serve`` and ``sglang.bench_serving``: one object a run, of like names."""
    f = Fields(file, data)
    done = f.number("completed", needed=True)
    asked, made = f.number("total_input_tokens", needed=True), f.number("total_output_tokens", needed=True)
    backend = f.text("backend", "endpoint_type")
    info = "server_info"
    run = Run(
        model=f.text("model_id", f"{info}.model_path", "model", "model_path"),
        software=_ENGINES.get(backend.lower(), ""), isl=_over(asked, done), osl=_over(made, done),
        concurrency=f.bound("max_concurrency"), request_rate=f.bound("request_rate"),
        asked=f.number("num_prompts") or done, requests=done, duration_s=f.number("duration", needed=True),
        requests_per_s=f.number("request_throughput"), tokens_per_s=f.number("output_throughput", needed=True),
        ttft_ms=f.number("mean_ttft_ms"), tpot_ms=f.number("mean_tpot_ms"), itl_ms=f.number("mean_itl_ms"),
        tp=f.number(f"{info}.tp_size", "tensor_parallel_size", "tp_size", "tp"),
        pp=f.number(f"{info}.pp_size", "pipeline_parallel_size"), dp=f.number(f"{info}.dp_size", "data_parallel_size"),
        ep=f.number(f"{info}.ep_size"), engine_version=f.text(f"{info}.version", "engine_version", "vllm_version"),
        kv_cache_dtype=f.text(f"{info}.kv_cache_dtype").replace("auto", ""),
        precision=f.text(f"{info}.quantization", "quantization"), gpu=f.text("gpu", "hardware"),
        date=day_of(f.text("date")),
    )  # fmt: skip
    least = f.number("random_range_ratio")
    if f.text("dataset_name") == "random" and least is not None and f.number("random_input_len"):
        # Lengths are drawn evenly from this share of what was asked up to all of it.
        run.length_shape, run.length_spread = "uniform", round((1.0 - least) / (1.0 + least), 6)
        if least == 1.0:
            run.length_shape, run.length_spread = "constant", None
    run.accepted = f.number("accept_length", "spec_decode_acceptance_length")
    run.draft_tokens = _over(f.number("spec_decode_draft_tokens"), f.number("spec_decode_num_drafts"))
    if run.request_rate and f.number("burstiness") not in (None, 1.0):
        run.notes.append(f"burstiness {f.number('burstiness'):g}")
    if backend and not run.software:
        run.notes.append(f"client backend {backend}")
    return [(run, f)]


def _trtllm(file: str, data: Mapping[str, Any]) -> list[tuple[Run, Fields]]:
    f = Fields(file, data)
    experts = f.get("world_info.ep_size")
    stated = f.number("world_info.concurrency", "request_info.concurrency")
    mean = f.number("request_info.avg_num_concurrent_requests")
    requests, seen = f.number("request_info.num_requests"), f.number("performance.total_latency_ms")
    run = Run(
        model=f.text("engine.model"), software="TensorRT-LLM", engine_version=f.text("engine.version"),
        precision=f.text("engine.quantization") or f.text("engine.dtype"),
        kv_cache_dtype=f.text("engine.kv_cache_dtype"), gpu=f.text("machine.name"),
        n_gpus=f.number("world_info.world_size"), tp=f.number("world_info.tp_size", needed=True),
        pp=f.number("world_info.pp_size"),
        # -1 stands for a size that nobody set.
        ep=None if experts == -1 else f.number("world_info.ep_size"),
        isl=f.number("request_info.avg_input_length", "dataset.avg_isl"),
        osl=f.number("request_info.avg_output_length", "dataset.avg_osl"),
        requests=requests, asked=requests, duration_s=seen / 1e3 if seen else None, concurrency=stated,
        tokens_per_s=f.number("performance.system_output_throughput_tok_s", needed=True),
        requests_per_s=f.number("performance.request_throughput_req_s"),
        ttft_ms=f.number("streaming_metrics.avg_ttft_ms"), tpot_ms=f.number("streaming_metrics.avg_tpot_ms"),
        max_sequences=f.number("world_info.max_batch_size"), max_batched_tokens=f.number("world_info.max_num_tokens"),
    )  # fmt: skip
    if stated is None and mean and requests and mean < 0.5 * requests:
        run.concurrency = max(1.0, float(round(mean)))
        run.notes.append(f"the mean of {mean:g} concurrent requests is taken for the client's concurrency")
    return [(run, f)]


def _guidellm(file: str, data: Mapping[str, Any]) -> list[tuple[Run, Fields]]:
    out = []
    common = Fields(file, data)
    for number, one in enumerate(data["benchmarks"]):
        f = Fields(f"{file}: benchmarks.{number}", one if isinstance(one, dict) else {})

        def mean(name: str, needed: bool = False, f: Fields = f) -> float | None:
            return f.number(f"metrics.{name}.successful.mean", f"metrics.{name}.mean", needed=needed)

        kind = f.text("config.strategy.type_", "args.strategy.type_", "scheduler.strategy.type_")
        level = f.bound(*(f"{at}.strategy.{key}" for at in ("config", "args", "scheduler")
                           for key in ("streams", "max_concurrency", "rate")))  # fmt: skip
        done = f.number("metrics.request_totals.successful", "run_stats.requests_made.successful",
                        "scheduler_metrics.requests_made.successful")  # fmt: skip
        started, ended = f.number("start_time"), f.number("end_time")
        run = Run(
            model=f.text("worker.backend_model", "benchmarker.backend.model", "config.backend.model")
            or common.text("args.model"),
            isl=mean("prompt_token_count", True), osl=mean("output_token_count", True), requests=done,
            duration_s=ended - started if started and ended and ended > started else f.number("duration"),
            requests_per_s=mean("requests_per_second"), tokens_per_s=mean("output_tokens_per_second", True),
            ttft_ms=mean("time_to_first_token_ms"), itl_ms=mean("inter_token_latency_ms"),
            tpot_ms=mean("inter_token_latency_ms") or mean("time_per_output_token_ms"),
        )  # fmt: skip
        if kind in ("constant", "poisson", "async"):
            run.request_rate = level
        elif kind == "synchronous":
            run.concurrency = 1.0
        elif kind == "throughput" and level is None:
            run.asked = done
        else:
            run.concurrency = level or mean("request_concurrency")
        if kind in ("concurrent", "") and level is None and run.concurrency:
            run.notes.append("the mean concurrency is taken for the client's")
        # guidellm counts until the last request of the window: its own rate stands beside its own clock.
        run.duration_s = None if run.tokens_per_s else run.duration_s
        out.append((run, f))
    if not out:
        common.problems.append(Problem(file, None, "benchmarks", "holds no run"))
        out.append((Run(), common))
    return out


def _stat(f: Fields, name: str, needed: bool = False) -> float | None:
    """A mean of genai-perf or aiperf, times in ms by their stated unit."""
    value = f.number(f"{name}.avg", needed=needed)
    unit = f.text(f"{name}.unit").lower()
    if value is None or not name.endswith(("latency", "first_token", "second_token")):
        return value
    if unit and unit not in _SECONDS:
        f.problems.append(Problem(f.file, None, f"{name}.unit", f"{unit!r} is no unit of time that is known"))
        return None
    return value * _SECONDS.get(unit or "ms", 1e-3) * 1e3


def _genai(file: str, data: Mapping[str, Any]) -> list[tuple[Run, Fields]]:
    f = Fields(file, data)
    at = "input_config"
    run = Run(
        model=f.text(f"{at}.endpoint.model_names", f"{at}.model_names", f"{at}.model", f"{at}.formatted_model_name"),
        software=_ENGINES.get(f.text(f"{at}.backend").lower(), ""),
        isl=_stat(f, "input_sequence_length"), osl=_stat(f, "output_sequence_length", True),
        concurrency=f.bound(f"{at}.loadgen.concurrency", f"{at}.concurrency",
                             f"{at}.perf_analyzer.stimulus.concurrency"),
        request_rate=f.bound(f"{at}.loadgen.request_rate", f"{at}.request_rate",
                              f"{at}.perf_analyzer.stimulus.request_rate"),
        requests=f.number("request_count.avg"), duration_s=f.number("benchmark_duration.avg"),
        requests_per_s=_stat(f, "request_throughput"), tokens_per_s=_stat(f, "output_token_throughput", True),
        ttft_ms=_stat(f, "time_to_first_token"), tpot_ms=_stat(f, "inter_token_latency"),
        itl_ms=_stat(f, "inter_token_latency"), date=day_of(f.text("start_time")),
    )  # fmt: skip
    if run.isl is None:
        total = _over(f.number("total_isl.avg"), run.requests)
        run.isl = total or f.number(f"{at}.synthetic_input_tokens_mean", f"{at}.input.prompt.input_tokens.mean",
                                    f"{at}.input.synthetic_tokens.mean")  # fmt: skip
    if data.get("was_cancelled") is True:
        run.notes.append("the run was cancelled")
    failed = f.number("error_request_count.avg")
    if failed:
        run.notes.append(f"{failed:g} requests failed")
    return [(run, f)]


_TOOLS = (
    _Tool("a report of trtllm-bench", lambda d: "performance" in d and "request_info" in d, _trtllm),
    _Tool("a report of guidellm", lambda d: isinstance(d.get("benchmarks"), list) and not {"context"} & set(d)
          and all(isinstance(b, dict) and "metrics" in b for b in d["benchmarks"]), _guidellm),
    _Tool("an export of genai-perf or aiperf",
          lambda d: "input_config" in d or ("request_latency" in d and "output_token_throughput" in d), _genai),
    _Tool("a result of vllm bench serve or sglang.bench_serving",
          lambda d: sum(key in d for key in ("completed", "total_input_tokens", "total_output_tokens", "duration",
                                             "output_throughput", "mean_ttft_ms", "request_throughput")) >= 3,
          _client),
)  # fmt: skip


def _tool(data: Mapping[str, Any]) -> _Tool | None:
    return next((tool for tool in _TOOLS if tool.sign(data)), None)


def is_bench(source: Source) -> bool:
    """Tell whether a file is a result of a serving benchmark."""
    if source.archive:
        return False
    return _TITLE in source.text or is_export(source) or any(_tool(one) for one in source.objects[:3])


def read_bench(source: Source, options: ImportOptions) -> Imported:
    """Return one row a run.

    Raises InputError naming the format and everything that is missing of it.
    """
    printed = not source.objects and _TITLE in source.text
    if not (source.objects or printed or is_export(source)):
        raise source.not_json or InputError(
            f"{source.name}: is no result of a serving benchmark: no JSON object, and no block '{_TITLE}'"
        )
    if printed:
        form, found = "the printed result of a serving benchmark", _printed(source)
    elif not source.objects:
        form, found = "the CSV export of genai-perf or aiperf", _genai(source.name, metrics_of(source))
    else:
        tools = [(one, _tool(one)) for one in source.objects]
        tool = next((t for _, t in tools if t), _TOOLS[-1])
        form = tool.name
        found = [part for one, t in tools for part in (t or tool).runs(source.name, one)]
    for run, fields in found:
        drafted(run, fields, options.given)
    rows = [row_of(run, fields) for run, fields in found]
    refuse(source, form, [problem for _, fields in found for problem in fields.problems])
    lacks = [c for c in ("model", "gpu", "n_gpus", "tp", "precision", "software", *_LOAD) if c not in options.given
             and not all(row[c] or (c in _LOAD and row["batch_or_rate"]) for row in rows)]  # fmt: skip
    said = [f"{form}: {len(rows)} run(s)"]
    if lacks:
        said.append(
            f"the file does not name {', '.join(lacks)}: give them as --given {lacks[0]}=… for `validate`"
        )
    made = dict(options.given)
    for first, second in (
        ("gpu", "system"),
        ("software", "backend"),
        ("precision", "weights"),
        ("concurrency", "batch_or_rate"),
    ):
        if first in made:
            made.setdefault(second, made[first])
    options = ImportOptions(options.name, options.ignored, made, options.columns, options.skip)
    return rows_made(source, options, "serving", COLUMNS, rows, said)


#: Label of a printed block -> the field of the JSON that it is.
_LABELS = {
    "backend": "backend", "traffic request rate": "request_rate", "max request concurrency": "max_concurrency",
    "maximum request concurrency": "max_concurrency", "successful requests": "completed",
    "benchmark duration (s)": "duration", "total input tokens": "total_input_tokens",
    "total generated tokens": "total_output_tokens", "request throughput (req/s)": "request_throughput",
    "output token throughput (tok/s)": "output_throughput", "mean ttft (ms)": "mean_ttft_ms",
    "accept length": "accept_length", "acceptance length": "accept_length", "mean tpot (ms)": "mean_tpot_ms",
    "mean itl (ms)": "mean_itl_ms", "request rate configured (rps)": "request_rate",
}  # fmt: skip


def _printed(source: Source) -> list[tuple[Run, Fields]]:
    """The printed blocks as objects of the same names; a block that does not end was cut off."""
    model = re.search(r"\bmodel='([^']+)'", source.text)
    blocks: list[dict[str, Any]] = []
    problems: list[Problem] = []
    at, ended = 0, True
    before: dict[str, str] = {}
    for number, line in source.lines():
        if _TITLE in line:
            if not ended:
                problems.append(Problem(source.name, at, "", "the block does not end before the next begins",
                                        "one client a file"))  # fmt: skip
            blocks.append(dict(before))
            at, ended, before = number, False, {}
            continue
        label, colon, value = line.partition(":")
        key = _LABELS.get(label.strip().lower())
        if re.fullmatch(r"\s*={20,}\s*", line):
            ended = True
        elif colon and key and not ended:
            blocks[-1][key] = value.strip()
        elif colon and key in ("request_rate", "max_concurrency"):
            before[key] = value.strip()
    if not ended:
        problems.append(Problem(source.name, at, "", "the block is cut off: its last line of = is missing"))
    out: list[tuple[Run, Fields]] = []
    for block in blocks:
        block |= {"model": model[1]} if model else {}
        out += _client(source.name, {k: v for k, v in block.items() if v not in ("None", "not set")})
    out[0][1].problems += problems
    return out
