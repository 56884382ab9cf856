"""Turns of sessions in a run: each is sent after the answer to the one that it follows."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from clustersim.des.serving.dispatch import Cluster
from clustersim.des.serving.settings import ClosedLoop

__all__ = ["send_turns"]


def send_turns(cluster: Cluster, loop: ClosedLoop | None) -> None:
    """Send first turns, those of users now and others at their times, and let every answer bring the next one."""
    env, book = cluster.env, cluster.book
    following = {before: turn for turn, before in enumerate(book.follows) if before >= 0}
    openings = [turn for turn, before in enumerate(book.follows) if before < 0]
    think_s = loop.think_s if loop is not None else 0.0

    def send(request: int) -> None:
        book.arrival[request] = env.now
        cluster.dispatch(request, env.now)

    def on_end(request: int) -> None:
        turn = following.get(request)
        if turn is not None:
            env.timeout(book.pause_s[turn] + think_s).callbacks.append(lambda _: send(turn))

    cluster.on_end = on_end
    if loop is None:
        env.process(_arrivals(env, openings, book.arrival, send))
        return
    for turn in openings:
        send(turn)


def _arrivals(
    env: Any, openings: list[int], arrival: list[float], send: Callable[[int], None]
) -> Generator[Any, Any, None]:
    for request in openings:
        gap = arrival[request] - env.now
        if gap > 0:
            yield env.timeout(gap)
        send(request)
