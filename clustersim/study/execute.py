"""Running the points of a study: one at a time, on local processes, or on an existing Dask cluster.

All three go through ``concurrent.futures.Executor`` and run the same function on the same ranges of points, so that
they give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from clustersim.again import Again
from clustersim.batch import Question, at
from clustersim.errors import ClusterSimError, InputError
from clustersim.pipeline.chain import run_chain
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.readers import refuse_unread
from clustersim.study.cluster import Cluster, open_cluster, unlike, worker_digest
from clustersim.study.outputs import outputs_of
from clustersim.study.points import Found, blocks, joined, varied_values
from clustersim.study.spec import StudySpec
from clustersim.workloads.work import StageCache

__all__ = [
    "asked_again",
    "block_size",
    "evaluate",
    "open_executor",
    "probed_outputs",
    "question_of",
    "run_ranges",
    "time_one_block",
]

#: Seconds of work that one task should hold: long beside the cost of sending it, short beside a person's patience.
TASK_S = 0.5
#: How often to look whether anybody works, in seconds.
LOOK_S = 2.0
#: Points that are looked at to see whether a study's points can run together.
PROBED = 8
_CACHE = StageCache()
_STUDIES: dict[int, tuple[StudySpec, _Study]] = {}
_HERE: dict[str, StudySpec] = {}


def question_of(spec: StudySpec) -> Question[Inputs]:
    """Return what a study asks of a point: the outputs of the chain under its overrides."""
    fixed = dict(spec.sets)
    return Question(
        lambda point: load_inputs(spec.scenario, {**fixed, **point}),
        lambda inputs: outputs_of(run_chain(inputs, replications=0, cache=_CACHE)),
    )


@lru_cache(maxsize=16)
def asked_again(scenario: str) -> Again[Inputs]:
    """Return the same question of a scenario for points that come one after another, kept in this process.

    Studies do not take it: whether a point is replayed depends on those before it, and its last bit with it.
    """

    def load(point: Mapping[str, Any]) -> Inputs:
        refuse_unread(point)
        return load_inputs(scenario, point)

    return Again(
        load,
        lambda inputs: outputs_of(run_chain(inputs, replications=0, cache=_CACHE)),
    )


@dataclass(slots=True)
class _Study:
    """A study as a process runs it: what it asks, and how many points run together."""

    question: Question[Inputs]
    block: int
    why_alone: str = ""
    outputs: tuple[str, ...] = ()
    """What the first points give; nothing where one of them fails."""
    whole: Found | None = None
    """All points, where they are one block that could be run together."""


def _study(spec: StudySpec) -> _Study:
    """The study, looked into once a process; the same everywhere, so that its bytes are."""
    known = _STUDIES.get(id(spec))
    if known is None or known[0] is not spec:
        _STUDIES.clear()
        known = _STUDIES[id(spec)] = (spec, _looked_into(spec))
    return known[1]


def _looked_into(spec: StudySpec) -> _Study:
    question = question_of(spec)
    words = question.words(varied_values(spec, 0, 1))
    block = blocks(spec, words, together=True)
    if block == spec.total:  # to run a single block takes little longer than to look at some of its points
        found = question.answers(varied_values(spec, 0, block), block, hasty=True)
        if not found.alone:
            whole = Found(0, block, found.columns, found.errors)
            return _Study(question, block, "", () if found.errors else tuple(found.columns), whole)
    few = min(spec.total, PROBED)
    probed = question.answers(varied_values(spec, 0, few), few)
    outputs = () if probed.errors else tuple(probed.columns)
    return _Study(
        question, blocks(spec, words, together=probed.alone == 0), probed.why_alone, outputs
    )  # fmt: skip


def evaluate(spec: StudySpec, start: int, stop: int) -> Found:
    """Run points ``start`` to ``stop``; a point that fails says why.

    Points run in blocks that the study alone cuts: those that a range begins or ends within are run whole.
    """
    study = _study(spec)
    first, last = start // study.block, -(-stop // study.block)
    parts = [_block(spec, study, n * study.block) for n in range(first, last)]
    return joined(parts).cut(start, stop)


def _block(spec: StudySpec, study: _Study, start: int) -> Found:
    if study.whole is not None:
        return study.whole
    stop = min(start + study.block, spec.total)
    values = varied_values(spec, start, stop)
    if study.block > 1:
        found = study.question.answers(values, stop - start)
        errors = {start + i: text for i, text in found.errors.items()}
        return Found(start, stop, found.columns, errors, found.alone, found.why_alone)
    try:
        alone = study.question.alone({key: at(v, 0) for key, v in values.items()})
    except ClusterSimError as error:
        return Found(start, stop, {}, {start: str(error)}, 1, study.why_alone)
    columns = {name: np.array([value]) for name, value in alone.items()}
    return Found(start, stop, columns, {}, 1, study.why_alone)


def block_size(spec: StudySpec) -> int:
    """Return how many points of a study run together: tasks are of whole blocks."""
    return _study(spec).block


def probed_outputs(spec: StudySpec) -> tuple[str, ...]:
    """Return the names of the outputs of a study's first points; nothing where one of them fails."""
    return _study(spec).outputs


