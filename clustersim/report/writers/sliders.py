"""One HTML file of a document whose sliders interpolate a grid: nothing comes from outside, and it works offline."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clustersim.planner.offer_grid import Grid
from clustersim.report.content.model import Content
from clustersim.report.writers.html import html_text

__all__ = ["Shown", "Slider", "Words", "sliders_page", "write_sliders"]


@dataclass(frozen=True, slots=True)
class Slider:
    """How an axis of the grid is shown: its words, its unit, and the factor from the grid's unit to it."""

    label: str
    unit: str
    scale: float
    digits: int


@dataclass(frozen=True, slots=True)
class Shown:
    """An output of the grid as a row: its words, the factor to the unit shown, and its digits."""

    name: str
    label: str
    scale: float
    digits: int


@dataclass(frozen=True, slots=True)
class Words:
    """What the part with the sliders says."""

    title: str
    said: str
    reset: str
    at: str
    now: str
    change: str


def write_sliders(
    content: Content, grid: Grid, sliders: Sequence[Slider], shown: Sequence[Shown], words: Words, path: Path
) -> None:
    """Write the page to a path."""
    path.write_text(sliders_page(content, grid, sliders, shown, words), encoding="utf-8")


def sliders_page(
    content: Content, grid: Grid, sliders: Sequence[Slider], shown: Sequence[Shown], words: Words
) -> str:
    """Return the document as a page with a part of sliders before its first section.

    The script does what ``Grid.value`` does; numbers at the offer's own point are the grid's own, to the last digit.
    """
    data = {
        "axes": [
            {"nodes": a.nodes, "base": a.base, "r": a.reciprocal, "scale": s.scale, "digits": s.digits, "unit": s.unit}
            for a, s in zip(grid.axes, sliders, strict=True)
        ],
        "rows": [
            {"v": [None if math.isnan(v) else v for v in grid.outputs[row.name].tolist()], "scale": row.scale,
             "digits": row.digits}
            for row in shown
        ],
    }  # fmt: skip
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True).replace("</", "<\\/")
    moved = "".join(
        f'<label for="m{i}">{_e(s.label)} <output id="o{i}"></output></label>'
        f'<input type="range" id="m{i}" min="0" max="1000" step="1">'
        for i, s in enumerate(sliders)
    )
    rows = "".join(
        f'<tr><td>{_e(row.label)}</td><td id="b{i}"></td><td id="n{i}"></td><td id="c{i}"></td></tr>'
        for i, row in enumerate(shown)
    )
    part = (
        f'<section id="move"><h2>{_e(words.title)}</h2><p class="remark">{_e(words.said)}</p>'
        f'<div class="sliders">{moved}</div><button type="button" id="reset">{_e(words.reset)}</button>'
        f"<table><thead><tr><th></th><th>{_e(words.at)}</th><th>{_e(words.now)}</th><th>{_e(words.change)}</th></tr>"
        f'</thead><tbody aria-live="polite">{rows}</tbody></table></section>'
        f'<script type="application/json" id="grid">{text}</script><script>{_SCRIPT}</script>'
    )
    return html_text(content, style=_STYLE, first=part)


def _e(text: str) -> str:
    return html.escape(text)


_STYLE = """
@media screen { body { max-width: 62rem; margin: 1.5rem auto; padding: 0 1rem; font-size: 15px; }
 table { font-size: 13px; } .remark { font-size: 13px; } .facts { flex-wrap: wrap; } div.kept { overflow-x: auto; } }
#reset { margin: 0.6rem 0; padding: 0.2rem 0.8rem; }
#move { background: #F6F8FB; padding: 0.2rem 1rem 0.6rem; margin: 1rem 0; }
.sliders { display: grid; grid-template-columns: minmax(12rem, 1fr) 2fr; gap: 0.4rem 1rem; align-items: center; }
.sliders output { font-weight: bold; } .sliders input { width: 100%; }
@media (max-width: 36rem) { .sliders { grid-template-columns: 1fr; } .facts div { flex: 1 1 40%; } }
@media print { #move { display: none; } }
"""
_SCRIPT = """
(function () {
  var grid = JSON.parse(document.getElementById('grid').textContent), axes = grid.axes, rows = grid.rows;
  function el(id) { return document.getElementById(id); }
  function said(x, digits) {
    return x === null || !isFinite(x) ? '\\u2013' : x.toLocaleString('en-US', {minimumFractionDigits: digits,
      maximumFractionDigits: digits}).replace('-', '\\u2212');
  }
  function coordinate(a, x) { return a.r ? 1 / x : x; }
  function value(v, point) {
    var size = v.length, at = v;
    axes.forEach(function (a, k) {
      var n = a.nodes.length, x = point[k], i = 0, out = [], c0, c1, t, j, lo, hi;
      while (i < n - 2 && x >= a.nodes[i + 1]) i++;
      c0 = coordinate(a, a.nodes[i]); c1 = coordinate(a, a.nodes[i + 1]);
      t = x === a.nodes[i] ? 0 : x === a.nodes[i + 1] ? 1 : (coordinate(a, x) - c0) / (c1 - c0);
      size = at.length / n;
      for (j = 0; j < size; j++) {
        lo = at[i * size + j]; hi = at[(i + 1) * size + j];
        out.push(t === 0 ? lo : t === 1 ? hi : lo === null || hi === null ? null : lo + t * (hi - lo));
      }
      at = out;
    });
    return at[0];
  }
  function span(a) { return a.nodes[a.nodes.length - 1] - a.nodes[0]; }
  var point = axes.map(function (a) { return a.base; });
  function show() {
    axes.forEach(function (a, k) { el('o' + k).textContent = said(point[k] * a.scale, a.digits) + ' ' + a.unit; });
    rows.forEach(function (row, k) {
      var base = value(row.v, axes.map(function (a) { return a.base; })), now = value(row.v, point);
      el('b' + k).textContent = said(base === null ? null : base * row.scale, row.digits);
      el('n' + k).textContent = said(now === null ? null : now * row.scale, row.digits);
      el('c' + k).textContent = base === null || now === null ? '\\u2013' : said(100 * (now / base - 1), 1) + '%';
    });
  }
  axes.forEach(function (a, k) {
    var slider = el('m' + k);
    slider.value = Math.round(1000 * (a.base - a.nodes[0]) / span(a));
    slider.addEventListener('input', function () { point[k] = a.nodes[0] + span(a) * slider.value / 1000; show(); });
  });
  el('reset').addEventListener('click', function () {
    point = axes.map(function (a) { return a.base; });
    axes.forEach(function (a, k) { el('m' + k).value = Math.round(1000 * (a.base - a.nodes[0]) / span(a)); });
    show();
  });
  show();
})();
"""
