"""The site: its pages are found, lead to files that exist, and cover every public name and command."""

import importlib.util
import re
from pathlib import Path

import pytest

import clustersim as cs
from clustersim import errors

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("refresh_site", ROOT / "docs" / "refresh.py")
assert spec is not None and spec.loader is not None
refresh = importlib.util.module_from_spec(spec)
spec.loader.exec_module(refresh)

LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)(?:#[^)\s]*)?\)")


@pytest.mark.parametrize(
    "path", [*refresh.documents(), *refresh.pages()], ids=lambda p: str(p.relative_to(ROOT))
)
def test_links_and_pictures_lead_somewhere(path: Path) -> None:
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in LINK.findall(text):
        if not target.startswith(("http:", "https:", "mailto:")) and Path(target).name not in refresh.WRITTEN:
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_every_page_is_in_the_table_of_contents() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8").splitlines()
    for path in [*refresh.documents()[1:], *refresh.pages()]:
        name = str(path.relative_to(ROOT / "docs").with_suffix(""))
        assert name in index or name == "index", name


def test_every_public_name_has_a_docstring() -> None:
    for name in cs.__all__:
        if not name.startswith("__"):
            found = getattr(cs, name)
            assert (found.__doc__ or "").strip(), name
            for method, value in vars(found).items() if isinstance(found, type) else ():
                if not method.startswith("_") and (callable(value) or isinstance(value, property)):
                    assert (value.__doc__ or "").strip(), f"{name}.{method}"


def test_the_page_of_errors_has_every_class_with_its_exit_code() -> None:
    page = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    for name in errors.__all__:
        found = getattr(errors, name)
        if isinstance(found, type) and issubclass(found, errors.ClusterSimError):
            assert found is errors.ClusterSimError or f"| {found.exit_code} | `{name}` |" in page, name
            assert getattr(cs, name) is found


def test_no_page_names_a_folder_of_the_machine() -> None:
    for path in [*refresh.documents(), *refresh.pages()]:
        assert str(ROOT) not in path.read_text(encoding="utf-8"), path


def test_how_tos_run_without_mistakes() -> None:
    """Only a page of errors and deliberate mistakes may quote an exit code."""
    meant = {"errors.md": 8, "first-ten-minutes.md": 1, "tender.md": 1, "extend.md": 1}
    for path in refresh.pages():
        count = path.read_text(encoding="utf-8").count("\n[exit code ")
        assert count <= meant.get(path.name, 0), path


def test_blocks_are_run_and_their_output_put_in_place(tmp_path: Path) -> None:
    page = (
        "```yaml\n# file: a.txt\nx: 1\n```\n\n```console\n$ cat a.txt | tail -n 1\nold\n$ false\n```\n\n"
        "```python\nn = 2\n```\n\n```python\nprint(n + 1)\n```\n\n```text\n```\n"
    )
    found = refresh.learned(page)
    assert "$ cat a.txt | tail -n 1\nx: 1\n$ false\n[exit code 1]\n```" in found
    assert found.endswith("```python\nprint(n + 1)\n```\n\n```text\n3\n```\n")
    assert refresh.learned(found) == found


@pytest.mark.full
@pytest.mark.parametrize("path", refresh.pages(), ids=lambda p: str(p.relative_to(ROOT / "docs")))
def test_pages_to_learn_from_are_current(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert refresh.learned(text, refresh.spoken(path)) == text, "stale; run `make refresh`"