def reused() -> dict[str, tuple[int, int]]:
    """Return, by stage, how often it was reused and run in this process."""
    return _CACHE.counts()


def time_one_block(spec: StudySpec) -> float:
    """Return the seconds of one warm block of points."""
    evaluate(spec, 0, 1)
    begin = time.perf_counter()
    evaluate(spec, 0, 1)
    return max(1e-6, time.perf_counter() - begin)


def _task(key: str, start: int, stop: int) -> Found:
    """Run a range where the inputs are those of the study: another machine may hold other profiles."""
    spec = _HERE[key]
    digest = worker_digest(spec.scenario, spec.sets)
    if digest != spec.inputs_digest:
        raise unlike(f"process {os.getpid()} on {socket.gethostname()}", digest)
    return evaluate(spec, start, stop)


def _task_with(key: str, spec: StudySpec, start: int, stop: int) -> Found:
    """Run a range of a study that another task holds; a process that has it already keeps its own."""
    _HERE.setdefault(key, spec)
    return _task(key, start, stop)


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

    Raises InputError as ``open_cluster`` does.
    """
    if scheduler is not None:
        with open_cluster(scheduler, spec) as opened:
            yield opened
    elif workers <= 1:
        yield _Serial(), 1
    else:
        with ProcessPoolExecutor(workers, initializer=_begin, initargs=(os.getpid(), spec)) as pool:
            try:
                yield pool, workers
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def _begin(parent: int, spec: StudySpec | None) -> None:
    """Give a worker the study, once; make it leave Ctrl-C to its parent, and end with a parent that was killed."""
    if spec is not None:
        keep(spec)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def keep(spec: StudySpec) -> None:
    """Keep a study in this process: its tasks name it by its key."""
    _HERE[key_of(spec)] = spec


def key_of(spec: StudySpec) -> str:
    """Return what a study is known by among the processes that run it."""
    text = json.dumps(spec.identity(), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _submitting(spec: StudySpec, executor: Executor) -> Callable[[int, int], Future[Found]]:
    """How a range is handed to an executor: its tasks carry a key and two numbers, and workers have the study."""
    key = key_of(spec)
    if isinstance(executor, Cluster):
        # A worker may join at any time and know nothing: it fetches the study with its first task.
        held = executor.hold(spec)
        return lambda start, stop: executor.submit(_task_with, key, held, start, stop)
    if isinstance(executor, _Serial):
        keep(spec)
    return lambda start, stop: executor.submit(_task, key, start, stop)


def run_ranges(
    spec: StudySpec, ranges: Iterable[tuple[int, int]], executor: Executor, *, ahead: int
) -> Iterator[Found]:
    """Run ranges of points and yield each as it is done; at most ``ahead`` ranges are under way.

    Raises InputError where the workers are gone, or read other inputs than those of the study.
    """
    todo = iter(ranges)
    submit = _submitting(spec, executor)
    running: set[Future[Found]] = set()

    def fill() -> None:
        while len(running) < ahead:
            nxt = next(todo, None)
            if nxt is None:
                return
            running.add(submit(*nxt))

    try:
        fill()
        while running:
            done, _ = wait(running, timeout=LOOK_S, return_when=FIRST_COMPLETED)
            if not done and isinstance(executor, Cluster):
                executor.check()
            for future in done:
                running.remove(future)
                yield future.result()
            fill()
    except BrokenExecutor:
        raise InputError(
            "a worker process ended unexpectedly (killed, or out of memory); use fewer with --workers; a study kept in"
            " a folder can be resumed"
        ) from None
