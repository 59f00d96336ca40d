// The output viewer: draws only the rows that are looked at, however many lines there are.
import { element, pieces, plain } from "./ansi.js";
import { OutputData } from "./output_data.js";

const TALLEST = 15_000_000; // pixels a browser scrolls through exactly
const EXTRA = 6; // rows drawn beyond the edges
const viewers = new Map();

export function startOutputs() {
  mount();
  document.addEventListener("htmx:after:swap", mount);
  document.addEventListener("toggle", mount, true);
}

function mount() {
  for (const [section, viewer] of viewers) {
    if (section.isConnected) continue;
    viewer.stop();
    viewers.delete(section);
  }
  for (const section of document.querySelectorAll("[data-output]:not([data-mounted])")) {
    section.dataset.mounted = "";
    viewers.set(section, new Viewer(section));
  }
}

class Viewer {
  constructor(section) {
    section.querySelector(".output-plain")?.remove();
    section.append(section.querySelector("template").content.cloneNode(true));
    const part = (name) => section.querySelector(`[data-${name}]`);
    this.section = section;
    this.view = part("view");
    this.sizer = part("sizer");
    this.lines = part("lines");
    this.words = part("state").dataset;
    this.stateShown = part("state");
    this.sizeShown = part("size");
    this.follow = part("follow");
    this.search = new SearchBar(this, part);
    this.data = new OutputData(section.dataset.attempt, section.dataset.stream, part("codec").value, (what) => this.onChange(what));
    this.top = 0; // number of the first row in view, with a fraction
    this.listen(part);
    this.watch();
  }

  listen(part) {
    this.view.addEventListener("scroll", () => this.onScroll());
    this.view.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    this.view.addEventListener("keydown", (event) => this.onKey(event));
    this.follow.addEventListener("change", () => this.follow.checked && this.toEnd());
    part("codec").addEventListener("change", (event) => {
      this.search.clear();
      this.data.setCodec(event.target.value);
    });
    part("goto").addEventListener("change", (event) => event.target.value && this.goTo(Number(event.target.value) - 1));
    part("copy").addEventListener("click", () => this.copy());
    new ResizeObserver(() => this.draw()).observe(this.view);
  }

  /** Listens only while it can be seen: a browser has few connections to give. */
  watch() {
    let seen = false;
    const update = () => (seen && !document.hidden ? this.data.join() : this.stop());
    new IntersectionObserver((entries) => {
      seen = entries.at(-1).isIntersecting;
      update();
    }).observe(this.section);
    document.addEventListener("visibilitychange", () => this.section.isConnected && update());
  }

  stop() {
    this.data.leave();
  }

  onChange(what) {
    if (what === "state") {
      if (this.data.state === "ended" && !this.begun) this.follow.checked = false; // what has ended is read from its beginning
      this.begun = true;
    }
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      this.showState();
      if (this.follow.checked) this.toEnd();
      else this.draw();
    });
  }

  showState() {
    const { state, total, size } = this.data;
    const word = state === "lost" ? this.words.lost : state === "ended" ? (total ? this.words.ended : this.words.none) : total ? this.words.live : this.words.empty;
    this.stateShown.dataset.now = state;
    if (this.stateShown.textContent !== word) this.stateShown.textContent = word;
    this.view.style.setProperty("--count", Math.min(total, 100));
    this.sizeShown.textContent = `${total.toLocaleString()} / ${bytes(size)}`;
  }

  get row() {
    return (this.rowHeight ||= parseFloat(getComputedStyle(this.lines).lineHeight) || 20);
  }

  get rows() {
    return this.view.clientHeight / this.row;
  }

  /** The number of the first row when scrolled to the end. */
  get lastTop() {
    return Math.max(0, this.data.total - this.rows + 1);
  }

  get height() {
    return Math.min(TALLEST, (this.data.total + 1) * this.row);
  }

  get isScaled() {
    return (this.data.total + 1) * this.row > TALLEST;
  }

  onScroll() {
    if (Math.abs(this.view.scrollTop - this.placed) < 1) {
      this.draw(); // our own doing, or sideways
      return;
    }
    const range = this.view.scrollHeight - this.view.clientHeight;
    this.top = range > 0 ? (this.view.scrollTop / range) * this.lastTop : 0;
    this.placed = this.view.scrollTop;
    this.leaveEnd();
    this.draw();
  }

  onWheel(event) {
    if (!this.isScaled || event.ctrlKey || !event.deltaY) return;
    event.preventDefault(); // a pixel of the scaled bar is many lines
    this.moveTo(this.top + (event.deltaMode === 1 ? event.deltaY : event.deltaY / this.row));
  }

  onKey(event) {
    const by = { ArrowUp: -1, ArrowDown: 1, PageUp: -(this.rows - 1), PageDown: this.rows - 1, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined || event.ctrlKey || event.altKey || event.metaKey || event.target !== this.view) return;
    event.preventDefault();
    this.moveTo(this.top + by);
  }

  moveTo(top) {
    this.top = Math.max(0, Math.min(this.lastTop, top));
    this.leaveEnd();
    this.place();
    this.draw();
  }

  leaveEnd() {
    this.follow.checked = this.top >= this.lastTop - 1 && this.data.state !== "ended";
  }

  goTo(number) {
    this.follow.checked = false;
    this.marked = Math.max(0, Math.min(this.data.total - 1, number));
    this.top = Math.max(0, Math.min(this.lastTop, this.marked - Math.floor(this.rows / 3)));
    this.place();
    this.draw();
  }

  toEnd() {
    this.top = this.lastTop;
    this.place();
    this.draw();
  }

  /** Put the scroll bar where `top` is. */
  place() {
    this.sizer.style.height = `${this.height}px`;
    const range = this.height - this.view.clientHeight;
    this.view.scrollTop = this.lastTop > 0 ? (this.top / this.lastTop) * Math.max(0, range) : 0;
    this.placed = this.view.scrollTop;
  }

  draw() {
    this.sizer.style.height = `${this.height}px`;
    const first = Math.max(0, Math.floor(this.top) - EXTRA);
    const last = Math.min(this.data.total, Math.ceil(this.top + this.rows) + EXTRA);
    if (last > first) this.data.want(first, last - 1);
    const drawn = document.createDocumentFragment();
    for (let number = first; number < last; number++) drawn.append(this.drawRow(number));
    this.lines.replaceChildren(drawn);
    this.lines.style.transform = `translateY(${this.view.scrollTop - (this.top - first) * this.row}px)`;
  }

  drawRow(number) {
    const row = document.createElement("div");
    row.className = number === this.marked ? "output-line found" : "output-line";
    const label = document.createElement("span");
    label.className = "no";
    label.textContent = number + 1;
    const text = document.createElement("span");
    text.className = "text";
    const line = this.data.line(number);
    text.append(...(line === undefined ? ["…"] : pieces(line).flatMap((piece) => this.search.emphasise(piece, element))));
    row.append(label, text);
    if (this.data.isCut(number)) {
      const cut = document.createElement("span");
      cut.className = "cut";
      cut.textContent = this.words.cut;
      row.append(cut);
    }
    return row;
  }

  async copy() {
    const first = Math.ceil(this.top);
    const last = Math.min(this.data.total, Math.floor(this.top + this.rows));
    const text = Array.from({ length: Math.max(0, last - first) }, (_, place) => plain(this.data.line(first + place) ?? "")).join("\n");
    await toClipboard(text);
    this.stateShown.textContent = this.words.copied;
  }
}

