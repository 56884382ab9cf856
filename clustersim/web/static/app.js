// The page: an address is a state, a state asks the server, its answers are shown.
import { html, render, useCallback, useEffect, useMemo, useRef, useState } from "/static/vendor/preact-htm.module.js";
import { Import, Seek, Term } from "/static/asides.js";
import { Limits, Own, Proposal, Upload } from "/static/asks.js";
import { asText, Inputs } from "/static/inputs.js";
import { Jobs, useJobs } from "/static/jobs.js";
import { ask, download, get, lines, Refused, Silent } from "/static/net.js";
import { Panel, widths } from "/static/panels.js";
import { CURRENCIES, fromAddress, toAddress, VIEWS } from "/static/state.js";
import { citation, Corridor, Drawn, Strip } from "/static/tiles.js";
import { note, say, setWords } from "/static/words.js";

const IDLE_MS = 250;
const RETRY_MS = 2000;
const LATE_MS = 600; // what comes sooner is shown with the rest: no panel goes and comes back under a slider
const MOST_PINS = 5;
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const EXPORTS = ["json", "csv", "md", "xlsx"];

function useSettled(value, wait) {
  const [settled, setSettled] = useState(value);
  useEffect(() => { const timer = setTimeout(() => setSettled(value), wait); return () => clearTimeout(timer); }, [JSON.stringify(value)]);
  return settled;
}

// Seconds since something was begun, told from the second one on; null where nothing is waited for.
function useSeconds(begun) {
  const [now, setNow] = useState(0);
  useEffect(() => {
    if (!begun) return;
    const timer = setInterval(() => setNow(performance.now()), 1000);
    return () => clearInterval(timer);
  }, [begun]);
  const seconds = begun ? Math.floor((now - begun) / 1000) : 0;
  return seconds >= 1 ? seconds : null;
}

// Whether the server is silent; it is tried again until it answers, and then all that is shown is asked anew.
function useSilence() {
  const [silent, setSilent] = useState(false);
  const [again, setAgain] = useState(0);
  useEffect(() => {
    if (!silent) return;
    const timer = setInterval(() => get("/api/words").then(() => { setSilent(false); setAgain((n) => n + 1); }).catch(() => {}), RETRY_MS);
    return () => clearInterval(timer);
  }, [silent]);
  return { silent, setSilent, again };
}

