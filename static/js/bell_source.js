// One EventSource to /bells, opened again when it breaks or when the set of topics looked at changes.

const RETRY = 2000; // milliseconds, where the browser itself gives up (an answer that is no event stream)

/** Messages: {state: "connected"|"reconnecting"}, {topics: [...]}, {everything: true}. */
export function connect(tell) {
  let source = null;
  let address = "";
  let timer = 0;
  let missed = false;

  function open() {
    clearTimeout(timer);
    const before = source;
    const opened = (source = new EventSource(address));
    opened.addEventListener("hello", () => {
      before?.close(); // only now: between two connections no bell is lost
      tell({ state: "connected" });
      if (missed) tell({ everything: true });
      missed = false;
    });
    opened.addEventListener("everything", () => tell({ everything: true }));
    opened.addEventListener("signed-out", () => {
      opened.close();
      again();
    });
    opened.onmessage = (event) => tell({ topics: event.data.split(" ") });
    opened.onerror = () => {
      if (opened !== source) return;
      missed = true;
      tell({ state: "reconnecting" });
      if (opened.readyState === EventSource.CLOSED) again();
    };
  }

  function again() {
    missed = true;
    tell({ state: "reconnecting" });
    clearTimeout(timer);
    timer = setTimeout(open, RETRY);
  }

  return {
    look(topics) {
      const wanted = [...new Set(topics)].sort().map((topic) => `at=${encodeURIComponent(topic)}`);
      const next = wanted.length ? `/bells?${wanted.join("&")}` : "/bells";
      if (next === address) return;
      address = next;
      open();
    },
    close() {
      clearTimeout(timer);
      source?.close();
      source = null;
      address = "";
    },
  };
}
