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
    if (answer.redirected && new URL(answer.url).pathname === "/login") location.reload();
    else if (answer.ok) take(await answer.text());
  } catch {
    // The next event tries again.
  } finally {
    asking = false;
  }
}

function follow() {
  const stream = new EventSource("/api/v1/events");
  stream.addEventListener("job", refresh);
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) setTimeout(follow, 5000);
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
if (document.body.dataset.livePage === "poll") setInterval(refresh, 1000); // without a job there are no news
