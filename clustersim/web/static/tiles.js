// The corridor: a tile for every room, with its range, its tier and its change against the file as it stands.
import { html, useEffect, useRef, useState } from "/static/vendor/preact-htm.module.js";
import { DRAWS } from "/static/state.js";
import { figure, say, shown, unitName } from "/static/words.js";

const TIERS = { measured: "●●●", published: "●●○", derived: "●○○", assumption: "○○○", given: "●●●" };

// A share has the currency of its listing, whatever the page is read in.
export const priceOf = (tile, money) => (tile.term.startsWith("target_price_") ? { code: "CNY", rate: 1 } : money);

const changeOf = (tile) => (tile.change === null || Math.abs(tile.change) < 5e-7 ? "" : `${tile.change > 0 ? "+" : "−"}${figure(Math.abs(100 * tile.change), 3)} %`);

export function Tile({ tile, language, money: chosen, onSeek, onCite, onOpen }) {
  const money = priceOf(tile, chosen);
  const [number, unit] = shown(tile.value, tile.unit, money);
  const ends = [tile.low, tile.high].map((v) => (v === null || v === undefined ? null : shown(v, tile.unit, money)));
  const change = changeOf(tile);
  const name = say(tile.term, language);
  return html`<article class="tile" data-term=${tile.term}>
    <h3><button class="open" onClick=${() => onOpen(tile)} aria-label=${`${say("page.open_term", language)}: ${name}`}>${name}</button></h3>
    <p class="number"><span>${number}</span> <small>${unitName(unit, language)}</small></p>
    <p class="range" title=${say("page.range", language)}>${ends[0] ? `${ends[0][0]} – ${ends[1][0]} ${unitName(ends[1][1], language)}` : " "}</p>
    <p class="change">${change || " "}</p>
    <p class="tools"><span class="tier"><span aria-hidden="true">${TIERS[tile.tier] || ""}</span> ${say(`page.tier.${tile.tier}`, language)}</span>
      <button onClick=${() => onSeek(tile)} aria-label=${`${say("page.seek", language)}: ${name}`}>${say("page.seek_short", language)}</button>
      <button onClick=${() => onCite(tile)} aria-label=${`${say("page.cite", language)}: ${name}`}>${say("page.cite", language)}</button>
    </p>
  </article>`;
}

// The numbers at the end of the corridor, in sight on a narrow screen wherever a slider is.
const KEPT = 3;
export function Strip({ told, language, money: chosen }) {
  return html`<p class="strip" aria-hidden="true">${(told?.tiles || []).slice(-KEPT - 2).filter((t) => !["units_factor", "revenue_kcny 2027E"].includes(t.term)).map((tile) => {
    const [number, unit] = shown(tile.value, tile.unit, priceOf(tile, chosen));
    const change = changeOf(tile);
    return html`<span><small>${say(tile.term, language)}</small> <b>${number}</b> <small>${unitName(unit, language)} ${change}</small></span>`;
  })}</p>`;
}

export function Corridor({ told, language, money, onSeek, onCite, onOpen }) {
  const above = useRef(null);
  const [stuck, setStuck] = useState(false);
  useEffect(() => {
    const seen = new IntersectionObserver(([at]) => setStuck(!at.isIntersecting && at.boundingClientRect.top < 0));
    seen.observe(above.current);
    return () => seen.disconnect();
  }, []);
  return html`<div ref=${above}></div><section class=${stuck ? "corridor stuck" : "corridor"} id="corridor" aria-label=${say("page.corridor", language)} tabindex="-1">
    ${told?.tiles.map((tile) => html`<${Tile} key=${tile.term} ...${{ tile, language, money, onSeek, onCite, onOpen }} />`)}
  </section>`;
}

// How many draws the ranges are of; those of fewer than were asked for are said to be preliminary.
export function Drawn({ told, waits, draws, language, onChange }) {
  const words = waits !== null ? say("page.drawing", language, { seconds: waits }) : told?.draws ? say("page.drawn", language, { draws: told.draws }) : say("page.range", language);
  return html`<p class="note drawn" data-draws=${told?.draws || ""}><span>${words}${told?.more ? ` ${say("page.preliminary", language)}` : ""}</span> <label>${say("page.draws", language)} <select value=${draws} onChange=${(event) => onChange(Number(event.target.value))}>${DRAWS.map((n) => html`<option value=${n} selected=${n === draws}>${n.toLocaleString("en-US")}</option>`)}</select></label></p>`;
}

// What a number is cited by: key, value, unit, tier, scenario and changes, version.
export function citation(tile, state, version) {
  const changes = Object.entries(state.set).map(([k, v]) => `${k}=${v}`).join(", ");
  return `${tile.term} = ${tile.value} ${tile.unit === "1" ? "" : tile.unit} (${tile.tier}; ${state.scenario}${changes ? `; ${changes}` : ""}; clustersim ${version})`.replace(/ {2,}/g, " ");
}
