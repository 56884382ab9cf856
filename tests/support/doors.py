"""What the tests of every door share: writing a file, reading it, seeing it refused, and validating its rows."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from clustersim.errors import InputError
from clustersim.schema.imports.registry import Imported, ImportOptions, import_file
from clustersim.validation.domains import DOMAINS, read_rows

Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    def write(text: str | bytes | Mapping[str, Any], name: str = "a.txt", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        text = json.dumps(text) if isinstance(text, Mapping) else text
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


def read(path: Path, kind: str = "", **options: Any) -> Imported:
    return import_file(path, kind, ImportOptions(**options))


def refused(path: Path, *words: str, kind: str = "", **options: Any) -> str:
    with pytest.raises(InputError) as error:
        read(path, kind, **options)
    for word in words:
        assert word in str(error.value), str(error.value)
    return str(error.value)


def predicted(domain: str, made: Imported, folder: Path) -> list[Any]:
    """The rows as the domain's validation reads them: from the file that the door writes."""
    path = folder / "rows.csv"
    path.write_text(made.text, encoding="utf-8")
    return list(importlib.import_module(DOMAINS[domain][0]).predict(list(read_rows(path).rows)))
