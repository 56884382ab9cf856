#!/usr/bin/env python3
"""Measure one server for clustersim: products, streams, attention, all-reduce, host link, power, training, serving.

Needs PyTorch, or NumPy alone (then the processor is measured). Writes one JSON; sends nothing anywhere. This file
stands alone: it imports nothing of clustersim.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import importlib
import json
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any, Callable, Iterator

FORMAT, VERSION = "clustersim-measure", 1
#: Step -> what it measures, and the seconds that it may take of 15 minutes.
STEPS = [
    ("products", "matrix products by size and number format", 150),
    ("streams", "memory: copy and triad of large arrays", 60),
    ("attention", "fused causal attention, forward", 90),
    ("allreduce", "all-reduce over the server's cards by size", 120),
    ("hostlink", "copies between host and card", 45),
    ("power", "power and clocks under matrix products", 90),
    ("training", "training step of two layers", 150),
    ("serving", "first token, time per token and rate of a short serving run", 195),
]
#: Shape of an 8-billion-parameter model: layers, width, heads, heads of keys, head size, inner width, vocabulary.
SHAPE = {
    "layers": 32,
    "hidden": 4096,
    "heads": 32,
    "kv_heads": 8,
    "head_dim": 128,
    "ffn": 14336,
    "vocab": 128256,
}
SERVED = "llama3.1-8b"


class Skipped(Exception):
    """A step cannot be measured here; the message says why."""


class Bench:
    """The device by PyTorch, or the processor by NumPy, behind the few operations that are measured."""

    def __init__(self, small: bool, use_numpy: bool) -> None:
        self.small = small
        self.torch: Any = None
        if not use_numpy:
            with contextlib.suppress(ImportError):
                self.torch = importlib.import_module("torch")
        self.np: Any = None
        if self.torch is None:
            try:
                self.np = importlib.import_module("numpy")
            except ImportError:
                raise SystemExit("neither PyTorch nor NumPy can be imported; install one of them") from None
        self.device = self._device()

    def _device(self) -> str:
        t = self.torch
        if t is None:
            return "cpu"
        for name in ("cuda", "npu", "musa", "supa", "mlu", "xpu"):
            module = getattr(t, name, None)
            with contextlib.suppress(Exception):
                if module is not None and module.is_available():
                    return name
        return "cpu"

    @property
    def module(self) -> Any:
        return getattr(self.torch, self.device)

    def name(self) -> str:
        if self.device != "cpu":
            with contextlib.suppress(Exception):
                return str(self.module.get_device_name(0))
        return platform.processor() or platform.machine() or "cpu"

    def count(self) -> int:
        with contextlib.suppress(Exception):
            return int(self.module.device_count()) if self.device != "cpu" else 1
        return 1

    def memory(self) -> float:
        with contextlib.suppress(Exception):
            return float(self.module.get_device_properties(0).total_memory)
        return 0.0

    def formats(self) -> list[str]:
        if self.torch is None:
            return ["fp32"]
        return ["fp32"] if self.device == "cpu" else ["bf16", "fp16"]

    def dtype(self, name: str) -> Any:
        return {"bf16": self.torch.bfloat16, "fp16": self.torch.float16, "fp32": self.torch.float32}[name]

    def random(self, *shape: int, dtype: str = "fp32") -> Any:
        if self.torch is None:
            return self.np.random.default_rng(0).standard_normal(shape).astype("float32")
        return self.torch.randn(*shape, device=self.device, dtype=self.dtype(dtype))

    def wait(self) -> None:
        if self.torch is not None and self.device != "cpu":
            self.module.synchronize()

    def timed(self, work: Callable[[], Any], seconds: float, least: int = 5) -> tuple[float, int]:
        """Return the median seconds of a call, after warm-up, and how many calls were made."""
        for _ in range(3):
            work()
        self.wait()
        found: list[float] = []
        until = time.perf_counter() + seconds
        while len(found) < least or (time.perf_counter() < until and len(found) < 2000):
            begin = time.perf_counter()
            work()
            self.wait()
            found.append(time.perf_counter() - begin)
        return statistics.median(found), len(found)


def _row(**cells: Any) -> dict[str, Any]:
    return {key: value for key, value in cells.items() if value is not None}


def products(b: Bench, seconds: float) -> dict[str, list[dict[str, Any]]]:
    """2MNK operations over the median time of a product."""
    sides = [512] if b.small else [4096, 8192, 16384] if b.device != "cpu" else [2048]
    shapes = [(n, n, n) for n in sides] + ([] if b.small or b.device == "cpu" else [(8192, 28672, 8192)])
    rows = []
    each = seconds / (len(shapes) * len(b.formats()))
    for dtype in b.formats():
        for m, n, k in shapes:
            x, y = b.random(m, k, dtype=dtype), b.random(k, n, dtype=dtype)
            took, calls = b.timed(lambda x=x, y=y: x @ y, each)  # type: ignore[misc]
            rows.append(
                _row(
                    benchmark="gemm",
                    dtype=dtype,
                    shape_or_size=f"M={m} N={n} K={k}",
                    measured=2.0 * m * n * k / took / 1e12,
                    unit="TFLOPS",
                    time_s=took,
                    calls=calls,
                )
            )
    return {"operators": rows}


def streams(b: Bench, seconds: float) -> dict[str, list[dict[str, Any]]]:
    """Bytes read and written over the median time."""
    count = 2**20 if b.small else 2**28 if b.device != "cpu" else 2**26
    if b.torch is None:
        x, y = b.random(count), b.random(count)
        z = b.np.empty_like(x)
        copy: Callable[[], Any] = lambda: b.np.copyto(z, x)  # noqa: E731
        triad: Callable[[], Any] = lambda: b.np.add(x, y, out=z)  # noqa: E731
    else:
        x, y = b.random(count), b.random(count)
        z = b.torch.empty_like(x)
        copy = lambda: z.copy_(x)  # noqa: E731
        triad = lambda: b.torch.add(x, y, alpha=3.0, out=z)  # noqa: E731
    rows = []
    for name, work, arrays in (("copy", copy, 2), ("triad", triad, 3)):
        took, calls = b.timed(work, seconds / 2)
        rows.append(
            _row(
                benchmark=f"stream/{name}",
                dtype="fp32",
                shape_or_size=f"{4 * count} B",
                measured=4.0 * count * arrays / took / 1e9,
                unit="GB/s",
                time_s=took,
                calls=calls,
            )
        )
    return {"operators": rows}


def attention(b: Bench, seconds: float) -> dict[str, list[dict[str, Any]]]:
    """4 B H S^2 D operations forward, halved where causal."""
    lengths = [128] if b.small else [2048, 8192] if b.device != "cpu" else [2048]
    heads, width = (4, 32) if b.small else (32, 128) if b.device != "cpu" else (4, 64)
    rows = []
    for length in lengths:
        dtype = b.formats()[0]
        q, k, v = (b.random(1, heads, length, width, dtype=dtype) for _ in range(3))
        if b.torch is None:

            def work(q: Any = q, k: Any = k, v: Any = v) -> Any:
                s = b.np.einsum("bhqd,bhkd->bhqk", q, k, optimize=True) / math.sqrt(q.shape[-1])
                s += b.np.triu(b.np.full(s.shape[-2:], -1e30, dtype="float32"), 1)
                s = b.np.exp(s - s.max(-1, keepdims=True))
                return b.np.einsum("bhqk,bhkd->bhqd", s / s.sum(-1, keepdims=True), v, optimize=True)
        else:

            def work(q: Any = q, k: Any = k, v: Any = v) -> Any:
                return b.torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)

        took, calls = b.timed(work, seconds / len(lengths))
        ops = 0.5 * 4.0 * heads * length**2 * width
        rows.append(
            _row(
                benchmark="attention",
                dtype=dtype,
                shape_or_size=f"B=1 H={heads} Sq={length} Skv={length} D={width} causal fwd",
                measured=ops / took / 1e12,
                unit="TFLOPS",
                time_s=took,
                calls=calls,
            )
        )
    return {"operators": rows}


def _reducer(
    rank: int, cards: int, device: str, file: str, sizes: list[int], seconds: float, out: Any
) -> None:
    torch = importlib.import_module("torch")
    dist = importlib.import_module("torch.distributed")
    backend = {"cuda": "nccl", "npu": "hccl", "musa": "mccl", "mlu": "cncl"}.get(device, "gloo")
    if device != "cpu":
        getattr(torch, device).set_device(rank)
    dist.init_process_group(backend, init_method=f"file://{file}", rank=rank, world_size=cards)
    found = []
    for size in sizes:
        x = torch.ones(size // 4, device=device)

        def once(x: Any = x) -> None:
            dist.all_reduce(x)
            if device != "cpu":
                getattr(torch, device).synchronize()

        for _ in range(5):
            once()
        calls = torch.zeros(1, device=device)
        begin = time.perf_counter()
        once()
        # All ranks make as many calls as the first one finds time for.
        calls[0] = max(5, min(500, int(seconds / len(sizes) / max(time.perf_counter() - begin, 1e-5))))
        dist.broadcast(calls, 0)
        times = []
        for _ in range(int(calls.item())):
            dist.barrier()
            begin = time.perf_counter()
            once()
            times.append(time.perf_counter() - begin)
        found.append((size, statistics.median(times), len(times)))
    if rank == 0:
        out.put(found)
    dist.destroy_process_group()


def allreduce(b: Bench, seconds: float) -> dict[str, list[dict[str, Any]]]:
    """Size over the median time; bus rate 2 (n - 1) / n of it."""
    if b.torch is None:
        raise Skipped("NumPy has no collectives; install PyTorch")
    cards = b.count() if b.device != "cpu" else 2
    if cards < 2:
        raise Skipped("the server has one card")
    sizes = (
        [2**16, 2**18]
        if b.small
        else [2**k for k in range(15, 31, 3)]
        if b.device != "cpu"
        else [2**16, 2**20, 2**24]
    )
    mp = importlib.import_module("torch.multiprocessing").get_context("spawn")
    queue = mp.Queue()
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "meet")
        workers = [
            mp.Process(target=_reducer, args=(r, cards, b.device, file, sizes, seconds / 2, queue))
            for r in range(cards)
        ]
        for worker in workers:
            worker.start()
        try:
            found = queue.get(timeout=seconds + 120)
        except Exception:
            raise Skipped("the ranks did not meet, or one of them failed") from None
        finally:
            for worker in workers:
                worker.join(10)
                if worker.is_alive():
                    worker.terminate()
    return {
        "collectives": [
            _row(
                n_gpus=cards,
                collective="all_reduce",
                size_bytes=size,
                algbw_GBs=size / took / 1e9,
                busbw_GBs=size / took / 1e9 * 2 * (cards - 1) / cards,
                fabric="1 node",
                notes=f"time_us={took * 1e6:.2f}; median of {calls}",
            )
            for size, took, calls in found
        ]
    }


def hostlink(b: Bench, seconds: float) -> dict[str, list[dict[str, Any]]]:
    """Copies of pinned memory to the card and back."""
    if b.device == "cpu":
        raise Skipped("no card: the processor's own memory is no link")
    count = 2**28
    here = b.torch.empty(count // 4, dtype=b.torch.float32, pin_memory=True)
    there = b.torch.empty(count // 4, dtype=b.torch.float32, device=b.device)
    rows = []
    for name, work in (("to card", lambda: there.copy_(here)), ("to host", lambda: here.copy_(there))):
        took, calls = b.timed(work, seconds / 2)
        rows.append(
            _row(
                benchmark=f"host link/{name}",
                dtype="",
                shape_or_size=f"{count} B",
                measured=count / took / 1e9,
                unit="GB/s",
                time_s=took,
                calls=calls,
            )
        )
    return {"operators": rows}


_TOOLS = {
    "nvidia-smi": [
        "nvidia-smi",
        "--query-gpu=power.draw,clocks.sm,temperature.gpu,power.limit",
        "--format=csv,noheader,nounits",
        "--id=0",
    ],
}


def _power_now(tool: list[str]) -> list[float]:
    text = subprocess.run(tool, capture_output=True, text=True, timeout=10, check=True).stdout
    return [float(cell) for cell in text.strip().splitlines()[0].split(",")]


@contextlib.contextmanager
def _sampled(tool: list[str]) -> Iterator[list[tuple[float, list[float]]]]:
    found: list[tuple[float, list[float]]] = []
    stop = threading.Event()

    def sample() -> None:
        while not stop.is_set():
            with contextlib.suppress(Exception):
                found.append((time.time(), _power_now(tool)))
            stop.wait(0.5)

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join(15)


def power(b: Bench, seconds: float) -> dict[str, list[dict[str, Any]]]:
    """Median power and clock while products run, after a third of the time."""
    name = next((n for n in _TOOLS if shutil.which(n)), "")
    if not name or b.device == "cpu":
        raise Skipped(
            "no tool that tells a card's power (nvidia-smi); use the maker's own and import its CSV"
        )
    x = b.random(8192, 8192, dtype="bf16")
    idle = _power_now(_TOOLS[name])[0]
    with _sampled(_TOOLS[name]) as samples:
        b.timed(lambda: x @ x, seconds)
    late = samples[len(samples) // 3 :]
    if len(late) < 3:
        raise Skipped(f"{name} gave {len(samples)} samples")
    draws = [s[1][0] for s in late]
    return {
        "power": [
            _row(
                device="0",
                samples=len(late),
                duration_s=late[-1][0] - late[0][0],
                power_mean_w=statistics.fmean(draws),
                power_busy_w=statistics.median(draws),
                power_max_w=max(draws),
                power_min_w=idle,
                power_limit_w=late[0][1][3],
                sm_clock_busy_hz=statistics.median(s[1][1] for s in late) * 1e6,
                temperature_max_c=max(s[1][2] for s in late),
                notes="matrix products of 8192 in bf16; the least is idle, before",
            )
        ]
    }


def _layers(b: Bench, shape: dict[str, int], dtype: str) -> Any:
    """Layers of a gated decoder, PyTorch: norms, grouped attention, gated block; embedding and head."""
    t = b.torch
    nn, functional = t.nn, t.nn.functional

    class Layer(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            h, d = shape["hidden"], shape["head_dim"]
            self.q = nn.Linear(h, shape["heads"] * d, bias=False)
            self.kv = nn.Linear(h, 2 * shape["kv_heads"] * d, bias=False)
            self.o = nn.Linear(shape["heads"] * d, h, bias=False)
            self.up = nn.Linear(h, 2 * shape["ffn"], bias=False)
            self.down = nn.Linear(shape["ffn"], h, bias=False)
            self.one, self.two = nn.LayerNorm(h), nn.LayerNorm(h)

        def forward(self, x: Any, cache: list[Any] | None = None) -> Any:
            n, s, _ = x.shape
            d = shape["head_dim"]
            y = self.one(x)
            q = self.q(y).view(n, s, -1, d).transpose(1, 2)
            k, v = self.kv(y).view(n, s, -1, 2 * d).transpose(1, 2).split(d, dim=-1)
            if cache is not None:
                if cache:
                    k, v = t.cat([cache[0], k], 2), t.cat([cache[1], v], 2)
                cache[:] = [k, v]
            groups = shape["heads"] // shape["kv_heads"]
            k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
            a = functional.scaled_dot_product_attention(q, k, v, is_causal=s > 1)
            x = x + self.o(a.transpose(1, 2).reshape(n, s, -1))
            gate, up = self.up(self.two(x)).chunk(2, -1)
            return x + self.down(functional.silu(gate) * up)

    class Net(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(shape["vocab"], shape["hidden"])
            self.layers = nn.ModuleList([Layer() for _ in range(shape["layers"])])
            self.norm = nn.LayerNorm(shape["hidden"])
            self.head = nn.Linear(shape["hidden"], shape["vocab"], bias=False)

        def forward(self, tokens: Any, caches: list[list[Any]] | None = None) -> Any:
            x = self.embed(tokens)
            for i, layer in enumerate(self.layers):
                x = layer(x, None if caches is None else caches[i])
            return self.head(self.norm(x if caches is None else x[:, -1:]))

    with t.device(b.device):
        return Net().to(b.dtype(dtype))


def _cut(b: Bench, layers: int) -> dict[str, int]:
    if b.small or b.device == "cpu":
        return {
            "layers": 2,
            "hidden": 128,
            "heads": 4,
            "kv_heads": 2,
            "head_dim": 32,
            "ffn": 352,
            "vocab": 512,
        }
    return {**SHAPE, "layers": layers}


def _parameters(shape: dict[str, int]) -> float:
    h, d = shape["hidden"], shape["head_dim"]
    layer = h * d * (2 * shape["heads"] + 2 * shape["kv_heads"]) + 3 * h * shape["ffn"]
    return float(shape["layers"] * layer + 2 * shape["vocab"] * h)


def training(b: Bench, seconds: float) -> dict[str, list[dict[str, Any]]]:
    """Median time of forward, backward and optimizer of two layers on one card."""
    if b.torch is None:
        raise Skipped("a training step needs PyTorch")
    shape, batch, length = _cut(b, 2), 1, 64 if b.small or b.device == "cpu" else 4096
    dtype, t, net = b.formats()[0], b.torch, _layers(b, shape, b.formats()[0])
    optimizer = t.optim.AdamW(net.parameters(), lr=1e-5)
    tokens = t.randint(0, shape["vocab"], (batch, length + 1), device=b.device)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        logits = net(tokens[:, :-1])
        loss = t.nn.functional.cross_entropy(
            logits.float().reshape(-1, shape["vocab"]), tokens[:, 1:].reshape(-1)
        )
        loss.backward()
        optimizer.step()

    took, calls = b.timed(step, seconds)
    return {
        "training": [
            _row(
                model="kit-two-layers",
                params_B=_parameters(shape) / 1e9,
                layers=shape["layers"],
                hidden=shape["hidden"],
                heads=shape["heads"],
                kv_heads=shape["kv_heads"],
                ffn_hidden=shape["ffn"],
                vocab=shape["vocab"],
                seq_len=length,
                global_batch=batch,
                micro_batch=batch,
                tp=1,
                pp=1,
                dp=1,
                cp=1,
                ep=1,
                vpp_interleave=1,
                seq_parallel="no",
                recompute="none",
                zero_stage=0,
                n_gpus=1,
                dtype=dtype,
                interconnect="1 node",
                iteration_time_s=took,
                steps=calls,
                notes="two layers on one card, PyTorch, not compiled; states in the format of the weights",
            )
        ]
    }


def serving(b: Bench, seconds: float) -> dict[str, list[dict[str, Any]]]:
    """Users at once, greedy: time to the first token, per further token, and output rate."""
    if b.torch is None:
        raise Skipped("a serving run needs PyTorch")
    fits = b.device != "cpu" and not b.small and b.memory() > 24e9
    shape, dtype = _cut(b, 32 if fits else 2), b.formats()[0]
    users, prompt, output = (2, 16, 4) if b.small or b.device == "cpu" else (8, 1024, 128)
    t = b.torch
    found: list[tuple[float, float]] = []
    with t.inference_mode():
        net = _layers(b, shape, dtype)
        tokens = t.randint(0, shape["vocab"], (users, prompt), device=b.device)
        until = time.perf_counter() + seconds * 0.8
        while len(found) < 3 or (time.perf_counter() < until and len(found) < 20):
            caches: list[list[Any]] = [[] for _ in range(shape["layers"])]
            b.wait()
            begin = time.perf_counter()
            last = net(tokens, caches)[:, -1:].argmax(-1)
            b.wait()
            first = time.perf_counter() - begin
            for _ in range(output - 1):
                last = net(last, caches).argmax(-1)
            b.wait()
            found.append((first, time.perf_counter() - begin))
    first, whole = (statistics.median(times) for times in zip(*found[1:]))
    each = (whole - first) / (output - 1)
    name = SERVED if shape["layers"] == SHAPE["layers"] else f"{SERVED} cut to {shape['layers']} layers"
    return {
        "serving": [
            _row(
                model=name,
                n_gpus=1,
                tp=1,
                pp=1,
                dp=1.0,
                ep=1.0,
                precision=dtype,
                weights=dtype,
                in_len=prompt,
                out_len=output,
                isl=prompt,
                osl=output,
                batch_or_rate=str(users),
                concurrency=users,
                requests=users,
                duration_s=whole,
                requests_per_s=users / whole,
                tokens_per_s=users * output / whole,
                ttft_ms=first * 1e3,
                tpot_ms=each * 1e3,
                notes=f"metric=out; PyTorch without an engine, not compiled; median of {len(found) - 1} runs",
            )
        ]
    }


RUNS: dict[str, Callable[[Bench, float], dict[str, list[dict[str, Any]]]]] = {
    "products": products,
    "streams": streams,
    "attention": attention,
    "allreduce": allreduce,
    "hostlink": hostlink,
    "power": power,
    "training": training,
    "serving": serving,
}


def measure(b: Bench, minutes: float, only: list[str], card: str) -> dict[str, Any]:
    """Run the steps, each within its share of the time; what fails is named and the rest goes on."""
    rows: dict[str, list[dict[str, Any]]] = {}
    problems = []
    for name, what, share in STEPS:
        if only and name not in only:
            continue
        print(f"{name}: {what}", file=sys.stderr, flush=True)
        try:
            for table, found in RUNS[name](b, share * minutes / 15.0).items():
                rows.setdefault(table, []).extend(found)
        except Skipped as why:
            problems.append({"step": name, "why": str(why)})
        except Exception as error:
            problems.append({"step": name, "why": f"{type(error).__name__}: {error}"[:300]})
    return {
        "format": FORMAT,
        "version": VERSION,
        "card": card,
        "device_name": b.name(),
        "device": b.device,
        "cards": b.count(),
        "memory_bytes": b.memory(),
        "software": f"PyTorch {b.torch.__version__}" if b.torch is not None else f"NumPy {b.np.__version__}",
        "python": platform.python_version(),
        "date": datetime.date.today().isoformat(),
        "minutes": minutes,
        "rows": rows,
        "not_measured": problems,
    }


def main(words: list[str] | None = None) -> int:
    """Measure and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", default="clustersim-measure.json", help="file to write")
    parser.add_argument("--card", default="", help="name of the card, as its profile has it")
    parser.add_argument("--minutes", type=float, default=15.0, help="time for all steps together")
    parser.add_argument("--only", default="", help="steps, by commas: " + ",".join(RUNS))
    parser.add_argument("--small", action="store_true", help="tiny sizes: to try the kit, not to measure")
    parser.add_argument("--numpy", action="store_true", help="measure the processor by NumPy")
    asked = parser.parse_args(words)
    only = [name for name in asked.only.split(",") if name]
    unknown = [name for name in only if name not in RUNS]
    if unknown or not asked.minutes > 0:
        parser.error(f"unknown step {unknown[0]!r}" if unknown else "--minutes must be above 0")
    found = measure(Bench(asked.small, asked.numpy), asked.minutes, only, asked.card)
    with open(asked.output, "w", encoding="utf-8") as out:
        json.dump(found, out, indent=1)
    for problem in found["not_measured"]:
        print(f"not measured: {problem['step']}: {problem['why']}", file=sys.stderr)
    print(asked.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
