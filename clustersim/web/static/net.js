// Questions to the server. A question that is asked anew replaces the one before it.
import { say } from "/static/words.js";

const token = new URLSearchParams(location.hash.startsWith("#token=") ? location.hash.slice(1) : "").get("token");
if (token) sessionStorage.setItem("token", token);
const held = () => sessionStorage.getItem("token") || "";
const running = new Map();

export class Refused extends Error {}
export class Silent extends Error {}

function headers(kind) {
  const found = kind ? { "content-type": kind } : {};
  if (held()) found.authorization = `Bearer ${held()}`;
  return found;
}

// A browser's own words for a server that is gone are in its own language: ours are said in the page's.
function silence(error) {
  return error.name === "AbortError" ? error : new Silent(say("page.offline", document.documentElement.lang));
}

const read = (answer) => answer.json().catch((error) => { throw silence(error); });

async function send(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    throw silence(error);
  }
  if (!answer.ok) {
    const told = await answer.json().catch(() => ({ error: answer.statusText }));
    const error = new Refused((document.documentElement.lang === "zh" && told.error_zh) || told.error || answer.statusText);
    error.status = answer.status;
    throw error;
  }
  return answer;
}

export const get = async (path) => read(await send(path, { headers: headers() }));

// Ask with a body; `slot` names the question that a newer one replaces.
export async function ask(path, body, slot) {
  const control = new AbortController();
  if (slot) {
    running.get(slot)?.abort();
    running.set(slot, control);
  }
  const answer = await send(path, {
    method: "POST", headers: headers("application/json"), body: JSON.stringify(body), signal: control.signal,
  });
  return read(answer);
}

// Yield the lines of a streamed answer as they come.
export async function* lines(path, body, slot) {
  running.get(slot)?.abort();
  const control = new AbortController();
  running.set(slot, control);
  const answer = await send(path, {
    method: "POST", headers: headers("application/json"), body: JSON.stringify(body), signal: control.signal,
  });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += value;
    const parts = rest.split("\n");
    rest = parts.pop();
    for (const part of parts) if (part) yield JSON.parse(part);
  }
}

export const cancel = async (path) => (await send(path, { method: "DELETE", headers: headers() })).json();

export async function upload(path, file) {
  return (await send(path, { method: "POST", headers: headers("application/octet-stream"), body: file })).json();
}

export const download = async (path, body, name) =>
  stored(await send(path, { method: "POST", headers: headers("application/json"), body: JSON.stringify(body) }), name);

export const save = async (path, name) => stored(await send(path, { headers: headers() }), name);

async function stored(answer, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
