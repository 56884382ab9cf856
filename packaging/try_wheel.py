"""Install the wheel as a stranger would, on every Python that is here, and use it: ``try_wheel.py dist/*.whl``.

Outside of the repository, in an empty folder and a fresh environment each: the size of the whole environment, the
corridor, the five lines of the library, and what is said where a command needs an extra that is not installed.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
MOST_MB = 250.0
LIBRARY = """
import clustersim as cs
s = cs.load("br166-1024").set({"cards.BR166M.scale_up.bandwidth": "320 GB/s"})
r = s.run()
print(r.value("cny_per_mtoken"), len(r.terms), len(cs.cards()))
print(r.explain(s.as_filed()).text().splitlines()[0])
"""
#: A command, and the extra that it must name with a line that installs it.
LACKING = (
    (("run", "nanjing-1024", "-o", "out"), "report"),
    (("sweep", "nanjing-1024", "--vary", "tco.pue=1.1,1.3"), "study"),
    (("export", "xlsx", "nanjing-1024", "-o", "out"), "report"),
    (("web",), "web"),
)
#: Commands that the core answers.
WORKING = (
    ("run", "nanjing-1024", "-f", "table"),
    ("explain", "br166-1024", "--set", "tco.pue=1.2"),
    ("tco", "nanjing-1024", "-f", "csv"),
    ("serve", "nanjing-1024", "-f", "table"),
    ("claims", "nanjing-1024"),
    ("collectives", "br166-1024"),
    ("profiles", "list", "-f", "table"),
    ("keys", "pue"),
    ("--lang", "zh", "tco", "nanjing-1024", "-f", "table", "--draws", "0"),
    ("forecast", "value", "nanjing-1024"),
)


def interpreters() -> dict[str, str]:
    """Return the interpreters that start, by version: on the path, else under pyenv."""
    found = {}
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in PYTHONS:
        own = [shutil.which(f"python{version}"), *map(str, pyenv.glob(f"{version}.*/bin/python"))]
        for path in filter(None, own):
            if subprocess.run([path, "-c", "import venv"], capture_output=True).returncode == 0:
                found[version] = path
                break
    return found


def megabytes(folder: Path) -> float:
    """Return what the files of a folder hold, in 10^6 bytes."""
    return sum(p.lstat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6


def tried(python: str, wheel: Path, folder: Path) -> float:
    """Install the wheel in a fresh environment, use it, and return the size of the environment in MB."""
    clean = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "CLUSTERSIM_PATH", "VIRTUAL_ENV"}}
    empty = folder / "empty"
    empty.mkdir()

    def call(*words: str, fine: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(words, capture_output=True, text=True, cwd=empty, env=clean)
        if (done.returncode == 0) is not fine or "Traceback" in done.stderr:
            raise SystemExit(f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    call(python, "-m", "venv", str(folder / "env"))
    own = folder / "env" / "bin"
    call(str(own / "pip"), "install", "--quiet", "--disable-pip-version-check", str(wheel))
    size = megabytes(folder / "env")
    released = wheel.name.split("-")[1]
    said = call(str(own / "clustersim"), "--version").stdout
    assert said.split()[-1] == released.replace("_", "+"), (said, wheel.name)
    for words in WORKING:
        assert call(str(own / "clustersim"), *words).stdout.strip(), words
    print(call(str(own / "python"), "-c", LIBRARY).stdout, end="")
    for words, extra in LACKING:
        done = call(str(own / "clustersim"), *words, fine=False)
        line = done.stderr.partition(f"install the extra {extra}: pip ")[2]
        assert done.returncode == 2 and line, (words, done.stderr)
    # The line of the last one, the smallest extra, as it is printed; then the wheel with an extra, as README has it.
    call(str(own / "pip"), "--disable-pip-version-check", "-q", *shlex.split(line))
    call(str(own / "python"), "-c", "import clustersim.web.app")
    call(str(own / "pip"), "install", "--quiet", "--disable-pip-version-check", f"{wheel}[web]")
    return size


def main() -> int:
    """Try the wheel on every interpreter; the exit code is 1 where one needs too much room, or none is here."""
    wheel = Path(sys.argv[1]).resolve()
    asked = sys.argv[2:] or PYTHONS
    here = {version: python for version, python in interpreters().items() if version in asked}
    worst = 0.0
    for version, python in here.items():
        with tempfile.TemporaryDirectory() as folder:
            size = tried(python, wheel, Path(folder))
        worst = max(worst, size)
        print(f"Python {version}: works, {size:.0f} MB with pip")
    for version in asked:
        if version not in here:
            print(f"Python {version}: not here, not tried")
    return 0 if 0.0 < worst < MOST_MB else 1


if __name__ == "__main__":
    sys.exit(main())
