"""Running the points of a study: one at a time, on local processes, or on an existing Dask cluster.

All three go through ``concurrent.futures.Executor`` and run the same function on the same ranges of points, so that
they give the same bytes.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import Any

from clustersim import __version__
from clustersim.errors import ClusterSimError, InputError
from clustersim.pipeline import StageCache, run_chain
from clustersim.schema.inputs import load_inputs
from clustersim.study.outputs import outputs_of
from clustersim.study.spec import StudySpec

__all__ = ["evaluate", "open_executor", "run_ranges", "time_one_point"]

Row = dict[str, Any]
#: Seconds of work that one task should hold: long beside the cost of sending it, short beside a person's patience.
TASK_S = 0.5
_CACHE = StageCache()


def evaluate(spec: StudySpec, start: int, stop: int) -> list[Row]:
    """Run points ``start`` to ``stop``; a point that fails keeps its inputs and says why in ``error``."""
    fixed = dict(spec.sets)
    rows = []
    for index in range(start, stop):
        point = spec.point(index)
        row: Row = {"point": index, **point}
        try:
            inputs = load_inputs(spec.scenario, {**fixed, **point})
            row |= outputs_of(run_chain(inputs, replications=0, cache=_CACHE))
            row["error"] = ""
        except ClusterSimError as error:
            row["error"] = str(error)
        rows.append(row)
    return rows


def reused() -> dict[str, tuple[int, int]]:
    """Return, by stage, how often it was reused and run in this process."""
    return _CACHE.counts()


def time_one_point(spec: StudySpec) -> float:
    """Return the seconds of one warm point."""
    evaluate(spec, 0, 1)
    begin = time.perf_counter()
    evaluate(spec, 0, 1)
    return max(1e-6, time.perf_counter() - begin)


class _Serial(Executor):
    """An executor that runs each task when it is given."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


@contextmanager
def open_executor(workers: int, scheduler: str | None = None) -> Iterator[tuple[Executor, int]]:
    """Open an executor and say how many workers it has: Dask's for a scheduler's address, else local processes.

    Raises InputError when the scheduler does not answer within ten seconds or a worker has another version.
    """
    if scheduler is not None:
        with _dask(scheduler) as opened:
            yield opened
    elif workers <= 1:
        yield _Serial(), 1
    else:
        with ProcessPoolExecutor(max_workers=workers) as pool:
            try:
                yield pool, workers
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def default_workers() -> int:
    """Return the number of processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _worker_version() -> str:
    return __version__


@contextmanager
def _dask(address: str) -> Iterator[tuple[Executor, int]]:
    client = _connect(address)
    try:
        with suppress(TimeoutError):
            client.wait_for_workers(1, timeout=5)  # workers may still be on their way to a new scheduler
        versions = client.run(_worker_version)
        if not versions:
            raise InputError(f"--scheduler {address}: has no workers; start at least one")
        for worker, version in versions.items():
            if version != __version__:
                raise InputError(
                    f"worker {worker} has clustersim {version}, and this is {__version__}; install the same version"
                )
        yield client.get_executor(pure=False, retries=3), len(versions)
    except (ClusterSimError, KeyboardInterrupt):
        raise
    except (Exception, CancelledError) as error:
        # A lost scheduler shows as any of a dozen exceptions of the library and of the sockets below it.
        raise InputError(
            f"--scheduler {address}: lost it ({type(error).__name__}); what is finished is kept, resume the study"
        ) from None
    finally:
        with suppress(Exception, CancelledError):
            client.close(timeout=2)


def _connect(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise InputError("--scheduler needs Dask: pip install 'clustersim[dask]'") from None
    # Its reports of lost connections are tracebacks; ours say what happened and what to do.
    # Each of its loggers has a level of its own, so the parent's does not do.
    for name in ("distributed", "tornado", "asyncio", *logging.root.manager.loggerDict):
        if name.partition(".")[0] in {"distributed", "tornado", "asyncio"}:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    make: Any = Client  # the library is untyped
    try:
        return make(address, timeout="8s", set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise InputError(
            f"--scheduler {address}: no answer from it ({type(error).__name__}); is it running?"
        ) from None


def run_ranges(
    spec: StudySpec, ranges: Iterable[tuple[int, int]], executor: Executor, *, ahead: int
) -> Iterator[tuple[int, int, list[Row]]]:
    """Run ranges of points and yield each as it is done; at most ``ahead`` ranges are under way."""
    todo = iter(ranges)
    running: dict[Future[list[Row]], tuple[int, int]] = {}

    def fill() -> None:
        while len(running) < ahead:
            nxt = next(todo, None)
            if nxt is None:
                return
            running[executor.submit(evaluate, spec, *nxt)] = nxt

    fill()
    while running:
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            start, stop = running.pop(future)
            yield start, stop, future.result()
        fill()
