// What is on the screen as an address, and back. Defaults are left out; what is not understood is said, never dropped.

export const VIEWS = ["why", "compare", "serving", "month", "bill", "company", "trust"];
export const LANGUAGES = ["en", "zh"];
export const CURRENCIES = ["CNY", "USD", "HKD"];
// Draws behind the ranges; the first are those of `clustersim run`.
export const DRAWS = [64, 256, 1024];
export const DEFAULTS = { scenario: "br166-1024", set: {}, pins: [], view: "why", language: "en", currency: "CNY", draws: DRAWS[0] };
// Longer addresses are cut by some mail programs and servers: they go into the fragment, which never leaves the browser.
export const LONGEST_QUERY = 1500;

const sorted = (set) => Object.fromEntries(Object.entries(set).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));

function valueText(value) {
  if (typeof value === "string") return /^(true|false|-?\d+(\.\d+)?([eE][-+]?\d+)?)$/.test(value) ? `'${value}` : value;
  return String(value);
}

function textValue(text) {
  if (text.startsWith("'")) return text.slice(1);
  if (text === "true" || text === "false") return text === "true";
  const number = /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(text) ? Number(text) : NaN;
  return Number.isFinite(number) ? number : text; // what no number holds stays as it is written, and is refused as that
}

function pinText(pin) {
  const inner = new URLSearchParams();
  for (const [key, value] of Object.entries(sorted(pin.set))) inner.append(`set.${key}`, valueText(value));
  const rest = inner.toString();
  return rest ? `${pin.scenario}?${rest}` : pin.scenario;
}

function textPin(text, unknown) {
  const cut = text.indexOf("?");
  if (cut < 0) return { scenario: text, set: {} };
  const set = [];
  for (const [key, value] of new URLSearchParams(text.slice(cut + 1))) {
    if (key.startsWith("set.") && key.length > 4) set.push([key.slice(4), textValue(value)]);
    else unknown.push(`${text.slice(0, cut)}: ${key}=${value}`);
  }
  return { scenario: text.slice(0, cut), set: sorted(Object.fromEntries(set)) };
}

// Return the address of a state: a query, or a fragment where it is long.
export function toAddress(state, version) {
  const query = new URLSearchParams();
  if (state.scenario !== DEFAULTS.scenario) query.append("scenario", state.scenario);
  for (const [key, value] of Object.entries(sorted(state.set))) query.append(`set.${key}`, valueText(value));
  for (const pin of state.pins) query.append("pin", pinText(pin));
  for (const name of ["view", "language", "currency", "draws"]) if (state[name] !== DEFAULTS[name]) query.append(name, state[name]);
  const text = query.toString();
  if (!text) return "/";
  if (version) query.append("version", version);
  const whole = query.toString();
  return whole.length > LONGEST_QUERY ? `/#${whole}` : `/?${whole}`;
}

// Return {state, unknown, version} of an address; `unknown` names what of it is not understood.
export function fromAddress(search, hash) {
  // A fragment is of a long state, or of somebody else's making: neither hides what the query says.
  const text = [search.replace(/^\?/, ""), hash.startsWith("#token=") ? "" : hash.slice(1)].filter(Boolean).join("&");
  const state = { ...DEFAULTS, set: {}, pins: [] };
  const set = []; // pairs: a key that is `__proto__` is a key, too
  const unknown = [];
  let version = "";
  for (const [key, value] of new URLSearchParams(text)) {
    if (key === "scenario") state.scenario = value;
    else if (key.startsWith("set.") && key.length > 4) set.push([key.slice(4), textValue(value)]);
    else if (key === "pin") state.pins.push(textPin(value, unknown));
    else if (key === "view" && VIEWS.includes(value)) state.view = value;
    else if (key === "language" && LANGUAGES.includes(value)) state.language = value;
    else if (key === "currency" && CURRENCIES.includes(value)) state.currency = value;
    else if (key === "draws" && DRAWS.includes(Number(value))) state.draws = Number(value);
    else if (key === "version") version = value;
    else unknown.push(`${key}=${value}`);
  }
  state.set = sorted(Object.fromEntries(set));
  return { state, unknown, version };
}
