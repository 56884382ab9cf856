"""What is built says where it comes from: version from tags, links off the repository, news by fragments."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import clustersim as cs
from clustersim.version import NEXT

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("from_tags", ROOT / "packaging" / "from_tags.py")
assert spec is not None and spec.loader is not None
from_tags = importlib.util.module_from_spec(spec)
spec.loader.exec_module(from_tags)
with (ROOT / "pyproject.toml").open("rb") as file:
    PYPROJECT = tomllib.load(file)


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A clone with one commit and no tag."""
    folder = tmp_path / "tree"
    (folder / "clustersim").mkdir(parents=True)
    (folder / "clustersim" / "version.py").write_text('NEXT = "0.7.0"\n', encoding="utf-8")
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    return folder


def test_the_version_is_the_tag_and_goes_on_behind_it(tree: Path) -> None:
    git(tree, "tag", "not-a-release")
    assert from_tags.version(tree) == "0.7.0"
    git(tree, "tag", "v0.8.1")
    assert from_tags.version(tree) == "0.8.1"
    git(tree, "commit", "-q", "--allow-empty", "-m", "two")
    assert re.fullmatch(r"0\.8\.2\.dev1\+g[0-9a-f]{7,}", from_tags.version(tree))


def test_a_clone_without_tags_and_an_archive_say_what_the_source_names(tree: Path, tmp_path: Path) -> None:
    git(tree, "tag", "v0.8.1")
    git(tree, "commit", "-q", "--allow-empty", "-m", "two")
    shallow, archive = tmp_path / "shallow", tmp_path / "archive"
    git(tmp_path, "clone", "-q", "--depth", "1", "--no-tags", f"file://{tree}", str(shallow))
    assert from_tags.version(shallow) == "0.7.0"
    (archive / "clustersim").mkdir(parents=True)
    (archive / "clustersim" / "version.py").write_text('NEXT = "0.7.0"\n', encoding="utf-8")
    assert from_tags.version(archive) == "0.7.0"
    (archive / "PKG-INFO").write_text(
        "Metadata-Version: 2.4\nName: clustersim\nVersion: 0.9.9\n", encoding="utf-8"
    )
    assert from_tags.version(archive) == "0.9.9"


def test_a_working_tree_says_the_release_that_it_leads_to() -> None:
    assert cs.__version__ == NEXT
    assert f"version: {NEXT}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert "version" in PYPROJECT["project"]["dynamic"]


def test_links_of_the_readme_lead_somewhere_off_the_repository() -> None:
    """The substitution of pyproject.toml leaves no link to a file beside the README."""
    (rule,) = PYPROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]["substitutions"]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.sub(rule["pattern"], rule["replacement"], text)
    targets = re.findall(r"\]\(([^)\s]+)\)", shown)
    assert len(targets) > 20 and all(t.startswith(("https://", "#")) for t in targets)
    home = PYPROJECT["project"]["urls"]["Source"]
    assert any(t.startswith(home) and t.endswith(".png") for t in targets)


def test_news_are_fragments_of_known_kinds_and_make_a_section() -> None:
    kinds = {kind["directory"] for kind in PYPROJECT["tool"]["towncrier"]["type"]}
    for path in (ROOT / "changelog.d").iterdir():
        if path.name != "README.md":
            assert re.fullmatch(rf"(\+[a-z0-9-]+|\d+)\.({'|'.join(kinds)})\.md", path.name), path.name
            assert path.read_text(encoding="utf-8").strip(), path.name
    assert PYPROJECT["tool"]["towncrier"]["start_string"] in (ROOT / "CHANGELOG.md").read_text(
        encoding="utf-8"
    )
    words = [
        sys.executable,
        "-m",
        "towncrier",
        "build",
        "--draft",
        "--version",
        "9.9.9",
        "--date",
        "2026-01-01",
    ]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "## 9.9.9 (2026-01-01)" in done.stdout, done.stderr


def test_the_container_is_built_as_linters_want() -> None:
    """No root, no cache left, every image with its version, one command that is run."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    steps = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]
    images = [words.split()[0] for step, words in steps if step == "FROM"]
    assert images and all(re.fullmatch(r"[a-z]+:\d[\w.-]*", image) for image in images)
    assert [words for step, words in steps if step == "USER"] == ["1000"]
    for step, words in steps:
        if "apt-get install" in words:
            assert "--no-install-recommends" in words and "rm -rf /var/lib/apt/lists/*" in words
        if "pip " in words:
            assert "--no-cache-dir" in words, words
        assert step in {"FROM", "COPY", "RUN", "USER", "WORKDIR", "ENTRYPOINT", "CMD"}
    assert [step for step, _ in steps].count("ENTRYPOINT") == 1
