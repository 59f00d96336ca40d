// Shows how far a large file has been sent. Without it the form is sent as it is, and what comes back is the same page.

export function startUploads() {
  document.addEventListener("submit", onSubmit, true);
}

function onSubmit(event) {
  const form = event.target;
  if (event.defaultPrevented || !form.matches?.("form[data-upload]")) return;
  const file = form.querySelector("input[type=file]")?.files[0];
  if (!file) return; // the browser or the console says that one is missing
  event.preventDefault();
  if ("held" in form.dataset) return;
  const told = form.querySelector("[data-progress]");
  if (file.size > Number(form.dataset.limit)) {
    told.hidden = false;
    told.querySelector("[data-words]").textContent = form.dataset.tooLarge;
    return;
  }
  send(form, told);
}

function send(form, told) {
  const request = new XMLHttpRequest();
  const sent = new FormData(form);
  hold(form, true);
  told.hidden = false;
  request.upload.addEventListener("progress", ({ loaded, total }) => show(told, loaded, total, form.dataset.checking));
  request.addEventListener("load", () => arrived(form, request));
  request.addEventListener("error", () => {
    hold(form, false);
    told.querySelector("[data-words]").textContent = form.dataset.lost;
  });
  request.open("POST", form.action);
  request.setRequestHeader("accept", "text/html");
  request.send(sent);
}

function show(told, loaded, total, checking) {
  const bar = told.querySelector("progress");
  bar.max = total;
  bar.value = loaded;
  const percent = Math.floor((100 * loaded) / total);
  told.querySelector("[data-words]").textContent = loaded < total ? `${percent} %` : checking;
}

function arrived(form, request) {
  hold(form, false);
  if (request.status < 400) {
    location.assign(request.responseURL);
    return;
  }
  const answer = new DOMParser().parseFromString(request.responseText, "text/html");
  const main = answer.getElementById("main");
  if (!main) return;
  const files = form.querySelector("input[type=file]").files;
  document.getElementById("main").replaceWith(main);
  const again = main.querySelector("form[data-upload] input[type=file]");
  if (again) again.files = files; // the file that was chosen stays chosen
  main.querySelector("[role=alert]")?.focus();
}

function hold(form, held) {
  if (held) form.dataset.held = "";
  else delete form.dataset.held;
  form.toggleAttribute("aria-busy", held);
  for (const button of form.querySelectorAll("button")) button.disabled = held;
}
