"""Sessions: users who ask again with what was said before, so that prompts share what they begin with.

A session's k-th prompt is what all sessions share, its own first text, and every answer and every addition before:

    P_k = shared + first + sum over i < k of (answer_i + added_i)

Nothing says how much of a prompt is known: that comes out of which blocks are still kept when it is asked. A turn
follows the answer to the one before after a pause.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.arrivals import arrival_times, draw_lengths
from clustersim.des.serving.block_cache import Runs
from clustersim.des.serving.book import Requests
from clustersim.des.serving.stream import Lengths
from clustersim.errors import InputError

__all__ = ["SessionSpec", "draw_sessions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSpec:
    """What sessions are drawn from (tokens, requests and seconds).

    ``turns`` are the requests of a session, ``first`` its own text before the first answer, ``added`` what a user or a
    tool adds before each further one, ``shared_tokens`` what every session begins with. ``longest`` ends a session
    before a prompt is longer. ``users`` (0: sessions come by themselves) each have one session after another; they
    join their first anywhere in the leading share ``midway`` of its turns. ``pause_s`` is the mean of the pauses,
    exponential with ``pause_spread`` of 1, constant with 0.
    """

    turns: Lengths
    first: Lengths
    added: Lengths
    output: Lengths
    shared_tokens: int = 0
    longest: float = float("inf")
    midway: float = 0.0
    users: int = 0
    pause_s: float = 0.0
    pause_spread: float = 1.0
    block_tokens: int = 64

    def __post_init__(self) -> None:
        if self.block_tokens < 1 or self.shared_tokens < 0 or self.pause_s < 0 or self.users < 0:
            raise InputError(
                "sessions: block_tokens must be at least 1; shared tokens, users and pauses zero or more"
            )


@dataclass(slots=True)
class _Drawn:
    """Turns as they are drawn: session, prompt, answer, and the turn whose answer brings each."""

    session: list[int] = field(default_factory=list)
    prompt: list[int] = field(default_factory=list)
    answer: list[int] = field(default_factory=list)
    follows: list[int] = field(default_factory=list)


class _Dice:
    """Lengths of a distribution one at a time, drawn by the thousand."""

    def __init__(self, lengths: Lengths, rng: np.random.Generator) -> None:
        self.lengths, self.rng, self.left = lengths, rng, list[int]()

    def next(self) -> int:
        if not self.left:
            one = self.lengths
            drawn = draw_lengths(1024, mean=one.mean, rng=self.rng, shape=one.shape, spread=one.spread)
            self.left = drawn.tolist()[::-1]
        return self.left.pop()


def draw_sessions(
    spec: SessionSpec,
    count: int,
    rng: np.random.Generator,
    *,
    rate: float | None = None,
    burstiness: float = 1.0,
) -> Requests:
    """Return ``count`` requests of sessions, each naming the one whose answer brings it.

    Users have equally many requests, one session after another, the last one cut off; without users sessions begin as
    an open stream of ``rate`` (requests per second) over the mean turns.

    >>> spec = SessionSpec(turns=Lengths(3, "constant"), first=Lengths(100, "constant"), added=Lengths(20, "constant"),
    ...     output=Lengths(10, "constant"), block_tokens=16, users=1)
    >>> drawn = draw_sessions(spec, 4, np.random.default_rng(1))
    >>> drawn.prompt.tolist(), drawn.follows.tolist()
    ([100, 130, 160, 100], [-1, 0, 1, 2])
    >>> len(drawn.blocks[1]), list(drawn.blocks[0]) == list(drawn.blocks[1])[:6]
    (8, True)
    """
    parts = rng.spawn(6)
    dice = [
        _Dice(one, part)
        for one, part in zip((spec.turns, spec.first, spec.added, spec.output), parts, strict=False)
    ]
    out, chance = _Drawn(), parts[5]
    if spec.users:
        for user in range(spec.users):
            quota = count // spec.users + (user < count % spec.users)
            _one_user(out, spec, dice, quota, chance)
        starts = np.zeros(max(out.session, default=0) + 1)
    else:
        assert rate is not None
        while len(out.prompt) < count:
            _one_session(out, spec, dice, count - len(out.prompt), 0, -1)
        mean = max(spec.turns.mean, 1.0)
        kind = "gamma" if burstiness != 1.0 else "poisson"
        starts = arrival_times(
            out.session[-1] + 1, rate=rate / mean, rng=parts[4], process=kind, burstiness=burstiness
        )
    session, prompt, answer, follows = (
        np.asarray(column, dtype=np.int64) for column in (out.session, out.prompt, out.answer, out.follows)
    )
    pauses = np.full(len(prompt), spec.pause_s)
    if spec.pause_spread > 0 and spec.pause_s > 0:
        pauses = chance.exponential(spec.pause_s, len(prompt))
    return Requests(
        starts[session], prompt, answer, *_blocks(spec, session, prompt, answer), follows=follows, pause_s=pauses
    )  # fmt: skip


def _one_user(
    out: _Drawn, spec: SessionSpec, dice: list[_Dice], quota: int, chance: np.random.Generator
) -> None:
    """Append a user's sessions, one after another."""
    last, end = -1, len(out.prompt) + quota
    joins = True
    while len(out.prompt) < end:
        before = spec.midway * float(chance.random()) if joins else 0.0
        joins = False
        last = _one_session(out, spec, dice, end - len(out.prompt), before, last)


def _one_session(
    out: _Drawn, spec: SessionSpec, dice: list[_Dice], most: int, before: float, last: int
) -> int:
    """Append at most ``most`` turns of a new session without the share ``before`` of them; return the last one."""
    turns, first, added, output = (one.next for one in dice)
    index, length, count = (out.session[-1] + 1 if out.session else 0), spec.shared_tokens + first(), turns()
    skipped = int(before * count)
    for turn in range(count):
        answer = output()
        if turn and length > spec.longest:
            break
        if turn >= skipped:
            if most <= 0:
                break
            most -= 1
            out.follows.append(last)
            last = len(out.prompt)
            out.session.append(index)
            out.prompt.append(length)
            out.answer.append(answer)
        length += answer + added()
    return last


def _blocks(
    spec: SessionSpec, session: NDArray[np.int64], prompt: NDArray[np.int64], answer: NDArray[np.int64]
) -> tuple[tuple[Runs, ...], int, tuple[Runs, ...]]:
    """Blocks of every prompt, their size, and the blocks once the answer is there; a part-filled block is no block."""
    size, shared = spec.block_tokens, spec.shared_tokens // spec.block_tokens
    longest = int((prompt + answer).max()) // size + 1
    common = range(shared)

    def runs(tokens: NDArray[np.int64]) -> tuple[Runs, ...]:
        out = []
        for own, length in zip(session.tolist(), (tokens // size).tolist(), strict=True):
            base = shared + own * longest
            out.append(Runs(common, range(base, base + max(length - shared, 0))))
        return tuple(out)

    return runs(prompt), size, runs(prompt + answer)
