// Every sourced number of the scenario as a slider on its stated range, the file's value marked, its source at hand.
import { html, useEffect, useMemo, useState } from "/static/vendor/preact-htm.module.js";
import { ask } from "/static/net.js";
import { say, shown, unitName } from "/static/words.js";

const MOST_SHOWN = 14;
const FIRST = [/memory\.bandwidth$/, /scale_up\.bandwidth$/, /compute\.bf16/, /memory\.capacity$/, /^tco\.(pue|tariff|wacc|sold_share)$/, /mttf_scale$/, /parts\.[^.]+$/, /\.tdp$/];

const hasRange = (input) => input.low !== null && input.high !== null && input.low < input.high;

function ends(input) {
  const value = input.base ?? input.value;
  const [low, high] = hasRange(input) ? [input.low, input.high] : [value / 2, value * 2];
  return [Math.min(low, input.value), Math.max(high, input.value)];
}

// A slider's value as the server takes it: with its unit, so that nothing is guessed.
export function asText(value, unit) {
  const number = Number(value.toPrecision(6));
  return unit === "1" || !unit ? number : `${number} ${unit}`;
}

function rank(key) {
  const found = FIRST.findIndex((pattern) => pattern.test(key));
  return found < 0 ? FIRST.length : found;
}

// Where the pointer or the keyboard comes to a slider, the server runs points along it: its moves are replayed then.
const READY = [0.5, 0, 1, 0.25, 0.75, 0.12, 0.88, 0.4];
const asked = new Set();
function getReady(design, input) {
  const about = JSON.stringify([design.scenario, Object.entries(design.set).filter(([key]) => key !== input.key), input.key]);
  if (asked.has(about)) return;
  asked.add(about);
  const [low, high] = ends(input);
  const values = READY.map((at) => asText(low + at * (high - low), input.unit));
  ask("/api/ready", { ...design, key: input.key, values }, "ready").catch(() => asked.delete(about));
}

function Slider({ input, design, value, changed, language, money, onMove, onReset }) {
  const [low, high] = ends(input);
  const scale = high > low ? (high - low) / 1000 : 1;
  const base = input.base ?? input.value;
  const at = Math.round((value - low) / scale);
  const [number, unit] = shown(value, input.unit, money);
  const name = say(input.key, language);
  return html`<li class=${changed ? "input changed" : "input"}>
    <label for=${`i-${input.key}`} title=${input.says}>${name}${name === input.key ? "" : html` <code>${input.key}</code>`}</label>
    <output>${number} ${unitName(unit, language)}</output>
    <input id=${`i-${input.key}`} type="range" min="0" max="1000" step="1" value=${at} aria-valuetext=${`${number} ${unitName(unit, language)}`}
      style=${`--base:${(100 * (base - low)) / (high - low || 1)}%`}
      onPointerEnter=${() => getReady(design, input)} onFocus=${() => getReady(design, input)} onInput=${(event) => onMove(input, low + scale * Number(event.target.value))} />
    <p class="source" title=${input.source || ""}><span class="tier-word">${say(`page.tier.${input.tier}`, language)}</span> ${changed ? say("page.changed_here", language) : input.source || ""}${hasRange(input) ? "" : html` <span class="no-range">${say("page.no_range", language)}</span>`}</p>
    ${changed ? html`<button class="reset" onClick=${() => onReset(input.key)} aria-label=${`${say("page.reset", language)}: ${input.key}`}>↺</button>` : ""}
  </li>`;
}

const MOST_KEYS = 8;

// What was typed as the server takes it: a number, true or false, or words with their unit.
function typed(text) {
  const plain = text.trim();
  if (plain === "true" || plain === "false") return plain === "true";
  return /^[-+]?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(plain) ? Number(plain) : plain;
}

function KeyRow({ row, set, language, onSet, onReset }) {
  const [text, setText] = useState(String(set[row.key] ?? row.value));
  const name = say(row.key, language);
  const send = (event) => { event.preventDefault(); onSet(row.key, typed(text)); };
  return html`<li class=${row.key in set ? "input changed" : "input"}><form onSubmit=${send}>
    <label title=${row.says}>${name === row.key ? "" : name} <code>${row.key}</code> <input value=${text} aria-label=${say("page.key_value", language, { key: row.key })} onInput=${(e) => setText(e.target.value)} /></label>
    <button>${say("page.set_key", language)}</button>
    ${row.key in set ? html`<button type="button" onClick=${() => onReset(row.key)} aria-label=${`${say("page.reset", language)}: ${row.key}`}>↺</button>` : ""}
  </form></li>`;
}

