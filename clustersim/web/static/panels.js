// A tab: panels of one chart and one table of the same numbers.
import { html, useEffect, useRef } from "/static/vendor/preact-htm.module.js";
import { engine, option } from "/static/charts.js";
import { figure, note, say, unitName } from "/static/words.js";

const MOST_ROWS = 60;

function Chart({ chart, title, language }) {
  const at = useRef(null);
  useEffect(() => {
    let drawn;
    let gone = false;
    const name = (key) => say(String(key), language);
    engine().then((echarts) => {
      if (gone || !at.current) return;
      drawn = echarts.init(at.current, null, { renderer: "svg" });
      drawn.setOption(option({ ...chart, unit: unitName(chart.unit || "", language) }, name));
    });
    const fit = () => drawn?.resize();
    addEventListener("resize", fit);
    return () => { gone = true; removeEventListener("resize", fit); drawn?.dispose(); };
  }, [chart, language]);
  const tall = ["bars_across", "tornado", "spans"].includes(chart.kind) ? 90 + 26 * chart.categories.length : 320;
  return html`<div class="chart" role="img" aria-label=${title} style=${`height:${tall}px`} ref=${at}></div>`;
}

export function Table({ columns, rows, units = {}, language, caption }) {
  return html`<div class="scroll" tabindex="0" role="group" aria-label=${caption}><table>
    <caption>${caption}</caption>
    <thead><tr>${columns.map((c) => html`<th scope="col" class=${rows.some((r) => typeof r[c] === "number") ? "num" : ""}>${say(c, language)}${units[c] && units[c] !== "1" ? html` <small>${unitName(units[c], language)}</small>` : ""}</th>`)}</tr></thead>
    <tbody>${rows.slice(0, MOST_ROWS).map((row) => html`<tr>${columns.map((c, i) => cell(row[c], i, language))}</tr>`)}</tbody>
  </table>${rows.length > MOST_ROWS ? html`<p class="more">${say("page.rows_more", language, { count: rows.length - MOST_ROWS })}</p>` : ""}</div>`;
}

function cell(value, index, language) {
  const number = typeof value === "number";
  const text = number ? figure(value) : value === true ? "✓" : value === false ? "✗" : Array.isArray(value) ? value.join("; ") : say(value ?? "–", language);
  return index === 0 ? html`<th scope="row">${text}</th>` : html`<td class=${number ? "num" : ""}>${text}</td>`;
}

export function Panel({ panel, language }) {
  const title = say(panel.title, language);
  return html`<section class=${panel.columns.length > 6 || panel.chart?.categories.length > 11 ? "panel wide" : "panel"}>
    <h3>${title}</h3>
    ${panel.chart ? html`<${Chart} chart=${panel.chart} title=${title} language=${language} />` : ""}
    ${panel.notes.map((told) => html`<p class="note">${note(told, language)}</p>`)}
    ${panel.rows.length ? html`<${Table} columns=${panel.columns} rows=${panel.rows} units=${panel.units} language=${language} caption=${say("page.as_table", language)} />` : ""}
  </section>`;
}

// The blocks of an answer: lines as they are, rows as a table.
export function Blocks({ blocks, language }) {
  return blocks.map((block) => typeof block === "string" ? html`<pre tabindex="0">${block}</pre>`
    : html`<${Table} columns=${Object.keys(block[0] || {})} rows=${block} language=${language} caption=${say("page.as_table", language)} />`);
}
