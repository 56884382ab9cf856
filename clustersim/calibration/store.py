"""Times of runs that a calibration has asked for, kept beside it: an interrupted one takes them up."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path

from clustersim.calibration.rows import Change, Run
from clustersim.version import __version__

__all__ = ["Store"]


class Store:
    """Times by key and run in a file of JSON lines; without a file they are kept in memory.

    The key says all that a time depends on: a changed row, card, point or version asks anew.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file, self._known = file, dict[str, dict[str, float]]()
        self.taken = 0
        """How many times were known already."""
        if file is not None and file.is_file():
            for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
                try:
                    found = json.loads(line)
                    times = {str(k): float(v) for k, v in found["times"].items()}
                    if not times or not all(math.isfinite(v) and v > 0 for v in times.values()):
                        continue
                    self._known[str(found["key"])] = times
                except (ValueError, KeyError, TypeError, AttributeError):
                    # The last line of a run that was killed may be cut off: that time is asked anew.
                    continue

    def asked(self, about: str, tell: Callable[[], None]) -> Callable[[Run, str, Change], dict[str, float]]:
        """Return what gives the times of a run at a point; ``about`` is all that these depend on besides."""

        def times(run: Run, name: str, change: Change) -> dict[str, float]:
            key = hashlib.sha256(f"{__version__}|{about}|{run.id}|{name}".encode()).hexdigest()[:24]
            if key in self._known:
                self.taken += 1
            else:
                self._known[key] = dict(run.times(change))
                self._write(key, self._known[key])
            tell()
            return self._known[key]

        return times

    def _write(self, key: str, times: Mapping[str, float]) -> None:
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as out:
                out.write(json.dumps({"key": key, "times": dict(times)}) + "\n")

    def done(self) -> None:
        """Remove the file: the calibration is finished."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)
