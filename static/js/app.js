// What HTML and htmx cannot say: theme, ticks, toasts, dialogs, keys, selection, times. No eval, no inline handlers.
"use strict";
const { age, number } = figures;
const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const on = (type, handler, options) => document.addEventListener(type, handler, options);
const html = document.documentElement;

// --- theme: a cookie that the server reads, so that nothing flashes ---
const dark = matchMedia("(prefers-color-scheme: dark)");
on("submit", (event) => {
  if (!event.target.matches("[data-theme-form]")) return;
  event.preventDefault();
  const now = html.dataset.theme ?? (dark.matches ? "dark" : "light");
  html.dataset.theme = now === "dark" ? "light" : "dark";
  const path = new URL(event.target.action).pathname.replace(/theme\/$/, "");
  document.cookie = `theme=${html.dataset.theme}; path=${path}; max-age=31536000; samesite=lax`;
  const body = new FormData(event.target); // kept for the person, for other browsers
  body.set("theme", html.dataset.theme);
  fetch(event.target.action, { method: "POST", body, keepalive: true }).catch(() => {});
  charts.redraw();
});
dark.addEventListener("change", charts.redraw);

// --- ticks: 3 s for a minute after activity, then every minute, none while hidden ---
let active = Date.now(), ticked = Date.now();
for (const type of ["mousemove", "keydown", "pointerdown", "scroll"]) on(type, () => { active = Date.now(); }, { passive: true });
setInterval(() => {
  const now = Date.now();
  if (document.hidden || now - ticked < (now - active < 60000 ? 2900 : 60000)) return;
  ticked = now;
  htmx.trigger(document.body, "tick");
  times();
}, 1000);

// --- late parts: requested a screen ahead, so that what is read does not move when they arrive ---
const late = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) {
    late.unobserve(entry.target);
    htmx.trigger(entry.target, "near");
  }
}, { rootMargin: "900px 0px" });
on("htmx:load", (event) => all(".late", event.detail.elt).forEach((part) => late.observe(part)));

// --- times in the reader's zone; the title stays UTC ---
const clock = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: html.dataset.zone || undefined });
const utc = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: "UTC" });
function times(root = document) {
  for (const time of all("time[data-as]", root)) {
    const at = new Date(time.dateTime);
    time.title ||= `${utc.format(at).replace(",", "")} UTC`;
    const text = time.dataset.as === "ago" ? age((Date.now() - at) / 1000) : clock.format(at).replace(",", "");
    if (time.textContent !== text) time.textContent = text;
  }
}

// --- toasts: Undo and Retry; 10 s, longer while someone is at them ---
function toast(text, action) {
  const box = document.createElement("div");
  box.className = "toast";
  const words = box.appendChild(document.createElement("span"));
  words.textContent = text;
  if (action) box.append(button(action.name, () => { box.remove(); action.run(); }));
  box.append(button("×", () => box.remove(), "Dismiss"));
  $("#toasts").append(box);
  say(text);
  live(box);
}
function button(text, run, label) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", className: "btn", textContent: text, onclick: run });
  if (label) made.setAttribute("aria-label", label);
  return made;
}
function live(box) {
  if (box.dataset.timed) return;
  box.dataset.timed = "1";
  let left = 10;
  const timer = setInterval(() => {
    if (!box.matches(":hover, :focus-within") && --left <= 0) box.remove();
    if (!box.isConnected) clearInterval(timer);
  }, 1000);
}
let said = 0;
function say(text) {
  const wait = Math.max(0, said + 5000 - Date.now());
  said = Date.now() + wait;
  setTimeout(() => { $("#live").textContent = text; }, wait);
}
on("click", (event) => event.target.closest("[data-dismiss]")?.closest(".toast").remove());
on("htmx:afterRequest", (event) => { if (event.detail.successful) event.detail.elt.closest?.(".toast")?.remove(); });

// --- failed requests: say so, keep what is shown, offer the same again ---
function failed(event, why) {
  const { elt, requestConfig: sent } = event.detail;
  if (sent?.headers?.["HX-Trigger-Quiet"] || elt.closest("[data-quiet]")) return;
  const again = () => htmx.ajax(sent.verb, sent.path, { source: elt, target: sent.target, values: sent.verb === "get" ? undefined : sent.parameters });
  toast(why, { name: "Retry", run: again });
}
on("htmx:sendError", (event) => failed(event, "The server could not be reached."));
on("htmx:timeout", (event) => failed(event, "The server took too long to answer."));
on("htmx:responseError", (event) => failed(event, event.detail.xhr.status === 403
  ? "You may look, but not change this." : `The request failed (${event.detail.xhr.status}).`));
