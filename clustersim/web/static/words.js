// Words in both languages, numbers as people read them, and money in the currency that is chosen.

let table = {};
export const setWords = (found) => { table = found; };

export function say(key, language, parts = {}) {
  const found = table[key];
  const text = found ? found[language === "zh" ? 1 : 0] : String(key);
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in parts ? parts[name] : whole));
}

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
