// Long questions: what is asked of a process of its own, how far it is, and its answer.
import { html, useEffect, useRef, useState } from "/static/vendor/preact-htm.module.js";
import { ask, cancel, get, Refused, save, upload } from "/static/net.js";
import { Blocks, Panel } from "/static/panels.js";
import { say } from "/static/words.js";

const KINDS = ["serve", "month", "plans", "frontier", "flips", "reliability", "band"];
const MOST = 6;
const OPEN = ["waiting", "running", "silent"];

// The questions that were asked from this page, and how one is asked: its kind, what it takes besides, its file.
export function useJobs(design) {
  const [jobs, setJobs] = useState([]);
  const seen = useRef(jobs);
  seen.current = jobs;
  const put = (id, more) => setJobs((all) => all.map((job) => (job.id === id ? { ...job, ...more } : job)));
  const start = async (kind, options = {}, file = null, asked = design) => {
    const again = { kind, options, file, asked };
    try {
      const body = { ...asked, kind, options };
      const job = file ? await upload(`/api/jobs/upload?ask=${encodeURIComponent(JSON.stringify(body))}`, file) : await ask("/api/jobs", body);
      setJobs((all) => [{ ...job, ...again }, ...all].slice(0, MOST));
    } catch (error) { setJobs((all) => [{ id: `x${Date.now()}`, ...again, state: "failed", error: error.message, progress: 0 }, ...all].slice(0, MOST)); }
  };
  useEffect(() => {
    const timer = setInterval(() => seen.current.filter((j) => OPEN.includes(j.state)).forEach(async (job) => {
      try { put(job.id, await get(`/api/jobs/${job.id}`)); }
      catch (error) { put(job.id, error instanceof Refused && error.status === 404 ? { state: "lost" } : { state: "silent" }); }
    }), 700);
    return () => clearInterval(timer);
  }, []);
  return { jobs, start, put };
}

export function Jobs({ jobs, start, put, language, money }) {
  const word = (state) => (state === "silent" ? say("page.offline", language) : say(`page.job.${state}`, language));
  const spoken = (job, what) => (language === "zh" && job.answer.in_chinese?.[what]) || job.answer[what] || [];
  const fetched = (job) => save(`/api/jobs/${job.id}/file`, job.answer.file).catch((error) => put(job.id, { error: error.message, error_zh: "" }));
  return html`<section class="aside jobs" id="jobs" aria-label=${say("page.jobs", language)}>
    <h2>${say("page.jobs", language)}</h2>
    <p class="row">${KINDS.map((kind) => html`<button onClick=${() => start(kind)}>${say(`page.job.${kind}`, language)}</button>`)}</p>
    <ul aria-live="polite">${jobs.map((job) => html`<li key=${job.id} data-state=${job.state} data-kind=${job.kind}>
      <strong>${say(`page.job.${job.kind}`, language)}</strong> ${job.asked.scenario}${Object.keys(job.asked.set).length ? "*" : ""} · ${word(job.state)}
      ${job.state === "running" ? html` <progress max="1" value=${job.progress || undefined} aria-label=${say("page.job.running", language)}></progress>` : ""}
      ${["waiting", "running"].includes(job.state) ? html` <button onClick=${() => cancel(`/api/jobs/${job.id}`).catch(() => {})}>${say("page.cancel", language)}</button>` : ""}
      ${["lost", "failed", "cancelled"].includes(job.state) ? html` <button onClick=${() => start(job.kind, job.options, job.file, job.asked)}>${say("page.job.again", language)}</button>` : ""}
      ${job.answer?.file ? html` <button onClick=${() => fetched(job)}>${say("page.save", language)}: ${job.answer.file}</button>` : ""}
      ${job.error ? html`<p class="error">${(language === "zh" && job.error_zh) || job.error}</p>` : ""}
      ${(job.answer ? spoken(job, "said") : []).map((text) => html`<p class="note">${text}</p>`)}
      ${(job.answer?.file ? [] : job.answer?.panels || []).map((panel) => html`<${Panel} panel=${panel} language=${language} money=${money} />`)}
      ${job.answer ? html`<${Blocks} blocks=${spoken(job, "blocks")} language=${language} />` : ""}</li>`)}</ul>
  </section>`;
}
