// What the pages do beyond reading: they follow the job, show values under the pointer, and copy.
// Without it they are whole; they are then read again every few seconds.
"use strict";

// Parts marked data-live are taken from the page as the server writes it now. One that somebody is in
// (a focused link, a detail that was opened or closed, a selection) waits.
const was = new WeakMap();
const held = new WeakSet();

function busy(part) {
  const selected = document.getSelection();
  return held.has(part) || part !== document.activeElement && part.contains(document.activeElement) ||
    selected !== null && !selected.isCollapsed && part.contains(selected.anchorNode);
}

function take(html) {
  const next = new DOMParser().parseFromString(html, "text/html");
  document.title = next.title;
  if (!next.body.dataset.livePage) stop(); // it has nothing more to wait for
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = next.getElementById(part.id);
    if (now === null || busy(part) || now.innerHTML === (was.get(part) ?? part.innerHTML)) continue;
    was.set(part, now.innerHTML);
    part.innerHTML = now.innerHTML;
    offerCopy(part);
  }
}

let asking = false;
async function refresh() {
  if (asking || document.hidden) return;
  asking = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected && new URL(answer.url).pathname !== location.pathname) location.reload(); // to sign in, or the job is gone
    else if (answer.ok) take(await answer.text());
  } catch {
    // The next event tries again.
  } finally {
    asking = false;
  }
}

let stream = null;
function stop() {
  stream?.close();
  stream = null;
}

function follow() {
  stream = new EventSource("/api/v1/events");
  stream.addEventListener("job", refresh);
  stream.addEventListener("error", () => {
    if (stream?.readyState === EventSource.CLOSED) setTimeout(follow, 5000);
  });
}

// A chart's values under the pointer.
document.addEventListener("pointermove", (e) => {
  const svg = e.target.closest?.(".chart svg");
  if (!svg) return;
  const box = svg.getBoundingClientRect();
  const chart = svg.closest(".chart");
  const x = (e.clientX - box.left) / box.width;
  const points = JSON.parse(chart.dataset.chart);
  if (points.length === 0) return;
  const near = points.reduce((a, b) => Math.abs(b.x - x) < Math.abs(a.x - x) ? b : a);
  let tip = chart.querySelector("output");
  if (tip === null) {
    tip = document.createElement("output");
    chart.append(tip);
  }
  tip.textContent = near.text;
});

function offerCopy(within) {
  if (!navigator.clipboard) return; // a page over HTTP from another machine has none
  for (const button of within.querySelectorAll("[data-copy]")) button.hidden = false;
}

document.addEventListener("click", async (e) => {
  const part = e.target.closest?.("summary")?.closest("[data-live]");
  if (part) held.add(part);
  const button = e.target.closest?.("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
  button.classList.add("done");
});

offerCopy(document);
if (document.body.dataset.livePage === "news") follow();
if (document.body.dataset.livePage === "poll") setInterval(refresh, 1000); // no news tell of it: of a job that is none yet, of other jobs

// Rows of a table as they come: texts alone are put into the page, the newest first, so many at most.
const mostEvents = 200;

function image(values) {
  const out = document.createElement("div");
  for (const v of values) {
    const span = document.createElement("span");
    span.className = ["value", v.key ? "key" : "", v.is ?? ""].join(" ");
    const name = document.createElement("b");
    name.textContent = v.column;
    const shown = { null: "NULL", masked: "•••", unchanged: "…", cut: v.text + "…" }[v.is] ?? v.text;
    span.append(name, " " + shown);
    out.append(span, " ");
  }
  return out;
}

function event(e, was, ops) {
  const tr = document.createElement("tr");
  tr.dataset.at = e.partition + "/" + e.offset;
  const cells = [e.at.slice(0, 19).replace("T", " "), ops.get(e.op) ?? e.op, e.lsn ? e.lsn + "#" + e.seq : ""].map((text, i) => {
    const td = document.createElement("td");
    if (i < 2) td.className = "nowrap";
    const within = i === 2 ? document.createElement("code") : td;
    within.textContent = text;
    if (within !== td) td.append(within);
    return td;
  });
  const row = document.createElement("td");
  if (e.note) {
    const note = document.createElement("i");
    note.textContent = e.note;
    row.append(note);
  }
  if (e.before) {
    const before = image(e.before), word = document.createElement("i");
    before.className = "before";
    word.textContent = was;
    before.prepend(word, " ");
    row.append(before);
  }
  if (e.after) row.append(image(e.after));
  tr.append(...cells, row);
  return tr;
}

function watchRows(body) {
  const hold = document.getElementById("hold");
  const left = document.getElementById("left");
  const seen = new Set([...body.rows].map((r) => r.dataset.at));
  const waiting = [];
  const ops = new Map(body.dataset.ops.split(";").map((x) => x.split("=")));
  hold.hidden = false;
  function put() {
    for (const e of waiting.splice(0)) {
      body.prepend(event(e, body.dataset.was, ops));
      if (body.rows.length > mostEvents) {
        seen.delete(body.rows[mostEvents].dataset.at);
        body.rows[mostEvents].remove();
      }
    }
  }
  hold.addEventListener("click", () => {
    hold.setAttribute("aria-pressed", String(hold.getAttribute("aria-pressed") !== "true"));
    if (hold.getAttribute("aria-pressed") === "false") put();
  });
  function skip(n) {
    left.hidden = false;
    left.firstElementChild.textContent = String(Number(left.firstElementChild.textContent) + n);
  }
  function connect() {
    const stream = new EventSource(body.dataset.stream);
    stream.addEventListener("row", (m) => {
      const e = JSON.parse(m.data), at = e.partition + "/" + e.offset;
      if (seen.has(at)) return;
      seen.add(at);
      waiting.push(e);
      if (waiting.length > mostEvents) skip(waiting.splice(0, waiting.length - mostEvents).length);
      if (hold.getAttribute("aria-pressed") === "false") put();
    });
    stream.addEventListener("left", (m) => skip(Number(m.data)));
    stream.addEventListener("error", () => {
      if (stream.readyState === EventSource.CLOSED) setTimeout(connect, 5000);
    });
  }
  connect();
}

const rows = document.getElementById("events");
if (rows) watchRows(rows);
