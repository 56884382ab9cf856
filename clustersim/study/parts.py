"""The parts of a study: Parquet files of consecutive points, checked before anything is made of them."""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import InputError
from clustersim.extras import needs
from clustersim.writing import write_bytes

with needs("study", "studies"):
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

__all__ = [
    "ROW_GROUP",
    "Part",
    "check_rows",
    "find_parts",
    "read_column",
    "read_rows",
    "read_texts",
    "regrouped",
]

ROW_GROUP = 10_000
#: Rows of a file that are unpacked at a time.
BATCH = 1 << 18
_NAME = re.compile(r"points-(\d{10})-(\d{10})-([0-9a-f]{8})\.parquet")
_FAULTS = (OSError, pa.ArrowException, ValueError, KeyError)


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """The points ``start`` to ``stop`` in one file."""

    start: int
    stop: int
    path: Path
    checksum: str
    """CRC-32 of the file, which its name carries: the format itself protects the pages only."""

    @classmethod
    def write(cls, folder: Path, start: int, stop: int, table: pa.Table) -> None:
        """Write the rows of these points into a folder."""
        out = pa.BufferOutputStream()
        pq.write_table(table, out, compression="zstd")
        data = out.getvalue().to_pybytes()
        write_bytes(folder / f"points-{start:010d}-{stop:010d}-{zlib.crc32(data):08x}.parquet", data)

    def table(self) -> pa.Table:
        """Return its rows; raises InputError where the file is not the one that was written."""
        try:
            data = self.path.read_bytes()
            if f"{zlib.crc32(data):08x}" != self.checksum:
                raise damaged(self.path, "its checksum is not that of its name")
            table = pq.read_table(pa.BufferReader(data))
            points = table.column("point").to_numpy()
        except _FAULTS as error:
            raise damaged(self.path, error) from None
        if not np.array_equal(points, np.arange(self.start, self.stop)):
            raise damaged(self.path, "its points are not those of its name")
        return table


def damaged(path: Path, why: object) -> InputError:
    """Return the error for a file that is not what the program wrote."""
    words = str(why).splitlines()[0] if str(why) else type(why).__name__
    return InputError(
        f"{path}: is damaged ({words[:200]}); remove it, then `clustersim study resume` its folder"
    )


def find_parts(folder: Path) -> list[Part]:
    """Return the parts of a folder in the order of their points.

    Raises InputError, naming both, for parts that hold the same points.
    """
    if not folder.is_dir():
        return []
    found = sorted(
        Part(int(match[1]), int(match[2]), path, match[3])
        for path in folder.iterdir()
        if (match := _NAME.fullmatch(path.name))
    )
    for one, two in itertools.pairwise(found):
        if two.start < one.stop:
            raise InputError(
                f"{folder}: {one.path.name} and {two.path.name} hold the same points (two runs wrote here); remove"
                " one of them, then `clustersim study resume` the folder"
            )
    return found


def check_rows(path: Path, rows: int) -> None:
    """Raise InputError where a Parquet file is unreadable or does not hold so many rows."""
    try:
        found = pq.ParquetFile(path).metadata.num_rows
    except _FAULTS as error:
        raise damaged(path, error) from None
    if found != rows:
        raise damaged(path, f"it holds {found} points, not {rows}")


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file; raises InputError where it is damaged."""
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        for batch in file.iter_batches():
            yield from batch.to_pylist()
    except _FAULTS as error:
        raise damaged(path, error) from None


def read_column(path: Path, name: str) -> NDArray[np.float64]:
    """Return one column of numbers of a file; raises InputError where it is damaged."""
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        out, at = np.empty(file.metadata.num_rows), 0
        for batch in file.iter_batches(batch_size=BATCH, columns=[name]):
            out[at : at + len(batch)] = batch.column(0).to_numpy(zero_copy_only=False)
            at += len(batch)
    except _FAULTS as error:
        raise damaged(path, error) from None
    return out


def read_texts(path: Path, name: str) -> dict[int, str]:
    """Return the texts of one column that are not empty, by row; raises InputError where the file is damaged."""
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        out, at = {}, 0
        for batch in file.iter_batches(batch_size=BATCH, columns=[name]):
            texts = batch.column(0)
            told = np.flatnonzero(np.asarray(pc.binary_length(texts)) > 0)
            out.update({at + int(row): texts[int(row)].as_py() for row in told})
            at += len(batch)
    except _FAULTS as error:
        raise damaged(path, error) from None
    return out


def regrouped(parts: Sequence[Part]) -> Iterator[pa.Table]:
    """Yield tables of exactly ROW_GROUP rows (the last may be shorter), whatever the parts' sizes."""
    held: list[pa.Table] = []
    count = 0
    for part in parts:
        held.append(part.table())
        count += held[-1].num_rows
        if held[-1].schema != held[0].schema:
            raise damaged(part.path, "its columns are not those of the other parts")
        while count >= ROW_GROUP:
            joined = pa.concat_tables(held).combine_chunks()
            yield joined.slice(0, ROW_GROUP).combine_chunks()
            held = [joined.slice(ROW_GROUP)]
            count -= ROW_GROUP
    if count:
        yield pa.concat_tables(held).combine_chunks()