/** Search on the server, over everything; next and previous walk over what was found, fetching more as needed. */
class SearchBar {
  constructor(viewer, part) {
    this.viewer = viewer;
    this.field = part("search");
    this.shown = part("found");
    this.clear();
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        this.go(event.shiftKey ? -1 : 1);
      }
    });
    this.field.addEventListener("input", () => this.clear());
    part("next").addEventListener("click", () => this.go(1));
    part("previous").addEventListener("click", () => this.go(-1));
  }

  clear() {
    this.query = "";
    this.found = [];
    this.next = 0;
    this.at = -1;
    this.shown.textContent = "";
  }

  async go(by) {
    const query = this.field.value;
    if (!query || this.busy) return;
    if (query !== this.query) {
      this.clear();
      this.query = query;
    }
    this.busy = true;
    try {
      await this.step(by);
    } catch {
      this.shown.textContent = this.viewer.words.lost;
    } finally {
      this.busy = false;
    }
  }

  async step(by) {
    let at = this.at < 0 && by < 0 ? -1 : this.at + by;
    while (this.next !== null && (at >= this.found.length || (at < 0 && by < 0))) {
      this.shown.textContent = this.viewer.words.searching;
      const answer = await this.viewer.data.ask("search", { q: this.query, from: this.next });
      for (const line of answer.lines) if (line !== this.found.at(-1)) this.found.push(line);
      this.next = answer.next;
    }
    const count = this.found.length;
    this.shown.textContent = this.viewer.words.notFound;
    if (!count) return;
    this.at = (at + count) % count;
    this.shown.textContent = `${(this.at + 1).toLocaleString()} / ${count.toLocaleString()}${this.next === null ? "" : "+"}`;
    this.viewer.goTo(this.found[this.at]);
  }

  /** The piece as elements, with what is searched for marked. */
  emphasise(piece, build) {
    const { query } = this;
    const place = query ? piece.text.toLowerCase().indexOf(query.toLowerCase()) : -1;
    if (place < 0) return [build(piece)];
    const mark = document.createElement("mark");
    mark.textContent = piece.text.slice(place, place + query.length);
    const rest = { ...piece, text: piece.text.slice(place + query.length) };
    return [build({ ...piece, text: piece.text.slice(0, place) }), mark, ...(rest.text ? this.emphasise(rest, build) : [])];
  }
}

async function toClipboard(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea"); // plain http: the old way
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  return area.remove();
}

function bytes(count) {
  const units = ["B", "KiB", "MiB", "GiB"];
  let unit = 0;
  while (count >= 1024 && unit < units.length - 1) {
    count /= 1024;
    unit++;
  }
  return `${unit ? count.toFixed(1) : count} ${units[unit]}`;
}
