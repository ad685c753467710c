// Everything is readable without this: it filters, opens what a link names, and copies.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const items = [...document.querySelectorAll("details.i")].map((el) => ({
    el, verdict: el.dataset.v, owner: el.dataset.o, waived: "w" in el.dataset ? "yes" : "no", task: el.parentNode,
  }));
  const tasks = [...document.querySelectorAll("section.task")];
  const form = $("filter");
  // What is searched: not the logs, in which everything is to be found.
  const text = (item) =>
    (item.text ??= [item.el.firstElementChild, ...item.el.querySelectorAll(".s, dl")].map((each) => each.textContent).join(" ").toLowerCase());
  function filter() {
    const [verdict, task, owner, waived] = ["fv", "ft", "fo", "fw"].map((id) => $(id).value);
    const words = $("q").value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = new Map(tasks.map((each) => [each, 0]));
    let count = 0;
    for (const item of items) {
      const fits = (!verdict || item.verdict === verdict) && (!task || item.task.dataset.t === task) && (!owner || item.owner === owner) &&
        (!waived || item.waived === waived) && words.every((word) => text(item).includes(word));
      if (item.el.hidden === fits) item.el.hidden = !fits;
      if (fits) { count += 1; shown.set(item.task, shown.get(item.task) + 1); }
    }
    for (const [each, number] of shown) each.hidden = number === 0;
    $("found").textContent = count === items.length ? `All ${count} items are shown.` : `${count} of ${items.length} items are shown.`;
  }
  function show() {
    let name;
    try { name = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    const found = $(name);
    if (!found || !found.matches("details.i")) return;
    if (found.hidden) { form.reset(); filter(); }
    found.open = true;
    found.firstElementChild.focus({ preventScroll: true });
    found.scrollIntoView();
  }
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  for (const id of ["open", "close"])
    $(id).addEventListener("click", () => items.forEach((item) => { if (!item.el.hidden) item.el.open = id === "open"; }));
  addEventListener("hashchange", show);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && link.hash === location.hash) show(); // the same link again: no hashchange
  });
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = items.filter((item) => item.verdict !== "met" && !item.el.open);
    opened.forEach((item) => { item.el.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((item) => { item.el.open = false; }));
  $("copy").hidden = false;
  $("copy").addEventListener("click", async () => {
    let done = true;
    try { await navigator.clipboard.writeText($("again").textContent); } catch {
      getSelection().selectAllChildren($("again"));
      done = document.execCommand("copy");
    }
    $("copied").textContent = done ? "Copied." : "Select it and copy it by hand.";
  });
  filter();
  show();
})();
