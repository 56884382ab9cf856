"""Processes beside the server that answer what takes longer than a slider's move, so that none waits for it.

Each is started once and keeps what it has found. A request that nobody waits for any more is not begun; one that has
worked for long already is ended with its process, so that the next question does not wait for it.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import queue
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from clustersim.errors import ClusterSimError
from clustersim.web import answered
from clustersim.web.processes import end_with_the_server

__all__ = ["PATIENCE_S", "Gone", "Helpers"]

#: What is asked for and nobody waits for any more may still be found in this time: a new process takes as long.
PATIENCE_S = 4.0
#: How often it is looked whether somebody still waits.
LOOK_S = 0.5


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
            if not self._count:
                return await run_in_threadpool(answered.FUNCTIONS[name], *given)
            working: list[_Helper] = []
            asked = asyncio.ensure_future(run_in_threadpool(self._ask, working, name, given))
            asked.add_done_callback(lambda done: done.cancelled() or done.exception())
            try:
                await self._while_waited_for(request, asked)
            finally:
                if (
                    not asked.done()
                ):  # nobody waits: the process is ended, and its thread puts another in its place
                    for helper in working:
                        helper.process.kill()
            return asked.result()

    @staticmethod
    async def _while_waited_for(request: Request, asked: asyncio.Future[Any]) -> None:
        """Wait for an answer; raises Gone where it takes long and nobody waits for it any more."""
        begun = time.monotonic()
        while not (await asyncio.wait({asked}, timeout=LOOK_S))[0]:
            if time.monotonic() - begun > PATIENCE_S and await request.is_disconnected():
                raise Gone

    def _ask(self, working: list[_Helper], name: str, given: tuple[Any, ...]) -> Any:
        helper = self._idle.get()
        working.append(helper)
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
    end_with_the_server()
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
