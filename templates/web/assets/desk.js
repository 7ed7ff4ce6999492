// Small conveniences; every page works without them.
"use strict";

// Times in the reader's own zone, beside the newsroom's.
for (const time of document.querySelectorAll("time[data-own]")) {
  const at = new Date(time.dateTime);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone === "UTC" || zone === time.dataset.own || Number.isNaN(at.getTime())) continue;
  const shown = new Intl.DateTimeFormat(document.documentElement.lang, {
    dateStyle: "medium", timeStyle: "short", hourCycle: "h23", timeZone: zone,
  }).format(at);
  const own = document.createElement("span");
  own.className = "soft small";
  own.textContent = ` · ${shown} ${zone}`;
  time.after(own);
}

// Countdowns.
const unit = (n, name) => new Intl.NumberFormat(document.documentElement.lang, {
  style: "unit", unit: name, unitDisplay: "short",
}).format(n);
const tick = () => {
  for (const place of document.querySelectorAll("[data-until]")) {
    const left = Math.max(0, Math.floor((new Date(place.dataset.until) - Date.now()) / 1000));
    const [d, h, m, s] = [Math.floor(left / 86400), Math.floor(left / 3600) % 24, Math.floor(left / 60) % 60, left % 60];
    place.textContent = d > 0 ? `${unit(d, "day")} ${unit(h, "hour")}` : h > 0 ? `${unit(h, "hour")} ${unit(m, "minute")}` : `${unit(m, "minute")} ${unit(s, "second")}`;
  }
};
if (document.querySelector("[data-until]")) { tick(); setInterval(tick, 1000); }

// What is still being counted is asked for again, until it is there.
const part = async (address, id) => {
  const answer = await fetch(address, { headers: { "X-Part": "1" } });
  if (!answer.ok) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.getElementById(id);
};
const again = (place) => {
  const waiting = place.querySelector("[data-again]");
  if (!waiting) return;
  const address = location.href;
  setTimeout(async () => {
    // Somebody chose otherwise meanwhile.
    if (!waiting.isConnected) return;
    const fresh = await part(address, waiting.dataset.again);
    if (!fresh || !waiting.isConnected) return;
    document.getElementById(waiting.dataset.again).replaceChildren(...fresh.childNodes);
    again(place);
  }, 700);
};
again(document);

// Forms that show their result as one chooses.
for (const form of document.querySelectorAll("form[data-live]")) {
  const target = document.getElementById(form.dataset.live);
  let last = 0;
  const show = async () => {
    const mine = ++last;
    const query = new URLSearchParams(new FormData(form));
    const fresh = await part(`${form.action}?${query}`, form.dataset.live);
    if (!fresh || mine !== last) return;
    target.replaceChildren(...fresh.childNodes);
    history.replaceState(null, "", `${form.action}?${query}`);
    again(target);
  };
  let wait;
  form.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(show, 200); });
}

// Live progress: the server sends the parts of the page that changed, whole. A browser
// comes back by itself when the connection breaks off, but not when it is refused.
for (const place of document.querySelectorAll("[data-events]")) {
  const lost = document.querySelector("[data-lost]");
  let wait = 2000;
  const renew = (event) => {
    const part = document.querySelector(`[data-part="${event.type}"]`);
    const page = new DOMParser().parseFromString(event.data, "text/html");
    // Whoever is about to press a button, or writes why, goes on with it.
    const held = part.contains(document.activeElement) && document.activeElement.id;
    const written = [...part.querySelectorAll("input[id]")].map((input) => [input.id, input.value]);
    part.replaceChildren(...page.body.childNodes);
    for (const [id, value] of written) {
      const input = document.getElementById(id);
      if (input) input.value = value;
    }
    if (held) document.getElementById(held)?.focus();
  };
  const listen = () => {
    const source = new EventSource(place.dataset.events);
    source.addEventListener("open", () => { wait = 2000; lost.hidden = true; });
    for (const name of ["figures", "wants", "steer"]) source.addEventListener(name, renew);
    source.addEventListener("end", () => source.close());
    source.addEventListener("error", () => {
      lost.hidden = false;
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(listen, wait);
      wait = Math.min(wait * 2, 60000);
    });
  };
  listen();
}
