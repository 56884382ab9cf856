"""A job on its cards: how far it is, when it ends, and what an interruption leaves of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from clustersim.des.jobs.floor import Piece
from clustersim.des.jobs.model import WHOLE, Job

__all__ = ["Hold"]


@dataclass(slots=True)
class Hold:
    """One stretch on the cards: first the restart that is owed, then work at the pace of the cards that it has."""

    job: Job
    pieces: list[Piece]
    thousandths: int
    begin_s: float
    done_s: float
    """Work that is safe, in seconds at full size."""
    restart_s: float
    epoch: int

    @property
    def pace(self) -> float:
        """Seconds of full-size work a second."""
        asked = round(self.job.cards * WHOLE)
        return self.thousandths / asked if asked else 1.0

    @property
    def ends_s(self) -> float:
        """When the work is done if nothing happens."""
        return self.begin_s + self.restart_s + (self.job.work_s - self.done_s) / self.pace

    @property
    def expected_end_s(self) -> float:
        """When it ends by what its owner says, which is what places are reserved by."""
        return self.begin_s + self.restart_s + max(self.job.said_s - self.done_s, 0.0) / self.pace

    def stop(self, now_s: float, *, announced: bool) -> tuple[float, float, float]:
        """Return work that is now safe, useful card-seconds and lost card-seconds of this stretch.

        An announced stop saves all work; any other keeps whole intervals of the job's checkpoints.
        """
        held = self.thousandths / WHOLE
        restarting = min(now_s - self.begin_s, self.restart_s)
        ran = now_s - self.begin_s - restarting
        kept = ran if announced else self._kept(ran)
        return self.done_s + kept * self.pace, kept * held, (restarting + ran - kept) * held

    def _kept(self, ran_s: float) -> float:
        every = self.job.checkpoint_s
        if math.isinf(every):
            return 0.0
        return ran_s if every <= 0 else math.floor(ran_s / every) * every

    def servers(self) -> Sequence[int]:
        """Return the servers that it stands on."""
        return sorted({piece.server for piece in self.pieces})