function App({ catalogue, first }) {
  const [state, setState] = useState(first.state);
  const [moved, setMoved] = useState({});
  const [told, setTold] = useState(null);
  const [inputs, setInputs] = useState([]);
  const [panels, setPanels] = useState({});
  const [problem, setProblem] = useState("");
  const [behind, setBehind] = useState(false); // what is asked cannot be computed: the numbers shown are of before
  const [busy, setBusy] = useState(false);
  const [seeking, setSeeking] = useState(null);
  const [said, setSaid] = useState(first.said);
  const [opened, setOpened] = useState(null);
  const [offering, setOffering] = useState(false);
  const [citing, setCiting] = useState(false);
  const [asked, setAsked] = useState(0); // when the tab that is waited for was asked
  const [drawing, setDrawing] = useState(0); // when the ranges that are waited for were asked
  const tabWaits = useSeconds(asked);
  const rangesWait = useSeconds(drawing);
  const { language } = state;
  const { silent, setSilent, again } = useSilence();
  const design = useMemo(() => ({ scenario: state.scenario, set: state.set }), [state.scenario, JSON.stringify(state.set)]);
  const latest = useRef(design);
  latest.current = design;
  const long = useJobs(design);
  const settled = useSettled(design, IDLE_MS);
  const fails = useCallback((error) => {
    if (error.name === "AbortError") return;
    if (error instanceof Silent) setSilent(true); else setProblem(error.message);
    setBusy(false);
  }, []);
  const change = (more) => setState((now) => ({ ...now, ...more }));
  const view = useRef(state.view);
  view.current = state.view;

  // What rests a moment is a step of the browser's history: back and forward undo and redo it.
  const rests = useSettled(state, IDLE_MS);
  useEffect(() => {
    const address = toAddress(rests, catalogue.version);
    const here = location.pathname + location.search + location.hash;
    if (address !== here) history[here === first.address ? "replaceState" : "pushState"](null, "", address);
    first.address = null;
  }, [rests]);
  useEffect(() => {
    const back = () => { const found = understood(catalogue); setMoved({}); setState(found.state); setSaid(found.said); };
    addEventListener("popstate", back);
    return () => removeEventListener("popstate", back);
  }, []);
  useEffect(() => { document.documentElement.lang = language; document.title = `${say("page.title", language)} · clustersim`; }, [language]);
  useEffect(() => {
    setBusy(true);
    const refused = (error) => { if (error instanceof Refused) setBehind(true); fails(error); };
    // Ranges of the same design may be there already: they hold these numbers too.
    ask("/api/corridor", design, "corridor").then((found) => { setTold((now) => (now?.draws && same(now.design, design) ? now : { ...found, design })); setProblem(""); setBehind(false); setBusy(false); }).catch(refused);
  }, [design, again]);
  useEffect(() => {
    // What was moved on since this was asked stays as it is under the pointer.
    const further = (all) => Object.fromEntries(Object.entries(all).filter(([key]) => latest.current.set[key] !== settled.set[key]));
    ask("/api/inputs", settled, "inputs").then((found) => { setInputs(found); setMoved(further); }).catch(fails);
  }, [settled, again]);
  useEffect(() => {
    // A line that comes late, of what was moved on since, is not shown.
    // Ranges of fewer draws than are asked for stand until those are there, or none of more come.
    const mine = performance.now();
    setDrawing(mine);
    const drawn = () => setDrawing((now) => (now === mine ? 0 : now));
    (async () => {
      for await (const found of lines("/api/band", { ...settled, points: state.draws }, "band")) if (found.tiles && same(latest.current, settled)) { setTold({ ...found, design: settled, more: found.points < state.draws }); drawn(); }
      setTold((now) => now && { ...now, more: false });
    })().catch(() => {}).finally(drawn);
  }, [settled, state.draws, again]);
  useEffect(() => {
    const compared = state.view === "compare";
    const body = compared ? { designs: [settled, ...state.pins].slice(0, 6), draws: state.draws } : { ...settled, view: state.view };
    const mine = performance.now();
    setAsked(mine);
    // What takes long of a tab comes after what is at hand, which is shown at once.
    const late = catalogue.late.includes(state.view);
    const show = (what) => setPanels({ of: state.view, ...what });
    ask(compared ? "/api/compare" : "/api/view", late ? { ...body, part: "first" } : body, "view").then((found) => {
      if (!late) return show({ found });
      const timer = setTimeout(() => show({ found, late }), LATE_MS);
      return ask("/api/view", { ...body, part: "late" }, "view").then((more) => show({ found: [...found, ...more] }), (error) => {
        if (!(error instanceof Refused)) throw error;
        show({ found, error: error.message });
      }).finally(() => clearTimeout(timer));
    })
      .catch((error) => { if (error instanceof Silent) fails(error); else if (error.name !== "AbortError") setPanels({ of: state.view, error: error.message }); })
      .finally(() => setAsked((now) => (now === mine ? 0 : now)));
  }, [settled, state.view, JSON.stringify(state.pins), state.view === "compare" && state.draws, again]);

  const money = { code: state.currency, rate: told?.rates?.[state.currency] || (state.currency === "CNY" ? 1 : 0) };
  const set = (key, value) => { setMoved({}); change({ set: { ...state.set, [key]: value } }); };
  const move = (input, value) => { setMoved((all) => ({ ...all, [input.key]: value })); change({ set: { ...state.set, [input.key]: asText(value, input.unit) } }); };
  const reset = (key) => { const { [key]: gone, ...rest } = state.set; setMoved({}); change({ set: rest }); };
  const copy = (text, word) => navigator.clipboard?.writeText(text).then(() => setSaid(word), () => setSaid(text)) ?? setSaid(text);
  const share = () => copy(location.origin + toAddress(state, catalogue.version), say("page.copied", language));
  const cite = (found) => copy(citation(found, state, catalogue.version), citation(found, state, catalogue.version));
  const begin = (...asked) => { long.start(...asked); document.getElementById("jobs")?.scrollIntoView(); };
  const pin = () => change({ pins: [...state.pins, design].slice(0, MOST_PINS) });
  const tab = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = VIEWS[(VIEWS.indexOf(state.view) + step + VIEWS.length) % VIEWS.length];
    change({ view: next });
    document.getElementById(`tab-${next}`)?.focus();
  };

  return html`<a class="skip" href="#corridor" onClick=${(e) => { e.preventDefault(); document.getElementById("corridor").focus(); }}>${say("page.skip", language)}</a>
  <header>
    <h1>${say("page.title", language)}</h1>
    <label>${say("page.scenario", language)} <select value=${state.scenario} onChange=${(e) => { setMoved({}); change({ scenario: e.target.value, set: {} }); }}>
      ${catalogue.scenarios.map((s) => html`<option value=${s.name} title=${s.description} selected=${s.name === state.scenario}>${s.name}</option>`)}</select></label>
    <button onClick=${pin} disabled=${state.pins.length >= MOST_PINS}>${say("page.compare_add", language)}</button>
    ${state.pins.map((p, i) => html`<span class="pin">${p.scenario}${Object.keys(p.set).length ? "*" : ""}
      <button onClick=${() => change({ pins: state.pins.filter((_, j) => j !== i) })} aria-label=${`${say("page.unpin", language)}: ${p.scenario}`}>×</button></span>`)}
    <button onClick=${() => change({ language: language === "en" ? "zh" : "en" })} lang=${language === "en" ? "zh" : "en"}>${say("page.language", language)}</button>
    <label>${say("page.currency", language)} <select value=${state.currency} onChange=${(e) => change({ currency: e.target.value })}>${CURRENCIES.map((c) => html`<option value=${c} selected=${c === state.currency}>${c}</option>`)}</select></label>
    <button onClick=${share}>${say("page.share", language)}</button>
    <label>${say("page.export", language)} <select value="" onChange=${(e) => { const as = e.target.value; e.target.value = ""; if (as) download("/api/export", { ...design, as }, `${state.scenario}.${as}`).catch(fails); }}>
      <option value="">–</option>${EXPORTS.map((x) => html`<option value=${x}>${x.toUpperCase()}</option>`)}</select></label>
    <button aria-expanded=${offering} onClick=${() => setOffering(!offering)}>${say("page.proposal", language)}</button>
    <button aria-pressed=${citing} onClick=${() => setCiting(!citing)}>${say("page.cite_any", language)}</button>
    <button class="to-inputs" onClick=${() => document.getElementById("inputs")?.scrollIntoView()}>${say("page.to_inputs", language)}</button>
    <span class="status" role="status">${say(silent ? "page.offline" : busy ? "page.computing" : "page.ready", language)}</span>
  </header>
  ${said ? html`<p class="said" role="alert">${said} <button onClick=${() => setSaid("")} aria-label="×">×</button></p>` : ""}
  ${problem ? html`<p class="error" role="alert">${problem}</p>` : ""}
  ${silent ? html`<p class="error" role="alert">${say("page.stale", language)}</p>` : ""}
  ${behind && told ? html`<p class="error behind" role="alert">${say("page.behind", language)}</p>` : ""}
  <div class=${silent || (behind && told) ? "body stale" : "body"}>
    <${Inputs} inputs=${inputs} design=${design} onSet=${set} set=${state.set} moved=${moved} language=${language} money=${money} onMove=${move} onReset=${reset} onResetAll=${() => { setMoved({}); change({ set: {} }); }} />
    <main>
      <${Corridor} told=${told} language=${language} money=${money} onSeek=${(tile) => { setOpened(null); setSeeking(tile); }} onCite=${cite} onOpen=${(tile) => { setSeeking(null); setOpened(tile); }} />
      <${Strip} told=${told} language=${language} money=${money} />
      ${opened ? html`<${Term} tile=${opened} design=${settled} language=${language} money=${money} onCite=${citing && cite} onClose=${() => setOpened(null)} />` : ""}
      ${told ? html`<p class="note">${say("page.weakest", language, { tier: say(`page.tier.${told.weakest_tier}`, language) })}</p>` : ""}
      ${(told?.remarks || []).map((said) => html`<p class="note remark" role="note">${note(said, language)}</p>`)}
      <${Drawn} told=${told} waits=${rangesWait} draws=${state.draws} language=${language} onChange=${(draws) => change({ draws })} />
      ${offering ? html`<${Proposal} scenarios=${catalogue.scenarios} design=${design} pins=${state.pins} language=${language} onClose=${() => setOffering(false)}
        onStart=${(options) => { setOffering(false); begin("proposal", options); }} />` : ""}
      ${seeking && inputs.length ? html`<${Seek} key=${`${seeking.term} ${money.code}`} tile=${seeking} inputs=${inputs} design=${design} language=${language} money=${money} onClose=${() => setSeeking(null)}
        onUse=${(key, value, unit) => { setSeeking(null); change({ set: { ...state.set, [key]: asText(value, unit) } }); }} />` : ""}
      <div role="tablist" class="tabs" onKeyDown=${tab}>${VIEWS.map((name) => html`<button role="tab" id=${`tab-${name}`} aria-controls="panels" aria-selected=${state.view === name}
        tabindex=${state.view === name ? 0 : -1} onClick=${() => change({ view: name })}>${say(`page.view.${name}`, language)}</button>`)}</div>
      <div role="tabpanel" id="panels" aria-labelledby=${`tab-${state.view}`} data-view=${panels.of || ""} aria-busy=${asked > 0}>
        ${tabWaits === null ? "" : html`<p class="note waits wide" role="status">${say(panels.late && panels.of === state.view ? `page.late.${state.view}` : "page.view_waits", language, { seconds: tabWaits })}</p>`}
        ${panels.error ? html`<p class="note">${panels.error}</p>` : ""}
        ${(panels.found || []).map((p, i, all) => html`<${Panel} wide=${widths(all)[i]} key=${`${panels.of}${p.title}${i}`} panel=${p} language=${language} money=${money} onCite=${citing && cite} />`)}
        ${state.view === "compare" ? html`<${Limits} pins=${state.pins} language=${language} onStart=${(options) => begin("limits", options)} />
          <${Own} design=${design} language=${language} money=${money} />` : ""}
        ${state.view === "serving" ? html`<section class="panel wide"><h3>${say("serving.frontier", language)}</h3><button onClick=${() => begin("frontier")}>${say("page.job.frontier", language)}</button></section><${Upload} kind="trace" language=${language} onStart=${(file) => begin("trace", {}, file)} />` : ""}
        ${state.view === "trust" ? html`<${Import} language=${language} /><${Upload} kind="calibrate" language=${language} onStart=${(file) => begin("calibrate", {}, file)} />` : ""}
      </div>
      <${Jobs} ...${long} language=${language} money=${money} />
    </main>
  </div>`;
}

