// Forms: no double submission, refusals shown where they belong, nothing typed is lost.
import { refreshAround } from "./refresh.js";

const UNREACHABLE = new Set([502, 503, 504]);

export function startForms() {
  document.addEventListener("submit", onSecondSubmit, true);
  document.addEventListener("submit", onPlainSubmit);
  document.addEventListener("htmx:before:request", ({ detail }) => {
    if (!isWrite(detail.ctx)) return;
    clearRefusal();
    hold(detail.ctx.sourceElement);
  });
  document.addEventListener("htmx:finally:request", ({ detail }) => release(detail.ctx.sourceElement));
  document.addEventListener("htmx:after:request", ({ detail }) => renewCsrf(detail.ctx.response.headers.get("x-csrf-token")));
  document.addEventListener("htmx:before:swap", ({ detail }) => {
    const { sourceElement, response } = detail.ctx;
    // what was accepted is no longer "typed": the answer's values replace it
    if (isWrite(detail.ctx) && response?.status < 400 && sourceElement.tagName === "FORM") sourceElement.reset();
  });
  document.addEventListener("htmx:error", ({ detail }) => isWrite(detail.ctx) && showUnreachable());
  document.addEventListener("htmx:response:error", ({ detail }) => {
    if (isWrite(detail.ctx) && UNREACHABLE.has(detail.ctx.response.status)) showUnreachable();
  });
  document.addEventListener("tejun:refused", (event) => {
    const form = event.target.closest?.("form");
    if (!form) return;
    markField(form);
    refreshAround(form);
  });
  document.addEventListener("input", ({ target }) => unmark(target));
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", (event) => event.key === "Escape" && closeMenus(null));
  addEventListener("pageshow", () => document.querySelectorAll("form[data-held]").forEach(release));
}

const isWrite = (ctx) => ctx && ctx.request?.method !== "GET";
const region = () => document.getElementById("refusals");

function clearRefusal() {
  region()?.replaceChildren();
  document.querySelectorAll("[aria-invalid]").forEach(unmark);
}

function onSecondSubmit(event) {
  if (!("held" in event.target.dataset)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

function onPlainSubmit(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
  form.dataset.held = "";
  setTimeout(() => hold(form)); // after the browser has gathered the fields: a disabled button is not among them
  setTimeout(() => release(form), 15000); // the answer was a download, or none came
}

function hold(form) {
  if (form.tagName !== "FORM") return;
  form.dataset.held = "";
  form.setAttribute("aria-busy", "true");
  for (const button of submitters(form)) {
    if (button.disabled) continue;
    button.dataset.busy = "";
    button.disabled = true;
  }
}

function release(form) {
  if (form?.tagName !== "FORM") return;
  delete form.dataset.held;
  form.removeAttribute("aria-busy");
  for (const button of submitters(form)) {
    if (!("busy" in button.dataset)) continue;
    delete button.dataset.busy;
    button.disabled = false;
  }
}

function submitters(form) {
  return [...form.elements].filter((element) => element.type === "submit");
}

function renewCsrf(value) {
  if (!value) return;
  for (const field of document.querySelectorAll("input[name=csrf]")) {
    field.value = value;
    field.setAttribute("value", value);
  }
}

function markField(form) {
  const refusal = region()?.querySelector("[data-refusal]");
  const field = refusal?.dataset.field && form.elements.namedItem(refusal.dataset.field);
  const marked = field instanceof RadioNodeList ? field[0] : field;
  if (!(marked instanceof HTMLElement)) return;
  marked.setAttribute("aria-invalid", "true");
  marked.dataset.described ??= marked.getAttribute("aria-describedby") ?? "";
  marked.setAttribute("aria-describedby", `refusal-message ${marked.dataset.described}`.trim());
  marked.focus();
}

function unmark(field) {
  if (!field.hasAttribute?.("aria-invalid")) return;
  field.removeAttribute("aria-invalid");
  if (field.dataset.described) field.setAttribute("aria-describedby", field.dataset.described);
  else field.removeAttribute("aria-describedby");
  delete field.dataset.described;
}

function showUnreachable() {
  const words = document.getElementById("network-refusal");
  if (words) region()?.replaceChildren(words.content.cloneNode(true));
}

function onClick(event) {
  const { target } = event;
  if (target.closest("[data-dismiss]")) clearRefusal();
  const opener = target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
  closeMenus(target.closest(".menu"));
}

function closeMenus(but) {
  for (const menu of document.querySelectorAll(".menu[open]")) if (menu !== but) menu.open = false;
}
