// Fetches elements with data-bell and data-src again when one of their topics rings. A morph keeps what is typed and opened.

const GATHER = 80; // milliseconds: one act rings several topics
const RETRY = 3000;
const BELLED = "[data-bell][data-src]";
const KEPT = new Set(["aria-invalid", "data-described", "data-busy", "data-held", "aria-busy"]);

const due = new Set();
const underWay = new Set();
let timer = 0;

export function startRefresh() {
  htmx.registerExtension("tejun", {
    // what the person opened or marked stays; what they typed is not overwritten
    htmx_before_morph_attr: (element, { attrName }) => {
      if (attrName === "open" && /^(DETAILS|DIALOG)$/.test(element.tagName)) return false;
      if (attrName === "aria-describedby" && element.hasAttribute("aria-invalid")) return false;
      if (attrName === "disabled" && element.hasAttribute("data-busy")) return false;
      if (attrName === "value" && element.tagName === "INPUT" && isTyped(element)) return false;
      return !KEPT.has(attrName);
    },
    htmx_before_morph_node: (element) => !(element.tagName === "TEXTAREA" && isTyped(element)),
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) schedule();
  });
}

/** Refetch what shows one of the topics. */
export function refreshFor(topics) {
  for (const element of document.querySelectorAll(BELLED)) if (concerns(element, topics)) due.add(element);
  schedule();
}

/** Refetch everything that can be: bells may have been missed. */
export function refreshAll() {
  for (const element of document.querySelectorAll(BELLED)) due.add(element);
  schedule();
}

/** Refetch the element itself, or what it stands in. */
export function refreshAround(element) {
  const around = element?.closest?.(BELLED);
  if (!around) return;
  due.add(around);
  schedule();
}

function isTyped(field) {
  return !/^(hidden|checkbox|radio|submit|button)$/.test(field.type) && field.value !== field.defaultValue;
}

function concerns(element, topics) {
  return element.dataset.bell
    .split(/\s+/)
    .some((wanted) => (wanted.endsWith("*") ? topics.some((t) => t.startsWith(wanted.slice(0, -1))) : topics.includes(wanted)));
}

function schedule() {
  if (!timer && due.size) timer = setTimeout(fetchDue, GATHER);
}

function fetchDue() {
  timer = 0;
  if (document.hidden) return;
  const now = [...due].filter((element) => !underWay.has(element));
  for (const element of now) {
    due.delete(element);
    const inOuter = now.some((other) => other !== element && other.contains(element));
    if (element.isConnected && !inOuter) fetchAgain(element);
  }
}

async function fetchAgain(element) {
  underWay.add(element);
  try {
    await htmx.ajax("GET", element.dataset.src, { source: element, target: element, swap: "outerMorph" });
  } finally {
    underWay.delete(element);
    if (due.has(element)) schedule();
  }
}

document.addEventListener("htmx:error", (event) => {
  const element = event.detail.ctx?.sourceElement;
  if (!element?.matches?.(BELLED) || element.tagName === "FORM") return;
  setTimeout(() => refreshAround(element), RETRY);
});