// Names, plans, counts and whatever else a file says: found by the same word, changed by typing.
function Keys({ word, design, sliders, set, language, onSet, onReset }) {
  const [told, setTold] = useState(null);
  useEffect(() => { if (word) ask("/api/keys", { scenario: design.scenario }, "keys").then((rows) => setTold(rows)).catch(() => {}); }, [Boolean(word), design.scenario]);
  if (!word && !Object.keys(set).some((key) => !sliders.has(key))) return "";
  const low = word.toLowerCase();
  const own = Object.keys(set).filter((key) => !sliders.has(key) && !told?.some((row) => row.key === key)).map((key) => ({ key, value: String(set[key]), says: "" }));
  const alike = [...own, ...(told || [])].filter((row) => !sliders.has(row.key) && (row.key in set || (low && (row.key.toLowerCase().includes(low) || say(row.key, language).toLowerCase().includes(low)))));
  const whole = /^[\w-]+(\.[\w-]+)+$/.test(word) && !sliders.has(word) && !alike.some((row) => row.key === word) ? [{ key: word, value: "", says: "" }] : [];
  const rows = [...alike].sort((a, b) => (b.key in set) - (a.key in set)).slice(0, MOST_KEYS);
  return html`<h3>${say("page.other_keys", language)}</h3>
    <ul>${[...rows, ...whole].map((row) => html`<${KeyRow} key=${`${row.key}=${set[row.key]}`} row=${row} set=${set} language=${language} onSet=${onSet} onReset=${onReset} />`)}</ul>
    ${alike.length > MOST_KEYS ? html`<p class="more">${say("page.more", language, { count: alike.length - MOST_KEYS })}</p>` : ""}
    ${told && !rows.length && !whole.length ? html`<p class="more">${say("page.no_key", language)}</p>` : ""}`;
}

const moves = (input) => input.value > 0 || input.base > 0;

export function Inputs({ inputs, design, set, moved, language, money, onMove, onSet, onReset, onResetAll }) {
  const [word, setWord] = useState("");
  const sliders = useMemo(() => new Set((inputs || []).filter(moves).map((i) => i.key)), [inputs]);
  const [only, setOnly] = useState(false);
  // What was changed when the list was asked for stands first. A slider that is being moved stays where it is: a row
  // that changes its place loses the pointer and the focus.
  const first = useMemo(() => set, [word, only, design.scenario]);
  const found = useMemo(() => {
    const low = word.toLowerCase();
    const rows = (inputs || []).filter((i) => moves(i) && (!low || i.key.toLowerCase().includes(low) || say(i.key, language).toLowerCase().includes(low) || i.says.toLowerCase().includes(low)));
    const kept = only ? rows.filter((i) => i.key in set || i.key in moved) : rows;
    return [...kept].sort((a, b) => (b.key in first) - (a.key in first) || rank(a.key) - rank(b.key));
  }, [inputs, word, only, set, first]);
  const more = found.length - MOST_SHOWN;
  return html`<aside class="inputs" id="inputs" aria-label=${say("page.inputs", language)}>
    <h2>${say("page.inputs", language)}</h2>
    <input type="search" placeholder=${say("page.search", language)} aria-label=${say("page.search", language)} value=${word} onInput=${(e) => setWord(e.target.value)} />
    <p class="row"><label><input type="checkbox" checked=${only} onChange=${(e) => setOnly(e.target.checked)} /> ${say("page.changed_only", language)}</label>
      <button onClick=${onResetAll} disabled=${!Object.keys(set).length}>${say("page.reset_all", language)}</button></p>
    <ul>${found.slice(0, MOST_SHOWN).map((input) => html`<${Slider} key=${input.key} input=${input} design=${design} language=${language} money=${money}
      value=${moved[input.key] ?? input.value} changed=${input.key in set} onMove=${onMove} onReset=${onReset} />`)}</ul>
    ${more > 0 ? html`<p class="more">${say("page.more", language, { count: more })}</p>` : ""}
    <${Keys} word=${word.trim()} design=${design} sliders=${sliders} set=${set} language=${language} onSet=${onSet} onReset=${onReset} />
  </aside>`;
}
