// Words in both languages, numbers as people read them, and money in the currency that is chosen.

let table = Object.create(null);
// Without a prototype: a key such as `constructor` is a name of nothing here.
export const setWords = (found) => { table = Object.assign(Object.create(null), found); };

// An input of a part has the words of what it is, behind the part's name: cards.X.memory.bandwidth.
function ofPart(key) {
  const year = /^revenue_kcny (\d{4}[AE])$/.exec(key)?.[1];
  if (year && table["revenue_kcny 2027E"]) return [null, table["revenue_kcny 2027E"].map((words) => words.replace("2027E", year))];
  const [kind, part, ...rest] = String(key).split(".");
  // An input of the company is known by its own name; the company is one.
  if (kind === "company" && part) return table[[part, ...rest].join(".")] || table[rest.at(-1) ?? part] ? [null, table[[part, ...rest].join(".")] || table[rest.at(-1) ?? part]] : null;
  if (kind === "incumbent" && rest.length && table[[part, ...rest].join(".")]) return [null, table[[part, ...rest].join(".")].map((words, side) => table["page.of_incumbent"][side].replace("{name}", words))];
  if (kind === "prices" && part === "parts" && rest.length) return [rest.join("."), table["prices.parts.*"]];
  const found = rest.length ? table[`*.${rest.join(".")}`] : null;
  if (found) return [part, found];
  // A term of one workload of several stands behind the workload's name.
  return rest.length || !part ? null : table[part] ? [kind, table[part]] : null;
}

export function say(key, language, parts = {}) {
  const side = language === "zh" ? 1 : 0;
  const found = table[key];
  const part = found ? null : ofPart(key);
  const text = found ? found[side] : part?.[1] ? [part[0], part[1][side]].filter(Boolean).join(" ") : String(key);
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in parts ? parts[name] : whole));
}

const PRICED = new Set(["value", "own", "other", "mark", "cost"]);

// A note: words, their key, or a key with what stands in its places (which may be keys, or money of the unit there).
export function note(told, language, money) {
  if (!Array.isArray(told)) return say(told, language);
  const [key, parts] = told;
  const { factor, unit } = scaleOf([], parts.unit || "", money);
  const word = (name, text) => {
    if (name === "unit") return unitName(unit, language);
    if (Array.isArray(text)) return note(text, language, money);
    return PRICED.has(name) && factor !== 1 ? figure(Number(text) * factor) : say(text, language);
  };
  return say(key, language, Object.fromEntries(Object.entries(parts).map(([name, text]) => [name, word(name, text)])));
}

const UNITS = { "kWh/mtoken": ["kWh/Mtok", "千瓦时/百万词元"], "kWh/served_mtoken": ["kWh/Mtok", "千瓦时/百万词元"], "CNY/kWh": ["CNY/kWh", "元/千瓦时"],
  "CNY/h": ["CNY/h", "元/小时"], "CNY/month": ["CNY/month", "元/月"], year: ["years", "年"], years: ["years", "年"], week: ["weeks", "周"], weeks: ["weeks", "周"], d: ["days", "天"], h: ["h", "小时"],
  "token/d": ["tok/day", "词元/天"], card: ["cards", "张"], cards: ["cards", "张"], kCNY: ["kCNY", "千元"], MCNY: ["M CNY", "百万元"], "kgCO2/kWh": ["kgCO2/kWh", "千克CO2/千瓦时"],
  "TCNY/year": ["TCNY/year", "万亿元/年"], "CNY/image": ["CNY/image", "元/张"], "CNY/sample": ["CNY/sample", "元/样本"], "CNY/mtoken": ["CNY/Mtok", "元/百万词元"], "CNY/served_mtoken": ["CNY/Mtok", "元/百万词元"], "CNY/stream-hour": ["CNY/stream-h", "元/路时"],
  "CNY/card-hour": ["CNY/card-h", "元/卡时"], "CNY/useful_card-hour": ["CNY/useful card-h", "元/有效卡时"], "token/s": ["tok/s", "词元/秒"],
  "CNY/input_mtoken": ["CNY/Mtok", "元/百万词元"], "CNY/output_mtoken": ["CNY/Mtok", "元/百万词元"], "CNY/year": ["CNY/year", "元/年"],
  "M CNY/year": ["M CNY/year", "百万元/年"], "bn CNY/year": ["bn CNY/year", "十亿元/年"], "M CNY": ["M CNY", "百万元"], "bn CNY": ["bn CNY", "十亿元"], CNY: ["CNY", "元"],
  "Gtok/d": ["Gtok/day", "十亿词元/天"], "Mtok/d": ["Mtok/day", "百万词元/天"] };
export function unitName(unit, language) {
  const side = language === "zh" ? 1 : 0;
  if (UNITS[unit]) return UNITS[unit][side];
  const code = /\b(USD|HKD)\b/.exec(unit)?.[1];
  const known = code && UNITS[unit.replace(code, "CNY")];
  return known ? known[side].replace(/CNY|元/, side ? { USD: "美元", HKD: "港元" }[code] : code) : unit;
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
  s: [["s", 1], ["ms", 1e-3], ["us", 1e-6]], "token/d": [["Gtok/d", 1e9], ["Mtok/d", 1e6]], FLOP: [["TFLOP", 1e12]], "FLOP/s": [["PFLOP/s", 1e15], ["TFLOP/s", 1e12]] };

function steps(unit) {
  if (SCALES[unit]) return SCALES[unit];
  const [, size, code, rest] = /^([kM]?)([A-Z]{3})(\/year)?$/.exec(unit) || [];
  if (!code) return [];
  const whole = { "": 1, k: 1e3, M: 1e6 }[size];
  const found = [[`bn ${code}${rest || ""}`, 1e9 / whole], [`M ${code}${rest || ""}`, 1e6 / whole]];
  return size ? [...found, [`${code}${rest || ""}`, 1 / whole]] : found;
}

// Return {factor, unit}: how numbers of a unit are shown together, in the chosen currency. A share's price keeps its listing's.
export function scaleOf(numbers, unit, money = { code: "CNY", rate: 1 }) {
  if (!unit || unit === "1") return { factor: 1, unit: "" };
  if (unit.endsWith("/share")) return { factor: 1, unit: unit.slice(0, -6) };
  let name = unit;
  let factor = 1;
  if (/^k?CNY/.test(name) && money.code !== "CNY" && money.rate) {
    factor = 1 / money.rate;
    name = name.replace("CNY", money.code);
  }
  const most = Math.max(0, ...numbers.map((n) => Math.abs(n) * factor).filter(Number.isFinite));
  const least = Math.min(most, ...numbers.map((n) => Math.abs(n) * factor).filter((n) => n > 0));
  // Money: not so large a step that the smallest number beside it would lose its digits.
  const step = most ? steps(name).find(([shown, size]) => most >= size && (!/^(bn|M) /.test(shown) || least >= size / 200)) : null;
  return step ? { factor: factor / step[1], unit: step[0] } : { factor, unit: name };
}

// Return [number, unit] as people read them; the value itself is never rounded before it is scaled.
export function shown(value, unit, money = { code: "CNY", rate: 1 }) {
  if (typeof value !== "number") return [figure(value), unit || ""];
  const found = scaleOf([value], unit, money);
  return [figure(value * found.factor), found.unit];
}
