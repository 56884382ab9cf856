// Beside the corridor: drag an output to solve for an input, and reading a file.
import { html, useEffect, useRef, useState } from "/static/vendor/preact-htm.module.js";
import { ask, upload } from "/static/net.js";
import { Panel, Table } from "/static/panels.js";
import { priceOf } from "/static/tiles.js";
import { figure, say, scaleOf, unitName } from "/static/words.js";

export function Seek({ tile, inputs, design, language, money: chosen, onUse, onClose }) {
  const usual = inputs.find((i) => /scale_up\.bandwidth$|memory\.bandwidth$|tco\.pue$/.test(i.key)) || inputs[0];
  const [key, setKey] = useState(usual.key);
  const input = inputs.find((i) => i.key === key) || usual;
  const [low, setLow] = useState(input.low ?? input.value / 2);
  const [high, setHigh] = useState(input.high ?? input.value * 2);
  const [target, setTarget] = useState(null);
  const [told, setTold] = useState(null);
  const choose = (name) => {
    const found = inputs.find((i) => i.key === name);
    setKey(name);
    if (found) { setLow(found.low ?? found.value / 2); setHigh(found.high ?? found.value * 2); }
  };
  const unit = input.unit === "1" ? "" : ` ${input.unit}`;
  const shownUnit = unit && ` ${unitName(input.unit, language)}`;
  // The target is read and written in the currency of the tile; the server is asked in the tile's own unit.
  const { factor, unit: targetUnit } = scaleOf([], tile.unit, priceOf(tile, chosen));
  const span = Number((tile.value * factor).toPrecision(8)) || 1;
  const wantedNow = target ?? span;
  const run = async (event, wanted = wantedNow) => {
    event.preventDefault();
    setTold({ waits: true });
    try {
      const found = await ask("/api/seek", { ...design, span: `${key}=${low}${unit}:${high}${unit}`, target: `${tile.term}=${Number(wanted) / factor}` }, "seek");
      setTold({ found: found[0], target: Number(wanted) });
    } catch (error) { if (error.name !== "AbortError") setTold({ error: error.message }); }
  };
  return html`<form class="aside" onSubmit=${run} aria-label=${say("page.seek", language)}>
    <h2>${say("page.seek", language)}: ${say(tile.term, language)}</h2>
    <label>${say("page.seek_key", language)} <input list="keys" value=${key} onInput=${(e) => choose(e.target.value)} /></label>
    <datalist id="keys">${inputs.map((i) => html`<option value=${i.key} />`)}</datalist>
    <label>${say("page.seek_low", language)} <input type="number" step="any" value=${low} onInput=${(e) => setLow(e.target.value)} />${shownUnit}</label>
    <label>${say("page.seek_high", language)} <input type="number" step="any" value=${high} onInput=${(e) => setHigh(e.target.value)} />${shownUnit}</label>
    <label>${say("page.seek_target", language, { term: say(tile.term, language) })} <input type="number" step="any" value=${wantedNow} onInput=${(e) => setTarget(e.target.value)} /> ${unitName(targetUnit, language)}</label>
    <input type="range" min="-500" max="500" step="1" aria-label=${say("page.seek_drag", language, { term: say(tile.term, language) })} value=${Math.round(1000 * (Number(wantedNow) / span - 1))}
      onInput=${(e) => setTarget(Number((span * (1 + Number(e.target.value) / 1000)).toPrecision(6)))} onChange=${(e) => run(e, Number((span * (1 + Number(e.target.value) / 1000)).toPrecision(6)))} />
    <p><button>${say("page.seek", language)}</button> <button type="button" onClick=${onClose}>${say("page.close", language)}</button></p>
    <div aria-live="polite">${told?.waits ? html`<p class="note">${say("page.computing", language)}</p>` : ""}
    ${told?.error ? html`<p class="error">${told.error}</p>` : ""}
    ${told?.found ? html`<p>${say("page.seek_found", language, { key, value: `${figure(told.found.value, 6)}${shownUnit}`, target: `${figure(told.target, 6)} ${unitName(targetUnit, language)}`.trim() })}${" "}
      <button type="button" onClick=${() => onUse(key, told.found.value, input.unit)}>${say("page.use", language)}</button></p>` : ""}</div>
  </form>`;
}

// What a number of the corridor is made of; it follows the design while it is open.
export function Term({ tile, design, language, money, onCite, onClose }) {
  const [told, setTold] = useState(null);
  const at = useRef(null);
  useEffect(() => { at.current?.focus(); }, [tile.term]);
  useEffect(() => {
    setTold(null);
    ask("/api/term", { ...design, term: tile.term }, "term").then((panels) => setTold({ panels })).catch((error) => { if (error.name !== "AbortError") setTold({ error: error.message }); });
  }, [tile.term, JSON.stringify(design)]);
  return html`<section class="aside term" aria-label=${say("page.open_term", language)} tabindex="-1" ref=${at} onKeyDown=${(e) => e.key === "Escape" && onClose()}>
    <h2>${say(tile.term, language)} <button onClick=${onClose}>${say("page.close", language)}</button></h2>
    <div aria-live="polite">${told ? "" : html`<p class="note">${say("page.computing", language)}</p>`}
    ${told?.error ? html`<p class="error">${told.error}</p>` : ""}
    ${(told?.panels || []).map((panel) => html`<${Panel} wide panel=${panel} language=${language} money=${money} onCite=${onCite} />`)}</div>
  </section>`;
}

// The browser's own button speaks the browser's language; this one the page's.
export function FileButton({ label, language, onFile }) {
  const chosen = (event) => { const file = event.target.files[0]; if (file) onFile(file); event.target.value = ""; };
  return html`<p>${label}</p><label class="file">${say("page.choose_file", language)}<input type="file" aria-label=${label} onChange=${chosen} /></label>`;
}

export function Import({ language }) {
  const [told, setTold] = useState(null);
  const read = async (file) => {
    try { setTold({ name: file.name, ...(await upload("/api/import", file)) }); }
    catch (error) { setTold({ name: file.name, error: error.message }); }
  };
  const spoken = language === "zh" && told?.in_chinese ? told.in_chinese : told;
  return html`<section class="panel wide" aria-label=${say("page.import", language)}>
    <h2>${say("page.import", language)}</h2>
    <${FileButton} label=${say("page.import_hint", language)} language=${language} onFile=${read} />
    ${told?.error ? html`<p class="error">${told.name}: ${told.error}</p>` : ""}
    ${told?.rows ? html`<p>${told.name}</p><${Table} columns=${Object.keys(spoken.rows[0] || {})} rows=${spoken.rows} language=${language} caption=${told.name} />` : ""}
    ${(spoken?.said || []).map((text) => html`<p class="note">${text}</p>`)}
  </section>`;
}
