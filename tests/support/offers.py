"""An offer that tests share, its grid and its documents, and what a written document says."""

import html
import re
import zipfile
from functools import lru_cache
from pathlib import Path

import clustersim as cs
from clustersim.planner.offer_grid import Grid
from clustersim.report.content.model import Content
from clustersim.report.content.proposal import Offer, offer_content
from clustersim.report.pages import proposal as page

TRAINING = ("br166-1024", ("h20-1024",))
CASES = {
    "training": ("br166-1024", ("h20-1024", "h100-1024")),
    "serving": ("serve-llama3-70b", ("h20-1024", "h100-1024")),
}


def asked_of(name: str, others: tuple[str, ...], draws: int = 4) -> page.OfferAsked:
    return page.OfferAsked(name=name, others=others, sets={}, draws=draws)


@lru_cache(maxsize=1)
def offered() -> tuple[Offer, Grid]:
    name, others = TRAINING
    asked = asked_of(name, others)
    return page.gridded(asked, page.offer_of(asked, cs.load(name).run().data))  # type: ignore[arg-type]


def offer() -> Offer:
    return offered()[0]


def grid() -> Grid:
    return offered()[1]


@lru_cache(maxsize=2)
def content(language: str) -> Content:
    return offer_content(offer(), language)


def told(one: Content) -> list[str]:
    return [number.text for number in one.numbers if number.text]


def words_of(path: Path) -> str:
    """Every text of an Office document."""
    with zipfile.ZipFile(path) as archive:
        parts = [n for n in archive.namelist() if n.endswith(".xml") and "theme" not in n]
        return "\n".join(
            html.unescape(re.sub(r"<[^>]+>", "\n", archive.read(name).decode())) for name in sorted(parts)
        )
