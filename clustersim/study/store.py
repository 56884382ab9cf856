"""A study on disk: a folder with a manifest, the parts that are done, and at the end one Parquet file.

Every file is written beside its place, to the disk, and renamed, so that a kill at any moment loses at most the points
under way; one process at a time writes. The final file is made from the parts in the order of the points with row
groups of a fixed size: its bytes depend on the points alone, not on how they were cut into tasks or on how often the
study was resumed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import InputError
from clustersim.extras import needs
from clustersim.reading.guarded import file_sha256
from clustersim.reading.jsontext import read_json
from clustersim.study.lock import LOCK_FILE, held
from clustersim.study.parts import (
    ROW_GROUP,
    Part,
    check_rows,
    find_parts,
    read_column,
    read_rows,
    read_texts,
    regrouped,
)
from clustersim.study.spec import SPEC_FILE, StudySpec, load_spec, spec_text
from clustersim.writing import LEFT_OVER, write_beside, write_bytes

with needs("study", "studies"):
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["StudyStore"]

#: What the inputs of today decide, not the design: a difference in these is a change, not a damaged file.
_DESIGN = "design_file_sha256"
_OF_TODAY = ("inputs_sha256", "version")


class StudyStore:
    """One study's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest_path = folder / "manifest.json"
        self.parts_folder = folder / "parts"
        self.results_path = folder / "results.parquet"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder, made where it is missing, for this process; clear what a killed one has left in a study.

        Raises InputError where another process holds it, and for damaged or overlapping parts.
        """
        self._make(self.folder)
        with held(self.folder):
            if self.manifest_path.exists():
                self._clear()
                self.check()
            try:
                yield
            except InputError as error:
                if "cannot be written" not in str(error):
                    raise
                hint = f"what is finished is kept: make room, then `clustersim study resume {self.folder}`"
                raise InputError(f"{error}; {hint}") from None

    def _make(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{folder}: cannot be made ({error.strerror})") from None

    def _clear(self) -> None:
        for folder in (self.folder, self.parts_folder):
            for path in folder.glob(LEFT_OVER):
                path.unlink(missing_ok=True)

    def check(self) -> None:
        """Raise InputError, naming the file, for a damaged manifest, part or result."""
        total = self.manifest()["identity"]["points"]
        if self.finished():
            check_rows(self.results_path, total)
            return
        for part in self.parts():
            if part.stop > total:
                raise InputError(f"{part.path}: holds points beyond the study's {total}; remove it")
            part.table()

    def begin(self, spec: StudySpec, details: dict[str, Any]) -> None:
        """Start a study here, or take up the same one; refuse any other, showing what differs.

        Raises InputError for another study's folder, changed inputs, another version, or a folder that cannot be
        written.
        """
        if self.manifest_path.exists():
            self.check_same(spec)
            if not self.finished():
                self._make(self.parts_folder)
            return
        left = {p.name for p in self.folder.iterdir()} if self.folder.is_dir() else set()
        known = {SPEC_FILE, self.parts_folder.name, LOCK_FILE, *(p.name for p in self.folder.glob(LEFT_OVER))}
        if left - known:
            raise InputError(f"{self.folder}: is not empty and holds no study; give another folder")
        if self.parts():
            raise InputError(
                f"{self.folder}: holds parts of a study without its manifest; give another folder"
            )
        self._make(self.parts_folder)
        self._clear()
        design = spec_text(spec).encode() + b"\n"
        write_bytes(self.folder / SPEC_FILE, design)
        manifest = {"identity": spec.identity(), _DESIGN: hashlib.sha256(design).hexdigest(), **details}
        write_bytes(self.manifest_path, json.dumps(manifest, indent=2, default=str).encode() + b"\n")

    def manifest(self) -> dict[str, Any]:
        """Return the manifest; raises InputError where there is none, or none that the program wrote."""
        if not self.manifest_path.exists():
            raise InputError(f"{self.folder}: holds no study (no manifest.json)")
        data = read_json(self.manifest_path)
        identity = data.get("identity") if isinstance(data, dict) else None
        points = identity.get("points") if isinstance(identity, dict) else None
        texts = [
            identity.get(k) if isinstance(identity, dict) else None for k in ("kind", "scenario", "version")
        ]
        outputs = data.get("outputs", []) if isinstance(data, dict) else None
        good = type(points) is int and points > 0 and all(isinstance(t, str) for t in texts)
        if not good or not isinstance(outputs, list) or not all(isinstance(o, str) for o in outputs):
            raise InputError(
                f"{self.manifest_path}: is damaged; it must name the study's kind, scenario and points"
            )
        assert isinstance(data, dict)
        return data

    def spec(self) -> StudySpec:
        """Return the study of this folder with its inputs as they are now.

        Raises InputError where the design is damaged or not the manifest's, and where the inputs have changed.
        """
        manifest, path = self.manifest(), self.folder / SPEC_FILE
        here = manifest["identity"]
        if not path.exists() or file_sha256(path) != manifest.get(_DESIGN):
            raise InputError(f"{path}: is missing, damaged or changed; run the study anew in another folder")
        spec = load_spec(self.folder)
        there = _as_json(spec.identity())
        wrong = [k for k in there if k not in _OF_TODAY and here.get(k) != there[k]]
        if wrong:
            raise InputError(
                f"{self.manifest_path}: does not agree with {SPEC_FILE} in {', '.join(wrong)}: it was changed or"
                " damaged; run the study anew in another folder"
            )
        self.check_same(spec)
        return spec

    def check_same(self, spec: StudySpec) -> None:
        """Raise InputError naming each difference between the study here and another."""
        here, there = self.manifest()["identity"], _as_json(spec.identity())
        different = [
            f"{k}: {here.get(k)!r} here, {there.get(k)!r} now" for k in there if here.get(k) != there[k]
        ]
        if different:
            raise InputError(
                f"{self.folder}: holds another study; give another folder, or undo the change:\n  "
                + "\n  ".join(different)
            )

    def parts(self) -> list[Part]:
        """Return the finished parts in the order of their points; raises InputError for two of the same points."""
        return find_parts(self.parts_folder)

    def missing(self, total: int) -> list[tuple[int, int]]:
        """Return the ranges of points that no part holds."""
        if self.finished():
            return []
        gaps, at = [], 0
        for part in self.parts():
            if part.start > at:
                gaps.append((at, part.start))
            at = part.stop
        if at < total:
            gaps.append((at, total))
        return gaps

    def finished(self) -> bool:
        """Whether the final file is there."""
        return self.results_path.exists()

    def add(self, start: int, stop: int, table: pa.Table) -> None:
        """Keep the rows of points ``start`` to ``stop``."""
        Part.write(self.parts_folder, start, stop, table)

    def finish(self) -> None:
        """Join all parts, where that was not done, into the final file and remove them."""
        if not self.finished():
            self._join()
        for part in self.parts():
            part.path.unlink(missing_ok=True)
        with suppress(OSError):
            self.parts_folder.rmdir()

    def _join(self) -> None:
        gaps = self.missing(self.manifest()["identity"]["points"])
        if gaps:
            raise InputError(
                f"{self.folder}: points {gaps[0][0]} to {gaps[0][1] - 1} are missing; resume the study"
            )
        with write_beside(self.results_path) as temporary:
            writer = None
            for table in regrouped(self.parts()):
                if writer is None:
                    writer = pq.ParquetWriter(
                        temporary, table.schema, compression="zstd", write_page_checksum=True
                    )
                writer.write_table(table, row_group_size=ROW_GROUP)
            assert writer is not None  # a study has at least one point
            writer.close()

    def column(self, name: str) -> NDArray[np.float64]:
        """Return an output of a finished study along its points, NaN where there is none."""
        return read_column(self.results_path, name)

    def errors(self) -> dict[int, str]:
        """Return the errors of a finished study by point."""
        return read_texts(self.results_path, "error")

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield every finished row in the order of the points."""
        paths = [self.results_path] if self.finished() else [part.path for part in self.parts()]
        for path in paths:
            yield from read_rows(path)


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))