on("htmx:beforeSwap", (event) => { if (event.detail.xhr.status === 422) event.detail.shouldSwap = true; });
on("htmx:configRequest", (event) => { // empty parameters stay out of the address
  const { verb, parameters } = event.detail;
  if (verb === "get") for (const name of Object.keys(parameters)) if (parameters[name] === "") delete parameters[name];
});
on("submit", ({ target }) => {
  if (target.method === "get") for (const field of target.elements) if (field.name && !field.value) field.disabled = true;
});
on("changed", () => { if ($("#rows")) htmx.ajax("GET", location.pathname + location.search, "#rows"); });

// --- dialogs: filled by the server, opened here; Esc closes, the focus returns ---
let opener;
on("click", (event) => { const at = event.target.closest("button, a"); if (at && !at.closest("dialog")) opener = at; });
on("click", (event) => {
  if (event.target.closest("[data-close]") || event.target.matches("dialog")) { event.preventDefault(); event.target.closest("dialog").close(); }
});
function swapped(event) {
  const root = event.target;
  if (root.id === "dialog" && root.childElementCount && !root.open) {
    root.showModal();
    $("[autofocus]", root)?.focus();
  }
  charts.watch(root.isConnected ? root : document);
  times();
  selection();
  pin();
  all("#toasts .toast").forEach(live);
}
on("htmx:afterSwap", swapped);
on("htmx:oobAfterSwap", () => { all("#toasts .toast").forEach((box) => { if (!box.dataset.timed) { say(box.innerText.split("\n")[0]); live(box); } }); });
on("htmx:beforeCleanupElement", (event) => charts.forget(event.target));
on("closeDialog", () => $("#dialog").close());
const giveFocusBack = () => { if (opener?.isConnected) opener.focus(); };
$("#dialog")?.addEventListener("close", () => { $("#dialog").replaceChildren(); giveFocusBack(); });
// "close" comes a moment later: whoever types on at once must not type into nothing.
$("#dialog")?.addEventListener("cancel", (event) => { event.preventDefault(); $("#dialog").close(); giveFocusBack(); });

// --- selected rows ---
const boxes = () => all("#rows [name=ids]");
function selection() {
  const chosen = boxes().filter((box) => box.checked).length;
  const every = $("#all-matching");
  if (every && chosen < boxes().length) every.value = "";
  all(".selected-n").forEach((span) => { span.textContent = every?.value ? (Number(every.dataset.total) ? number(Number(every.dataset.total)) : "all") : number(chosen); });
  const head = $("#rows [data-all]");
  if (head) { head.checked = chosen > 0 && chosen === boxes().length; head.indeterminate = chosen > 0 && !head.checked; }
}
function countTicks() {
  all("[data-ticked]").forEach((span) => {
    const count = all(`[name=${span.dataset.ticked}]:checked`).length;
    span.textContent = count ? `${number(count)} ticked` : "";
  });
}
on("change", (event) => {
  countTicks();
  if (event.target.matches("[data-all]")) boxes().forEach((box) => { box.checked = event.target.checked; });
  if (event.target.matches("[data-all], [name=ids]")) selection();
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});
on("click", (event) => {
  if (!event.target.closest("[data-select-all]")) return;
  boxes().forEach((box) => { box.checked = true; });
  $("#all-matching").value = "1";
  selection();
});

