// Keyboard shortcuts: they only move about and never carry anything out. None works while something is being typed.

const TYPING = "input:not([type=checkbox], [type=radio], [type=submit], [type=button]), textarea, select, [contenteditable]";

export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest?.(TYPING) || document.querySelector("dialog[open]")) return;
    const act = ACTS[event.key];
    if (act && act() !== false) event.preventDefault();
  });
}

const ACTS = {
  j: () => walk(1),
  k: () => walk(-1),
  n: () => show(document.querySelector("[data-step][data-current]")),
  o: () => show(here()?.querySelector("[data-output] [data-view]") ?? document.querySelector("[data-output] [data-view]")),
  "/": () => show(here()?.querySelector("[data-output] [data-search]") ?? document.querySelector("[data-search-field], [data-search]")),
  "?": () => document.getElementById("shortcuts")?.showModal(),
};

function here() {
  return document.activeElement?.closest("[data-step]") ?? document.querySelector("[data-step][data-current]");
}

function walk(by) {
  const steps = [...document.querySelectorAll("[data-step]")];
  const focused = document.activeElement?.closest("[data-step]");
  const from = focused ? steps.indexOf(focused) : steps.findIndex((step) => "current" in step.dataset) - by;
  return show(steps[Math.max(0, Math.min(steps.length - 1, from + by))]);
}

function show(element) {
  if (!element) return false;
  element.closest("details:not([open])")?.setAttribute("open", "");
  element.focus({ preventScroll: true });
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView({ block: "center", behavior: still ? "auto" : "smooth" });
  return true;
}
