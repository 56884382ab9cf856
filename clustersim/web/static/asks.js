// What is asked with more than a click: a proposal, designs within a limit, own or rent or tokens, files of one's own.
import { html, useState } from "/static/vendor/preact-htm.module.js";
import { FileButton } from "/static/asides.js";
import { ask } from "/static/net.js";
import { Panel } from "/static/panels.js";
import { say } from "/static/words.js";

const LANGUAGES = { en: "English", zh: "中文" };
const FORMS = ["pdf", "docx", "pptx", "xlsx", "html", "bundle"];
const LIMITS = { power: "1 MW", budget: "200 MCNY", racks: "40", tokens_per_day: "10 Gtokens" };

const toggled = (list, one) => (list.includes(one) ? list.filter((x) => x !== one) : [...list, one]);

function Boxes({ legend, choices, chosen, onChange }) {
  return html`<fieldset><legend>${legend}</legend>${Object.entries(choices).map(([name, words]) => html`<label class="box"><input type="checkbox" checked=${chosen.includes(name)}
    onChange=${() => onChange(toggled(chosen, name))} /> ${words}</label>`)}</fieldset>`;
}

export function Proposal({ scenarios, design, pins, language, onStart, onClose }) {
  const own = scenarios.find((s) => s.name === design.scenario);
  const alike = scenarios.filter((s) => s.name !== design.scenario && s.priced && s.kinds.some((k) => own?.kinds.includes(k))).map((s) => s.name);
  const [others, setOthers] = useState([...new Set(pins.map((p) => p.scenario).filter((name) => name !== design.scenario))]);
  const [languages, setLanguages] = useState([language]);
  const [forms, setForms] = useState(FORMS);
  const send = (event) => { event.preventDefault(); onStart({ others, languages, forms }); };
  return html`<form class="aside" onSubmit=${send} aria-label=${say("page.proposal", language)}>
    <h2>${say("page.proposal", language)}: ${design.scenario}</h2>
    <${Boxes} legend=${say("page.proposal_against", language)} choices=${Object.fromEntries([...alike, ...others].map((n) => [n, n]))} chosen=${others} onChange=${setOthers} />
    <${Boxes} legend=${say("page.proposal_languages", language)} choices=${LANGUAGES} chosen=${languages} onChange=${setLanguages} />
    <${Boxes} legend=${say("page.proposal_forms", language)} choices=${Object.fromEntries(FORMS.map((f) => [f, say(`page.form.${f}`, language)]))} chosen=${forms} onChange=${setForms} />
    <p><button disabled=${!others.length || others.length > 5 || !languages.length || !forms.length}>${say("page.proposal_write", language)}</button> <button type="button" onClick=${onClose}>${say("page.close", language)}</button></p>
    ${others.length ? "" : html`<p class="note">${say("page.proposal_needs", language)}</p>`}
  </form>`;
}

export function Limits({ pins, language, onStart }) {
  const [limit, setLimit] = useState("power");
  const [amount, setAmount] = useState(LIMITS.power);
  const send = (event) => { event.preventDefault(); onStart({ limit, amount: amount.trim(), pins }); };
  return html`<form class="panel wide" onSubmit=${send} aria-label=${say("compare.limits", language)}>
    <h3>${say("compare.limits", language)}</h3>
    <p class="note">${say("limits.ask", language)}</p>
    <p class="fields"><label>${say("limits.limit", language)} <select value=${limit} onChange=${(e) => { setLimit(e.target.value); setAmount(LIMITS[e.target.value]); }}>
      ${Object.keys(LIMITS).map((l) => html`<option value=${l} selected=${l === limit}>${say(`limits.${l}`, language)}</option>`)}</select></label>
    <label>${say("limits.amount", language)} <input value=${amount} onInput=${(e) => setAmount(e.target.value)} /></label>
    <button>${say("limits.go", language)}</button></p>
  </form>`;
}

export function Own({ design, language, money }) {
  const [rent, setRent] = useState("");
  const [api, setApi] = useState("");
  const [told, setTold] = useState(null);
  const rate = money.rate || 1;
  const send = async (event) => {
    event.preventDefault();
    setTold({ waits: true });
    const marks = Object.fromEntries(Object.entries({ rent, api }).filter(([, v]) => Number(v) > 0).map(([k, v]) => [k, Number(v) * rate]));
    try { setTold({ panels: await ask("/api/own", { ...design, marks }, "own") }); }
    catch (error) { if (error.name !== "AbortError") setTold({ error: error.message }); }
  };
  return html`<form class="panel wide" onSubmit=${send} aria-label=${say("own.title", language)}>
    <h3>${say("own.title", language)}</h3>
    <p class="note">${say("own.ask", language)}</p>
    <p class="fields"><label>${say("own.rent_price", language)} (${money.code}) <input type="number" min="0" step="any" value=${rent} onInput=${(e) => setRent(e.target.value)} /></label>
    <label>${say("own.api_price", language)} (${money.code}) <input type="number" min="0" step="any" value=${api} onInput=${(e) => setApi(e.target.value)} /></label>
    <button>${say("own.go", language)}</button></p>
    <div aria-live="polite">${told?.waits ? html`<p class="note">${say("page.computing", language)}</p>` : ""}
    ${told?.error ? html`<p class="error">${told.error}</p>` : ""}
    ${(told?.panels || []).map((p) => html`<${Panel} panel=${p} language=${language} money=${money} />`)}</div>
  </form>`;
}

// A file of one's own that a long question is asked about; nothing of it is kept by the server once that ends.
export function Upload({ kind, language, onStart }) {
  return html`<section class="panel wide" aria-label=${say(`page.job.${kind}`, language)}>
    <h3>${say(`page.job.${kind}`, language)}</h3>
    <${FileButton} label=${say(`page.upload.${kind}`, language)} language=${language} onFile=${onStart} />
  </section>`;
}