// Names in an address that the server does not know are said; the rest of the address is kept.
function understood(catalogue) {
  const { state, unknown, version } = fromAddress(location.search, location.hash);
  const names = catalogue.scenarios.map((s) => s.name);
  const lost = [...unknown];
  if (!names.includes(state.scenario)) { lost.push(`scenario=${state.scenario}`, ...Object.entries(state.set).map(([key, value]) => `set.${key}=${value}`)); state.scenario = names.includes("br166-1024") ? "br166-1024" : names[0]; state.set = {}; }
  state.pins = state.pins.filter((p) => names.includes(p.scenario) || (lost.push(`pin=${p.scenario}`), false));
  lost.push(...state.pins.splice(MOST_PINS).map((p) => `pin=${p.scenario}`));
  const said = [];
  if (lost.length) said.push(say("page.unknown", state.language, { what: lost.join(", ") }));
  if (version && version !== catalogue.version) said.push(say("page.other_version", state.language, { theirs: version, ours: catalogue.version }));
  return { state, said: said.join(" · "), address: location.pathname + location.search + location.hash };
}

// Without an answer there are no words of the server: these are the page's own, in both languages.
const NONE = "The server does not answer: start it, then load this page anew. 服务器无响应:启动后请刷新本页。";
const LOCKED = "This server needs its token: open the address that it printed, #token=… at its end. 此服务器需要令牌:请打开其启动时打印的、以 #token=… 结尾的地址。";

async function openPage() {
  const [catalogue, words] = await Promise.all([get("/api/catalogue"), get("/api/words")]);
  setWords(words);
  document.getElementById("app").replaceChildren();
  render(html`<${App} catalogue=${catalogue} first=${understood(catalogue)} />`, document.getElementById("app"));
}

openPage().catch((error) => {
  const words = error.status === 401 ? LOCKED : error instanceof Silent ? NONE : error.message;
  render(html`<main><h1>clustersim</h1><p class="error" role="alert">${words}</p></main>`, document.getElementById("app"));
});