// --- keys: / j k x ? and Ctrl K; single keys can be turned off ---
const typing = (at) => at.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
function move(step) {
  const rows = all("#rows [data-id]");
  const next = rows[Math.min(rows.length - 1, Math.max(0, rows.findIndex((row) => row.matches(".at")) + step))];
  rows.forEach((row) => row.classList.toggle("at", row === next));
  next?.scrollIntoView({ block: "nearest" });
  ($("a.row", next) ?? $("a[href]", next))?.focus({ preventScroll: true });
  if ($("#peek")?.childElementCount) $(".peek", next)?.click();
}
// With the panel open j and k go on beyond the page: the panel knows its neighbours inside the filter.
function step(way) {
  const beyond = $(`#peek a[data-step="${way}"]`);
  if (beyond) beyond.click(); else if (!$("#peek")?.childElementCount) move(way);
}
on("keydown", (event) => { // buttons with a key of their own, such as the verdicts 1, 2 and 0
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $("dialog[open]")) return;
  if (localStorage.getItem("keys") === "off") return;
  const button = all("[data-key]").find((one) => one.dataset.key === event.key);
  if (button) { event.preventDefault(); button.click(); }
});
const keys = {
  "/": () => { const field = $("main input[type=search]"); if (field) field.focus(); else $("#search")?.click(); },
  j: () => step(1), k: () => step(-1),
  p: () => $("#rows .at .peek")?.click(),
  x: () => $("#rows .at input")?.click(),
  "?": () => $("#keys")?.showModal(),
};
on("keydown", (event) => {
  if (event.key === "Escape") { event.target.closest?.("dialog")?.close(); return; } // else a search field only clears itself
  if ((event.ctrlKey || event.metaKey) && event.key === "k") { event.preventDefault(); opener = $("#search"); opener?.click(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $("dialog[open]")) return;
  if (localStorage.getItem("keys") === "off" && event.key !== "?") return;
  const run = keys[event.key];
  if (run) { event.preventDefault(); run(); }
});
const single = $("#single-keys");
if (single) {
  single.checked = localStorage.getItem("keys") !== "off";
  single.onchange = () => localStorage.setItem("keys", single.checked ? "on" : "off");
}

// --- the panel beside a list: its address is the page's own, so reload and Back keep it ---
function mark() {
  const id = new URLSearchParams(location.search).get("peek");
  if (id) all("#rows [data-id]").forEach((row) => row.classList.toggle("at", row.dataset.id === id));
}
function peekAddress(row) {
  const here = new URL(location);
  here.searchParams.set("peek", row.dataset.id);
  return here.href;
}
on("click", (event) => {
  const at = event.target.closest(".peek");
  if (!at || event.ctrlKey || event.metaKey || event.shiftKey || !$("#peek")) return;
  event.preventDefault();
  const address = at.href ?? peekAddress(at.closest("[data-id]"));
  history.replaceState(history.state, "", address); // first: of two quick clicks the last one counts
  mark();
  htmx.ajax("GET", address, { target: "#peek", swap: "innerHTML" });
});
on("click", (event) => {
  const at = event.target.closest("[data-peek-close]");
  if (!at) return;
  event.preventDefault();
  $("#peek").replaceChildren();
  $("#peek").removeAttribute("hx-get"); // its place is given back
  history.replaceState(history.state, "", at.href);
  $("#rows .at a.row")?.focus();
});

// --- pinned columns: each stands right of the pinned ones before it ---
function pin() {
  let left = 0;
  all("#rows th.pinned").forEach((head) => {
    const place = head.cellIndex + 1;
    for (const cell of all(`#rows tr > :nth-child(${place}).pinned`)) cell.style.left = `${left}px`;
    left += head.offsetWidth;
  });
}

// --- a search that goes on by itself until it finds something, or is stopped ---
on("click", (event) => {
  const box = event.target.closest("[data-stop]")?.closest("[hx-get]");
  if (!box) return;
  htmx.trigger(box, "htmx:abort");
  const still = box.cloneNode(true);
  for (const name of still.getAttributeNames()) if (name.startsWith("hx-")) still.removeAttribute(name);
  all(".later", still).forEach((part) => part.remove());
  box.replaceWith(still);
  $("a", still).focus();
});

// --- copy, tabs ---
on("click", async (event) => {
  const at = event.target.closest("[data-copy-text]");
  if (!at) return;
  event.preventDefault();
  await navigator.clipboard.writeText(at.dataset.copyText || at.closest("[data-id]").dataset.id);
  toast("Copied.");
});
on("click", async (event) => {
  const at = event.target.closest("[data-copy]");
  if (!at) return;
  await navigator.clipboard.writeText($(at.dataset.copy).textContent);
  at.lastChild.textContent = " Copied";
  setTimeout(() => { at.lastChild.textContent = " Copy"; }, 2000);
});
on("click", (event) => {
  const tab = event.target.closest("[data-tab]");
  if (!tab) return;
  event.preventDefault();
  all("[data-tab]", tab.parentElement).forEach((other) => {
    other.toggleAttribute("aria-current", other === tab);
    $(other.hash).hidden = other !== tab;
  });
});

charts.watch(document);
times();
selection();
countTicks();
mark();
pin();
all("#toasts .toast").forEach(live);
