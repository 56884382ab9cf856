"""A package of somebody else adds profiles and scenarios by an entry point of the group ``clustersim.profiles``."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CARD = (ROOT / "hwprofiles" / "cards" / "H20.yaml").read_text(encoding="utf-8")


def toy_wheel(folder: Path, entry: str = "acme_cards") -> Path:
    """Write the wheel of a package that holds one card and one scenario."""
    card = "\n".join(
        "name: ACME-1" if line.startswith("name:") else line
        for line in CARD.splitlines()
        if not line.startswith("aliases:")
    )
    scenario = (
        (ROOT / "scenarios" / "h20-1024.yaml")
        .read_text(encoding="utf-8")
        .replace("card: H20", "card: ACME-1")
    )
    info = "acme_cards-1.0.dist-info"
    files = {
        "acme_cards/__init__.py": "raise RuntimeError('its code is not run')\n",
        "acme_cards/hwprofiles/cards/ACME-1.yaml": card,
        "acme_cards/scenarios/acme-1024.yaml": scenario.replace("name: h20-1024", "name: acme-1024"),
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: acme-cards\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: toy\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[clustersim.profiles]\nacme = {entry}\n",
    }
    path = folder / "acme_cards-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
        wheel.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"]))
    return path


def installed(folder: Path, wheel: Path) -> dict[str, str]:
    """Install a wheel into a folder of its own and return the environment that sees it."""
    site = folder / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-compile"]
    subprocess.run([*pip, "--target", str(site), str(wheel)], check=True, capture_output=True)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])}


def clustersim(env: dict[str, str], folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "clustersim", *words], capture_output=True, text=True, env=env, cwd=folder
    )


def test_cards_and_scenarios_of_an_installed_package(tmp_path: Path) -> None:
    env = installed(tmp_path, toy_wheel(tmp_path))
    listed = clustersim(env, tmp_path, "profiles", "list", "cards", "-f", "csv")
    assert "ACME-1" in listed.stdout, listed.stderr
    priced = clustersim(env, tmp_path, "tco", "acme-1024", "-f", "csv")
    assert priced.returncode == 0, priced.stderr


@pytest.mark.parametrize("entry", ["nowhere_at_all", "json"])
def test_an_entry_point_without_its_package_is_said(tmp_path: Path, entry: str) -> None:
    env = installed(tmp_path, toy_wheel(tmp_path, entry))
    said = clustersim(env, tmp_path, "profiles", "list", "cards")
    if entry == "json":  # a package, but without profiles: it adds nothing
        assert said.returncode == 0
    else:
        assert said.returncode == 2
        assert "acme = nowhere_at_all" in said.stderr and "Traceback" not in said.stderr
