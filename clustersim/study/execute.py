"""Running the points of a study: one at a time, on local processes, or on an existing Dask cluster.

All three go through ``concurrent.futures.Executor`` and run the same function on the same ranges of points, so that
they give the same bytes.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import contextmanager, suppress
from typing import Any

from clustersim import __version__
from clustersim.errors import ClusterSimError, InputError
from clustersim.pipeline import StageCache, run_chain
from clustersim.schema.inputs import load_inputs
from clustersim.study.outputs import outputs_of
from clustersim.study.spec import StudySpec, inputs_digest

__all__ = ["evaluate", "open_executor", "run_ranges", "time_one_point"]

Row = dict[str, Any]
#: Seconds of work that one task should hold: long beside the cost of sending it, short beside a person's patience.
TASK_S = 0.5
#: How often to look whether anybody works, and how long nobody may, in seconds.
LOOK_S, ALONE_S = 2.0, 15.0
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


def _task(spec: StudySpec, start: int, stop: int) -> list[Row]:
    """Run a range where the inputs are those of the study: another machine may hold other profiles."""
    digest = _worker_digest(spec.scenario, spec.sets)
    if digest != spec.inputs_digest:
        raise _unlike(f"process {os.getpid()} on {socket.gethostname()}", digest)
    return evaluate(spec, start, stop)


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
def open_executor(
    workers: int, scheduler: str | None = None, spec: StudySpec | None = None
) -> Iterator[tuple[Executor, int]]:
    """Open an executor and say how many workers it has: Dask's for a scheduler's address, else local processes.

    Raises InputError when the scheduler does not answer within ten seconds, or a worker has another version or other
    inputs than those of ``spec``.
    """
    if scheduler is not None:
        with _dask(scheduler, spec) as opened:
            yield opened
    elif workers <= 1:
        yield _Serial(), 1
    else:
        with ProcessPoolExecutor(workers, initializer=_end_with, initargs=(os.getpid(),)) as pool:
            try:
                yield pool, workers
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def _end_with(parent: int) -> None:
    """Make a worker leave Ctrl-C to its parent, and end when a killed parent can no longer end it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def default_workers() -> int:
    """Return the number of processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _worker_version() -> str:
    return __version__


def _worker_digest(scenario: str, sets: tuple[tuple[str, Any], ...]) -> str:
    try:
        return inputs_digest(scenario, dict(sets))
    except ClusterSimError as error:
        return str(error)


def _unlike(where: str, digest: str) -> InputError:
    """Return the error for a worker whose digest, or whose error in place of it, is not the study's."""
    said = f" ({digest})" if " " in digest else ""
    return InputError(
        f"{where}: its profiles or scenario differ from the study's; give all the same files{said}"
    )


class _Cluster(Executor):
    """Dask's executor that notices when nobody is left to do the work."""

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address
        self._inner = client.get_executor(pure=False, retries=3)
        self._alone_since: float | None = None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = self._inner.submit(fn, *args, **kwargs)
        return future

    def check(self) -> None:
        """Raise InputError where the scheduler has had no worker for ALONE_S."""
        if self._client.nthreads():
            self._alone_since = None
            return
        now = time.monotonic()
        self._alone_since = self._alone_since or now
        if now - self._alone_since >= ALONE_S:
            raise InputError(
                f"--scheduler {self._address}: all workers are gone; what is finished is kept: start a worker, then"
                " resume the study"
            )


def _check_workers(client: Any, address: str, spec: StudySpec | None) -> int:
    versions = client.run(_worker_version)
    if not versions:
        raise InputError(f"--scheduler {address}: has no workers; start at least one")
    for worker, version in versions.items():
        if version != __version__:
            raise InputError(
                f"worker {worker} has clustersim {version}, and this is {__version__}; install the same version"
            )
    if spec is not None:
        for worker, digest in client.run(_worker_digest, spec.scenario, spec.sets).items():
            if digest != spec.inputs_digest:
                raise _unlike(f"worker {worker}", digest)
    return len(versions)


@contextmanager
def _dask(address: str, spec: StudySpec | None) -> Iterator[tuple[Executor, int]]:
    client = _connect(address)
    try:
        with suppress(TimeoutError):
            client.wait_for_workers(1, timeout=5)  # workers may still be on their way to a new scheduler
        count = _check_workers(client, address, spec)
        yield _Cluster(client, address), count
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
    """Run ranges of points and yield each as it is done; at most ``ahead`` ranges are under way.

    Raises InputError where the workers are gone, or read other inputs than those of the study.
    """
    todo = iter(ranges)
    running: dict[Future[list[Row]], tuple[int, int]] = {}

    def fill() -> None:
        while len(running) < ahead:
            nxt = next(todo, None)
            if nxt is None:
                return
            running[executor.submit(_task, spec, *nxt)] = nxt

    try:
        fill()
        while running:
            done, _ = wait(running, timeout=LOOK_S, return_when=FIRST_COMPLETED)
            if not done and isinstance(executor, _Cluster):
                executor.check()
            for future in done:
                start, stop = running.pop(future)
                yield start, stop, future.result()
            fill()
    except BrokenExecutor:
        raise InputError(
            "a worker process ended unexpectedly (killed, or out of memory); use fewer with --workers; a study kept in"
            " a folder can be resumed"
        ) from None
