// Charts from plain data: categories and named series. Colours are told apart by the colour-blind (Okabe and Ito).

const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#555555"];
let loading;

export function engine() {
  loading ||= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "/static/vendor/echarts.min.js";
    script.onload = () => resolve(window.echarts);
    script.onerror = reject;
    document.head.append(script);
  });
  return loading;
}

// A narrow screen has room for the bars only where names are cut earlier.
const short = (text) => {
  const most = innerWidth < 500 ? 16 : 34;
  return text.length > most ? `${text.slice(0, most / 2 - 1)}…${text.slice(1 - most / 2)}` : text;
};

// Return what the chart engine draws of a panel's chart; `name` gives the words of a key.
export function option(chart, name) {
  if (chart.kind === "scatter") return scattered(chart, name);
  const floats = chart.kind === "tornado" || chart.kind === "spans";
  if (chart.kind === "curve") return curved(chart, name);
  const across = chart.kind === "bars_across" || floats;
  const names = chart.categories.map((c) => short(name(c)));
  const names_axis = { type: "category", data: across ? [...names].reverse() : names, axisLabel: { interval: 0, hideOverlap: !across } };
  const values_axis = { type: "value", name: chart.unit === "1" ? "" : chart.unit, nameLocation: across ? "middle" : "end", nameGap: across ? 26 : 10, axisLabel: { hideOverlap: true }, scale: floats && !chart.zero, min: chart.kind === "falls" ? cutAt(chart) : undefined, nameTextStyle: { align: across ? "center" : "left" } };
  const base = {
    animation: false, color: COLOURS, textStyle: { fontFamily: "system-ui, sans-serif" },
    grid: { left: 8, right: 24, top: chart.series.length > 1 && !across ? 64 : 40, bottom: 36, containLabel: true },
    tooltip: { trigger: "axis", axisPointer: { type: "shadow" }, confine: true },
    legend: chart.series.length > 1 ? { top: 4, type: "scroll" } : undefined,
    xAxis: across ? values_axis : names_axis, yAxis: across ? names_axis : values_axis,
  };
  if (floats) return { ...base, series: tornado(chart, name) };
  if (chart.kind === "falls") return { ...base, legend: undefined, grid: { ...base.grid, top: 40 }, xAxis: { ...names_axis, axisLabel: { interval: 0, width: Math.floor((innerWidth < 500 ? 230 : 330) / names.length), overflow: "break" } }, series: [falls(chart, name)], tooltip: { ...base.tooltip, formatter: (at) => told(chart, at[0].dataIndex, name) } };
  return {
    ...base,
    series: chart.series.map((s) => ({
      name: name(s.name), type: chart.kind === "line" ? "line" : "bar", barMaxWidth: 36,
      stack: chart.kind === "stacked" ? "all" : undefined, data: across ? [...s.values].reverse() : s.values,
    })),
  };
}

// Where steps are small beside the whole, the axis begins near them; its marks say so.
function cutAt(chart) {
  const [from, to] = chart.series.map((s) => s.values);
  const inner = [...from.slice(1, -1), ...to];
  const [low, high] = [Math.min(...inner), Math.max(...inner)];
  const begin = low - 0.6 * (high - low || Math.abs(high));
  const step = 10 ** Math.floor(Math.log10(high - low || Math.abs(high) || 1));
  return low <= 0 || begin < 0.3 * high ? undefined : Number((Math.floor(begin / step) * step).toPrecision(6));
}

// Bars that hang on each other: whole ones at both ends, between them what each step adds or takes away.
function falls(chart, name) {
  const [from, to] = chart.series.map((s) => s.values);
  const whole = (i) => i === 0 || i === to.length - 1;
  const colour = (i) => (whole(i) ? COLOURS[0] : to[i] >= from[i] ? COLOURS[5] : COLOURS[2]);
  return {
    name: name("moves"), type: "custom", clip: true, encode: { x: 0, y: [1, 2] }, data: from.map((v, i) => [i, v, to[i]]),
    renderItem: (params, api) => {
      const i = api.value(0);
      const a = api.coord([i, api.value(1)]);
      const b = api.coord([i, api.value(2)]);
      const width = Math.min(56, api.size([1, 0])[0] * 0.6);
      const shape = { x: a[0] - width / 2, y: Math.min(a[1], b[1]), width, height: Math.max(1, Math.abs(a[1] - b[1])) };
      return { type: "rect", shape, style: { fill: colour(i) } };
    },
  };
}

