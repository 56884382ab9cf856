// Words in both languages, numbers as people read them, and money in the currency that is chosen.

let table = {};
export const setWords = (found) => { table = found; };

// An input of a part has the words of what it is, behind the part's name: cards.X.memory.bandwidth.
function ofPart(key) {
  const year = /^revenue_kcny (\d{4}[AE])$/.exec(key)?.[1];
  if (year && table["revenue_kcny 2027E"]) return [null, table["revenue_kcny 2027E"].map((words) => words.replace("2027E", year))];
  const [kind, part, ...rest] = String(key).split(".");
  if (kind === "prices" && part === "parts" && rest.length) return [rest.join("."), table["prices.parts.*"]];
  const found = rest.length ? table[`*.${rest.join(".")}`] : null;
  return found ? [part, found] : null;
}

export function say(key, language, parts = {}) {
  const side = language === "zh" ? 1 : 0;
  const found = table[key];
  const part = found ? null : ofPart(key);
  const text = found ? found[side] : part?.[1] ? [part[0], part[1][side]].filter(Boolean).join(" ") : String(key);
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in parts ? parts[name] : whole));
}

// A note: words, their key, or a key with what stands in its places (which may be keys themselves).
export function note(told, language) {
  if (!Array.isArray(told)) return say(told, language);
  const [key, parts] = told;
  return say(key, language, Object.fromEntries(Object.entries(parts).map(([name, text]) => [name, name === "unit" ? unitName(text, language) : say(text, language)])));
}

const UNITS = { "CNY/mtoken": ["CNY/Mtok", "元/百万词元"], "CNY/served_mtoken": ["CNY/Mtok", "元/百万词元"], "CNY/stream-hour": ["CNY/stream-h", "元/路时"],
  "CNY/card-hour": ["CNY/card-h", "元/卡时"], "CNY/useful_card-hour": ["CNY/useful card-h", "元/有效卡时"], "token/s": ["tok/s", "词元/秒"] };
export const unitName = (unit, language) => UNITS[unit]?.[language === "zh" ? 1 : 0] ?? (UNITS[unit.replace(/^(USD|HKD)/, "CNY")]?.[0].replace("CNY", unit.slice(0, 3)) ?? unit);

export function figure(value, digits = 4) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (typeof value !== "number") return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e15 || size < 1e-4)) return value.toExponential(digits - 1);
  if (size >= 1000) return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
  return value.toLocaleString("en-US", { maximumSignificantDigits: digits });
}

const SCALES = { B: [["TB", 1e12], ["GB", 1e9], ["MB", 1e6]], "B/s": [["TB/s", 1e12], ["GB/s", 1e9], ["MB/s", 1e6]], W: [["MW", 1e6], ["kW", 1e3]],
  s: [["s", 1], ["ms", 1e-3], ["us", 1e-6]], kCNY: [["bn CNY", 1e6], ["M CNY", 1e3]] };

// Return [number, unit] as people read them; the value itself is never rounded before it is scaled.
export function shown(value, unit, money = { code: "CNY", rate: 1 }) {
  if (typeof value !== "number") return [figure(value), unit || ""];
  if (unit === "1" || !unit) return [figure(value), ""];
  let number = value;
  let name = unit;
  if (/^k?CNY/.test(name) && money.code !== "CNY" && money.rate) {
    number = value / money.rate;
    name = name.replace("CNY", money.code);
  }
  const steps = SCALES[name] || (name === `k${money.code}` ? [[`bn ${money.code}`, 1e6], [`M ${money.code}`, 1e3]] : null);
  const step = steps?.find(([, size]) => Math.abs(number) >= size);
  if (step) return [figure(number / step[1]), step[0]];
  return [figure(number), name];
}
