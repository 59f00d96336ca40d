// The doorbell of this page: a shared worker holds the one connection of the browser; without one the page holds its own.
import { connect } from "./bell_source.js";

/** @param {{rang: (topics: string[]) => void, everything: () => void}} hear */
export function startBells(hear) {
  const at = (document.body.dataset.at ?? "").split(/\s+/).filter(Boolean);
  let listening = false;
  const receive = (message) => {
    if (message.state) showState(message.state);
    if (message.state === "connected" && !listening) {
      listening = true;
      hear.everything(); // what was committed between the page's reading and this moment rang unheard
    }
    if (message.topics) hear.rang(message.topics);
    if (message.everything) hear.everything();
  };
  const open = window.SharedWorker ? () => throughWorker(at, receive) : () => directly(at, receive);
  let close = open();
  addEventListener("pagehide", () => close());
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    close = open();
    hear.everything();
  });
}

function throughWorker(at, receive) {
  // a worker for each login: another person's pages must not ring through this one's connection
  const worker = new SharedWorker(new URL("./bells_worker.js", import.meta.url), {
    type: "module",
    name: `tejun-${document.body.dataset.signedIn}`,
  });
  worker.port.onmessage = (event) => receive(event.data);
  worker.port.postMessage({ at });
  return () => {
    worker.port.postMessage({ bye: true });
    worker.port.close();
  };
}

function directly(at, receive) {
  const source = connect(receive);
  source.look(at);
  return () => source.close();
}

function showState(state) {
  const shown = document.getElementById("connection");
  if (!shown || shown.dataset.state === state) return;
  shown.dataset.state = state;
  shown.textContent = shown.dataset[state] ?? "";
}
