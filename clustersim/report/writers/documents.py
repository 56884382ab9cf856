"""Content objects as documents: one file for every language and form, whatever they are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clustersim.errors import InputError, suggest
from clustersim.report.content.model import Content
from clustersim.report.writers.needs import families, library
from clustersim.writing import file_stem

__all__ = ["DOCUMENTS", "Document", "documents"]

#: Form of a document -> the library that writes it.
DOCUMENTS = {"docx": "docx", "pdf": "weasyprint", "pptx": "pptx"}


@dataclass(frozen=True, slots=True)
class Document:
    """A content in a form."""

    content: Content
    form: str

    def write(self, path: Path) -> None:
        """Write it to a path."""
        if self.form == "docx":
            from clustersim.report.writers.docx import write_docx as put
        elif self.form == "pdf":
            from clustersim.report.writers.html import write_pdf as put
        else:
            from clustersim.report.writers.pptx import write_pptx as put
        put(self.content, path)

    def row(self, name: str) -> dict[str, Any]:
        """Return what a list of files says of it."""
        return {"file": name, "language": self.content.language, "sections": len(self.content.sections),
                "numbers": len(self.content.numbers)}  # fmt: skip


def documents(contents: Mapping[str, Content], forms: Sequence[str]) -> dict[str, Document]:
    """Return the documents of contents by language as NAME-LANGUAGE.FORM.

    Raises InputError for a form that there is not, a library that is missing, and text that no font here draws.
    """
    for form in forms:
        if form not in DOCUMENTS:
            raise InputError(f"no document {form!r}; {suggest(form, list(DOCUMENTS))}")
        library(DOCUMENTS[form])
    for content in contents.values():
        families(content)
    return {
        f"{file_stem(content.name)}-{language}.{form}": Document(content, form)
        for language, content in contents.items()
        for form in forms
    }
