// Beside the corridor: solve for an input, long questions with progress, and reading a file.
import { html, useEffect, useRef, useState } from "/static/vendor/preact-htm.module.js";
import { ask, cancel, get, Refused, upload } from "/static/net.js";
import { Blocks, Panel, Table } from "/static/panels.js";
import { figure, say } from "/static/words.js";

export function Seek({ tile, inputs, design, language, onUse, onClose }) {
  const usual = inputs.find((i) => /scale_up\.bandwidth$|memory\.bandwidth$|tco\.pue$/.test(i.key)) || inputs[0];
  const [key, setKey] = useState(usual.key);
  const input = inputs.find((i) => i.key === key) || usual;
  const [low, setLow] = useState(input.low ?? input.value / 2);
  const [high, setHigh] = useState(input.high ?? input.value * 2);
  const [target, setTarget] = useState(tile.value);
  const [told, setTold] = useState(null);
  const choose = (name) => {
    const found = inputs.find((i) => i.key === name);
    setKey(name);
    if (found) { setLow(found.low ?? found.value / 2); setHigh(found.high ?? found.value * 2); }
  };
  const unit = input.unit === "1" ? "" : ` ${input.unit}`;
  const run = async (event) => {
    event.preventDefault();
    try {
      const found = await ask("/api/seek", { ...design, span: `${key}=${low}${unit}:${high}${unit}`, target: `${tile.term}=${target}` }, "seek");
      setTold({ found: found[0] });
    } catch (error) { if (error.name !== "AbortError") setTold({ error: error.message }); }
  };
  return html`<form class="aside" onSubmit=${run} aria-label=${say("page.seek", language)}>
    <h2>${say("page.seek", language)}: ${say(tile.term, language)}</h2>
    <label>${say("page.seek_key", language)} <input list="keys" value=${key} onInput=${(e) => choose(e.target.value)} /></label>
    <datalist id="keys">${inputs.map((i) => html`<option value=${i.key} />`)}</datalist>
    <label>${say("page.seek_low", language)} <input type="number" step="any" value=${low} onInput=${(e) => setLow(e.target.value)} />${unit}</label>
    <label>${say("page.seek_high", language)} <input type="number" step="any" value=${high} onInput=${(e) => setHigh(e.target.value)} />${unit}</label>
    <label>${say("page.seek_target", language, { term: say(tile.term, language) })} <input type="number" step="any" value=${target} onInput=${(e) => setTarget(e.target.value)} /> ${tile.unit}</label>
    <p><button>${say("page.seek", language)}</button> <button type="button" onClick=${onClose}>${say("page.cancel", language)}</button></p>
    <div aria-live="polite">${told?.error ? html`<p class="error">${told.error}</p>` : ""}
    ${told?.found ? html`<p>${say("page.seek_found", language, { key, value: `${figure(told.found.value, 6)}${unit}`, target: figure(Number(target), 6) })}
      <button type="button" onClick=${() => onUse(key, told.found.value, input.unit)}>${say("page.use", language)}</button></p>` : ""}</div>
  </form>`;
}

const KINDS = ["serve", "month", "plans", "frontier", "flips", "reliability", "band"];

export function Jobs({ design, language }) {
  const [jobs, setJobs] = useState([]);
  const seen = useRef(jobs);
  seen.current = jobs;
  const put = (id, more) => setJobs((all) => all.map((job) => (job.id === id ? { ...job, ...more } : job)));
  const start = async (kind) => {
    const asked = design;
    try {
      const job = await ask("/api/jobs", { ...asked, kind });
      setJobs((all) => [{ ...job, asked }, ...all].slice(0, 6));
    } catch (error) { setJobs((all) => [{ id: `x${Date.now()}`, kind, asked, state: "failed", error: error.message, progress: 0 }, ...all].slice(0, 6)); }
  };
  useEffect(() => {
    const timer = setInterval(() => seen.current.filter((j) => ["waiting", "running", "silent"].includes(j.state)).forEach(async (job) => {
      try { put(job.id, await get(`/api/jobs/${job.id}`)); }
      catch (error) { put(job.id, error instanceof Refused && error.status === 404 ? { state: "lost" } : { state: "silent" }); }
    }), 700);
    return () => clearInterval(timer);
  }, []);
  const word = (state) => (state === "silent" ? say("page.offline", language) : say(`page.job.${state}`, language));
  return html`<section class="aside jobs" aria-label=${say("page.jobs", language)}>
    <h2>${say("page.jobs", language)}</h2>
    <p class="row">${KINDS.map((kind) => html`<button onClick=${() => start(kind)}>${say(`page.job.${kind}`, language)}</button>`)}</p>
    <ul aria-live="polite">${jobs.map((job) => html`<li key=${job.id} data-state=${job.state}>
      <strong>${say(`page.job.${job.kind}`, language)}</strong> ${word(job.state)}
      ${job.state === "running" ? html`<progress max="1" value=${job.progress || undefined} aria-label=${say("page.job.running", language)}></progress>` : ""}
      ${["waiting", "running"].includes(job.state) ? html`<button onClick=${() => cancel(`/api/jobs/${job.id}`)}>${say("page.cancel", language)}</button>` : ""}
      ${["lost", "failed", "cancelled"].includes(job.state) ? html`<button onClick=${() => start(job.kind)}>${say("page.job.again", language)}</button>` : ""}
      ${job.error ? html`<p class="error">${job.error}</p>` : ""}
      ${(job.answer?.panels || []).map((panel) => html`<${Panel} panel=${panel} language=${language} />`)}
      ${job.answer ? html`<${Blocks} blocks=${job.answer.blocks} language=${language} />` : ""}</li>`)}</ul>
  </section>`;
}

export function Import({ language }) {
  const [told, setTold] = useState(null);
  const read = async (event) => {
    const file = event.target.files[0];
    if (!file) return;
    try { setTold({ name: file.name, ...(await upload("/api/import", file)) }); }
    catch (error) { setTold({ name: file.name, error: error.message }); }
  };
  return html`<section class="aside" aria-label=${say("page.import", language)}>
    <h2>${say("page.import", language)}</h2>
    <label>${say("page.import_hint", language)} <input type="file" onChange=${read} /></label>
    ${told?.error ? html`<p class="error">${told.name}: ${told.error}</p>` : ""}
    ${told?.rows ? html`<p>${told.name}</p><${Table} columns=${Object.keys(told.rows[0] || {})} rows=${told.rows} language=${language} caption=${told.name} />` : ""}
  </section>`;
}
