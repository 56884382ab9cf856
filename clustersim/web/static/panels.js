// A tab: panels of one chart and one table of the same numbers.
import { html, useEffect, useRef } from "/static/vendor/preact-htm.module.js";
import { engine, option } from "/static/charts.js";
import { figure, note, say, scaleOf, unitName } from "/static/words.js";

const MOST_ROWS = 60;
const CNY = { code: "CNY", rate: 1 };
// Columns whose unit is that of their row, where the row says one.
const OF_ROW = new Set(["value", "before", "after", "low", "high", "base", "now", "file_as_it_stands", "report_prints", "flips_at", "end", "value_there"]);

// A chart's numbers in the unit that they are shown in.
function scaled(chart, money) {
  if (chart.kind === "scatter") return chart;
  const all = [...chart.series.flatMap((s) => s.values), chart.centre ?? 0].filter((v) => typeof v === "number");
  const { factor, unit } = scaleOf(all, chart.unit, money);
  const times = (v) => (typeof v === "number" ? v * factor : v);
  return { ...chart, unit, centre: times(chart.centre), series: chart.series.map((s) => ({ ...s, values: s.values.map(times) })) };
}

function Chart({ chart, title, language, money }) {
  const at = useRef(null);
  useEffect(() => {
    let drawn;
    let gone = false;
    const name = (key) => say(String(key), language);
    const shown = scaled(chart, money);
    engine().then((echarts) => {
      if (gone || !at.current) return;
      drawn = echarts.init(at.current, null, { renderer: "svg" });
      drawn.setOption(option({ ...shown, unit: unitName(shown.unit || "", language) }, name));
    });
    // A panel changes its width with the window, and when another comes beside it.
    const watch = new ResizeObserver(() => drawn?.resize());
    watch.observe(at.current);
    return () => { gone = true; watch.disconnect(); drawn?.dispose(); };
  }, [chart, language, money.code, money.rate]);
  const tall = ["bars_across", "tornado", "spans"].includes(chart.kind) ? 90 + 26 * chart.categories.length : 320;
  return html`<div class="chart" role="img" aria-label=${title} style=${`height:${tall}px`} ref=${at}></div>`;
}

// A column that has no words of its own is told without the marks of a key.
const heading = (column, language) => {
  const told = say(column, language);
  return told === column && /^[a-z0-9_]+$/.test(column) ? column.replace(/_pct$/, " %").replaceAll("_", " ") : told;
};

const numbersOf = (row, columns) => columns.filter((c) => OF_ROW.has(c) && typeof row[c] === "number").map((c) => row[c]);

export function Table({ columns, rows, units = {}, language, caption, money = CNY, onCite }) {
  const shownRows = rows.slice(0, MOST_ROWS);
  const own = columns.includes("unit");
  const scales = Object.fromEntries(columns.map((c) => [c, scaleOf(own && OF_ROW.has(c) ? [] : rows.map((r) => r[c]).filter((v) => typeof v === "number"), own && OF_ROW.has(c) ? "" : units[c] || "", money)]));
  return html`<div class="scroll" tabindex="0" role="group" aria-label=${caption}><table>
    <caption>${caption}</caption>
    <thead><tr>${columns.map((c) => html`<th scope="col" class=${rows.some((r) => typeof r[c] === "number") ? "num" : ""}>${heading(c, language)}${scales[c].unit ? html` <small>${unitName(scales[c].unit, language)}</small>` : ""}</th>`)}</tr></thead>
    <tbody>${shownRows.map((row) => {
    const mine = own ? scaleOf(numbersOf(row, columns), row.unit || "", money) : null;
    const cells = columns.map((c, i) => {
      const by = mine && OF_ROW.has(c) ? mine : scales[c];
      const value = mine && c === "unit" ? unitName(mine.unit, language) || "–" : row[c];
      return html`<${Cell} value=${value} numbers=${rows.some((r) => typeof r[c] === "number")} first=${i === 0} factor=${by.factor} language=${language}
        onCite=${onCite && (() => onCite({ row: String(Array.isArray(row[columns[0]]) ? note(row[columns[0]], "en") : row[columns[0]]), column: c, value: row[c], unit: mine && OF_ROW.has(c) ? row.unit : units[c] || "1" }))} />`;
    });
    return html`<tr>${cells}</tr>`;
  })}</tbody>
  </table>${rows.length > MOST_ROWS ? html`<p class="more">${say("page.rows_more", language, { count: rows.length - MOST_ROWS })}</p>` : ""}</div>`;
}

function Cell({ value, numbers, first, factor, language, onCite }) {
  const number = typeof value === "number";
  const text = number ? figure(value * factor) : value === true ? "✓" : value === false ? "✗" : Array.isArray(value) ? (typeof value[1] === "object" && value[1] && !Array.isArray(value[1]) ? note(value, language) : value.join("; ")) : say(value ?? "–", language);
  if (first) return html`<th scope="row" class=${number ? "num" : ""}>${text}</th>`;
  return html`<td class=${number || (numbers && text === "–") ? "num" : ""}>${number && onCite ? html`<button class="figure" onClick=${onCite} aria-label=${`${say("page.cite", language)}: ${text}`}>${text}</button>` : text}</td>`;
}

const isWide = (panel) => panel.columns.length > 4 || panel.chart?.categories.length > 11;

// Which panels take the whole width: wide ones, and a narrow one that would stand alone in its row.
export function widths(panels) {
  const wide = panels.map(isWide);
  let open = -1;
  panels.forEach((panel, i) => {
    if (!wide[i]) open = open < 0 ? i : -1;
    if (open >= 0 && open !== i) wide[open] = true;
    if (wide[i]) open = -1;
  });
  if (open >= 0) wide[open] = true;
  return wide;
}

export function Panel({ panel, language, money, onCite, wide = isWide(panel) }) {
  const title = say(panel.title, language);
  return html`<section class=${wide ? "panel wide" : "panel"} data-panel=${panel.title}>
    <h3>${title}</h3>
    ${panel.chart ? html`<${Chart} chart=${panel.chart} title=${title} language=${language} money=${money} />` : ""}
    ${panel.notes.map((told) => html`<p class="note">${note(told, language, money)}</p>`)}
    ${panel.rows.length ? html`<${Table} columns=${panel.columns} rows=${panel.rows} units=${panel.units} language=${language} money=${money} caption=${say("page.as_table", language)}
      onCite=${onCite && ((cell) => onCite({ term: `${panel.title}: ${cell.row}, ${cell.column}`, value: cell.value, unit: cell.unit, tier: panel.tier || "derived" }))} />` : ""}
  </section>`;
}

// The blocks of an answer: lines as they are, rows as a table.
export function Blocks({ blocks, language }) {
  return blocks.map((block) => typeof block === "string" ? html`<pre tabindex="0">${block}</pre>`
    : html`<${Table} columns=${Object.keys(block[0] || {})} rows=${block} language=${language} caption=${say("page.as_table", language)} />`);
}