function told(chart, i, name) {
  const [from, to] = chart.series.map((s) => s.values);
  const number = i === 0 || i === to.length - 1 ? to[i] : to[i] - from[i];
  const text = document.createElement("span");
  text.textContent = `${name(chart.categories[i])}: ${number > 0 && i && i < to.length - 1 ? "+" : ""}${Number(number.toPrecision(5))} ${chart.unit}`;
  return text.outerHTML;
}

// Each input's low and high end against the centre: a bar that floats between them.
function tornado(chart, name) {
  const [low, high] = chart.series.map((s) => [...s.values].reverse());
  const side = (values, label, colour) => ({
    name: name(label), type: "custom", itemStyle: { color: colour }, encode: { x: [0, 1], y: 2 },
    data: values.map((v, i) => [chart.centre, v, i]),
    renderItem: (params, api) => {
      const a = api.coord([api.value(0), api.value(2)]);
      const b = api.coord([api.value(1), api.value(2)]);
      const height = api.size([0, 1])[1] * 0.6;
      const shape = { x: Math.min(a[0], b[0]), y: a[1] - height / 2, width: Math.abs(b[0] - a[0]), height };
      return { type: "rect", shape, style: { fill: colour } };
    },
  });
  return [side(low, chart.series[0].name, COLOURS[4]), side(high, chart.series[1].name, COLOURS[5])];
}

// Lines over the numbers of one column.
function curved(chart, name) {
  return {
    animation: false, color: COLOURS, textStyle: { fontFamily: "system-ui, sans-serif" }, legend: { top: 4, type: "scroll" },
    grid: { left: 8, right: 24, top: 64, bottom: 44, containLabel: true }, tooltip: { trigger: "axis", confine: true },
    xAxis: { type: "value", name: name(chart.x), nameLocation: "middle", nameGap: 26, scale: true },
    yAxis: { type: "value", name: chart.unit, nameTextStyle: { align: "left" }, scale: true },
    series: chart.series.map((s) => ({ name: name(s.name), type: "line", symbolSize: 6, data: s.values.map((v, i) => [chart.categories[i], v]) })),
  };
}

// A number cut to two digits, down or up.
function cut(value, how) {
  const step = 10 ** (Math.floor(Math.log10(Math.abs(value) || 1)) - 1);
  return Number((how(value / step) * step).toPrecision(6));
}

// Groups of points; a mark is where the box of a service level begins: it goes as far right and up as there is room.
function scattered(chart, name) {
  const axis = (key, gap) => ({ type: "value", name: name(key), nameLocation: "middle", nameGap: gap, scale: true });
  const all = chart.series.flatMap((s) => s.values);
  // The axis holds the box's edge wherever the points are.
  const edges = { min: (at) => cut(Math.min(at.min, ...chart.marks) * 0.95, Math.floor), max: (at) => cut(Math.max(at.max, ...chart.marks) * 1.05, Math.ceil) };
  const box = {
    silent: true, itemStyle: { color: COLOURS[2], opacity: 0.12, borderColor: COLOURS[2], borderWidth: 1.5, borderType: "dashed" },
    label: { position: "insideTopLeft", color: "#00553d", distance: 6 },
    data: all.length ? chart.marks.map((x) => [{ xAxis: x, name: `${name("serving.slo_box")} ≥ ${Number(x.toPrecision(4))}` }, { xAxis: "max" }]) : [],
  };
  return {
    animation: false, color: [COLOURS[0], COLOURS[1]], textStyle: { fontFamily: "system-ui, sans-serif" }, legend: { top: 4, type: "scroll" },
    grid: { left: 30, right: 24, top: 44, bottom: 44, containLabel: true }, tooltip: { trigger: "item", confine: true },
    xAxis: { ...axis(chart.x, 30), ...(chart.marks.length ? edges : {}) }, yAxis: { ...axis(chart.y, 48), min: 0 },
    // The box is of a series of its own: whichever points the legend hides, it stays.
    series: [...chart.series.map((s, i) => ({ name: name(s.name), type: "scatter", symbol: i ? "diamond" : "circle", symbolSize: 8, data: s.values })),
      { type: "scatter", data: [], markArea: box }],
  };
}
