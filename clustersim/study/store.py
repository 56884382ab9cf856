"""A study on disk: a folder with a manifest, the parts that are done, and at the end one Parquet file.

Every file is written beside its place and renamed, so that a kill at any moment loses at most the points under way.
The final file is made from the parts in the order of the points with row groups of a fixed size: its bytes depend
on the points alone, not on how they were cut into tasks or on how often the study was resumed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from clustersim.errors import InputError
from clustersim.study.spec import SPEC_FILE, StudySpec, spec_text

__all__ = ["StudyStore"]

ROW_GROUP = 10_000
_PART = re.compile(r"points-(\d{10})-(\d{10})\.parquet$")


class StudyStore:
    """One study's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest_path = folder / "manifest.json"
        self.parts_folder = folder / "parts"
        self.results_path = folder / "results.parquet"

    def begin(self, spec: StudySpec, details: dict[str, Any]) -> None:
        """Start a study here, or take up the same one; refuse any other, showing what differs.

        Raises InputError for another study's folder, changed inputs, another version, or a folder that cannot be
        written.
        """
        if self.manifest_path.exists():
            self.check_same(spec)
            return
        left = {p.name for p in self.folder.iterdir()} if self.folder.is_dir() else set()
        if left - {SPEC_FILE, self.parts_folder.name}:
            raise InputError(f"{self.folder}: is not empty and holds no study; give another folder")
        try:
            self.parts_folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.folder}: cannot be made ({error.strerror})") from None
        self._write(self.folder / SPEC_FILE, spec_text(spec).encode() + b"\n")
        manifest = {"identity": spec.identity(), **details}
        self._write(self.manifest_path, json.dumps(manifest, indent=2, default=str).encode() + b"\n")

    def manifest(self) -> dict[str, Any]:
        """Return the manifest; raises InputError where there is none."""
        try:
            data = json.loads(self.manifest_path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InputError(f"{self.folder}: holds no study (no manifest.json)") from None
        except (OSError, json.JSONDecodeError) as error:
            raise InputError(f"{self.manifest_path}: cannot be read ({error})") from None
        assert isinstance(data, dict)
        return data

    def check_same(self, spec: StudySpec) -> None:
        """Raise InputError naming each difference between the study here and another."""
        here, there = self.manifest()["identity"], json.loads(json.dumps(spec.identity(), default=str))
        different = [
            f"{k}: {here.get(k)!r} here, {there.get(k)!r} now" for k in there if here.get(k) != there[k]
        ]
        if different:
            raise InputError(
                f"{self.folder}: holds another study; give another folder, or undo the change:\n  "
                + "\n  ".join(different)
            )

    def parts(self) -> list[tuple[int, int, Path]]:
        """Return the finished parts in the order of their points."""
        if not self.parts_folder.is_dir():
            return []
        found = []
        for path in self.parts_folder.iterdir():
            match = _PART.match(path.name)
            if match:
                found.append((int(match[1]), int(match[2]), path))
        return sorted(found)

    def missing(self, total: int) -> list[tuple[int, int]]:
        """Return the ranges of points that no part holds."""
        if self.finished():
            return []
        gaps, at = [], 0
        for start, stop, _ in self.parts():
            if start > at:
                gaps.append((at, start))
            at = max(at, stop)
        if at < total:
            gaps.append((at, total))
        return gaps

    def finished(self) -> bool:
        """Whether the final file is there."""
        return self.results_path.exists()

    def add(self, start: int, stop: int, table: pa.Table) -> None:
        """Keep the rows of points ``start`` to ``stop``."""
        path = self.parts_folder / f"points-{start:010d}-{stop:010d}.parquet"
        self._write_table(path, table)

    def finish(self) -> None:
        """Join all parts into the final file and remove them."""
        parts = self.parts()
        temporary = self.results_path.with_name(f".{self.results_path.name}.{os.getpid()}.part")
        try:
            writer = None
            for table in _regrouped(parts):
                if writer is None:
                    writer = pq.ParquetWriter(temporary, table.schema, compression="zstd")
                writer.write_table(table, row_group_size=ROW_GROUP)
            if writer is not None:
                writer.close()
                temporary.replace(self.results_path)
        except OSError as error:
            raise self._cannot_write(self.results_path, error) from None
        finally:
            temporary.unlink(missing_ok=True)
        for _, _, path in parts:
            path.unlink(missing_ok=True)
        with suppress(OSError):
            self.parts_folder.rmdir()

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield every finished row in the order of the points."""
        paths = [self.results_path] if self.finished() else [p for _, _, p in self.parts()]
        for path in paths:
            file = pq.ParquetFile(path)
            for batch in file.iter_batches():
                yield from batch.to_pylist()

    def _write(self, path: Path, data: bytes) -> None:
        temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        except OSError as error:
            raise self._cannot_write(path, error) from None
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _write_table(self, path: Path, table: pa.Table) -> None:
        temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            pq.write_table(table, temporary, compression="zstd")
            temporary.replace(path)
        except OSError as error:
            raise self._cannot_write(path, error) from None
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _cannot_write(self, path: Path, error: OSError) -> InputError:
        reason = error.strerror or str(error)
        return InputError(
            f"{path}: cannot be written ({reason}); what is finished is kept: make room, then"
            f" `clustersim study resume {self.folder}`"
        )


def _regrouped(parts: Sequence[tuple[int, int, Path]]) -> Iterator[pa.Table]:
    """Yield tables of exactly ROW_GROUP rows (the last may be shorter), whatever the parts' sizes."""
    held: list[pa.Table] = []
    count = 0
    for _, _, path in parts:
        held.append(pq.read_table(path))
        count += held[-1].num_rows
        while count >= ROW_GROUP:
            joined = pa.concat_tables(held).combine_chunks()
            yield joined.slice(0, ROW_GROUP).combine_chunks()
            held = [joined.slice(ROW_GROUP)]
            count -= ROW_GROUP
    if count:
        yield pa.concat_tables(held).combine_chunks()
