"""Processes beside the server that answer what takes longer than a slider's move, so that none waits for it.

Each is started once and keeps what it has found. A request that nobody waits for any more is not begun.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import queue
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from clustersim.errors import ClusterSimError
from clustersim.web import answered

__all__ = ["Gone", "Helpers"]


class Gone(Exception):
    """Nobody waits for the answer any more."""


class _Helper:
    """One process and the pipe to it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=answer, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()

    def ask(self, name: str, given: tuple[Any, ...]) -> Any:
        self.pipe.send((name, given))
        good, value = self.pipe.recv()
        if good:
            return value
        raise value


class Helpers:
    """So many processes; with none, the server answers itself."""

    def __init__(self, count: int = 0) -> None:
        self._count = count
        self._idle: queue.SimpleQueue[_Helper] = queue.SimpleQueue()
        for _ in range(count):
            self._idle.put(_Helper())
        self._free = asyncio.Semaphore(max(count, 1))

    async def ask(self, request: Request, name: str, *given: Any) -> Any:
        """Return the answer of one of ``answered.FUNCTIONS``; raises what it raises, and Gone where nobody waits."""
        async with self._free:
            if await request.is_disconnected():
                raise Gone
            return await run_in_threadpool(self._ask, name, given)

    def _ask(self, name: str, given: tuple[Any, ...]) -> Any:
        if not self._count:
            return answered.FUNCTIONS[name](*given)
        helper = self._idle.get()
        try:
            return helper.ask(name, given)
        except (EOFError, OSError):
            helper.process.kill()
            helper = _Helper()
            raise ClusterSimError("the process that worked on this has ended; ask again") from None
        finally:
            self._idle.put(helper)

    def close(self) -> None:
        """End every process."""
        while not self._idle.empty():
            self._idle.get().process.kill()


def answer(pipe: Connection) -> None:
    """Answer questions until the server has gone."""
    functions: Mapping[str, Callable[..., Any]] = answered.FUNCTIONS
    while True:
        try:
            name, given = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            told: tuple[bool, Any] = True, functions[name](*given)
        except ClusterSimError as error:
            told = False, type(error)(str(error))
        except Exception as error:  # the server says that it made a mistake, and lives on
            told = False, RuntimeError(f"{type(error).__name__}: {error}")
        pipe.send(told)
