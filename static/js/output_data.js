// The lines of one output: fetched by number, followed live by byte offset. Holds a bounded number of them in memory.

const PAGE = 500; // lines
const KEPT = 40; // pages
const LONGEST = 4000; // characters of a line that are shown
const CATCH_UP = 1024 * 1024; // bytes behind which the live stream is joined at its end instead
const RETRY = 2000;

export class OutputData {
  constructor(attempt, stream, codec, changed) {
    this.address = `/attempts/${attempt}/output`;
    this.stream = stream;
    this.codec = codec;
    this.changed = changed; // called with what changed: "lines" or "state"
    this.state = "waiting"; // live, lost, ended
    this.total = 0;
    this.size = 0;
    this.settled = 0; // lines that are finished: only they are taken from a page while more is coming
    this.pages = new Map();
    this.fetching = new Set();
    this.epoch = 0; // answers of an earlier codec are thrown away
  }

  /** The line, or undefined while it is being fetched. */
  line(number) {
    const page = this.pages.get(Math.floor(number / PAGE));
    return page?.lines[number % PAGE];
  }

  isCut(number) {
    return this.pages.get(Math.floor(number / PAGE))?.cut.has(number % PAGE) ?? false;
  }

  /** Have the lines of a range fetched, where they are missing. */
  want(first, last) {
    for (let index = Math.floor(first / PAGE); index <= Math.floor(last / PAGE); index++) {
      const page = this.pages.get(index);
      if (page) {
        this.pages.delete(index); // the newest used are last
        this.pages.set(index, page);
      }
      const have = page?.lines.length ?? 0;
      const needed = Math.min(PAGE, this.total - index * PAGE);
      if (have < needed && !this.fetching.has(index)) this.fetchPage(index, have);
    }
  }

  async fetchPage(index, have) {
    this.fetching.add(index);
    const { epoch } = this;
    const settled = this.state === "ended" ? Infinity : this.settled;
    try {
      const answer = await this.ask("lines", { from: index * PAGE + have, count: PAGE - have });
      if (epoch !== this.epoch || answer.first !== index * PAGE + have) return;
      const page = this.pages.get(index) ?? { lines: [], cut: new Set() };
      if (page.lines.length !== have) return; // the live stream was quicker
      answer.lines.forEach((line, place) => {
        if (answer.first + place >= settled) return;
        page.lines.push(line);
        if (answer.cut.includes(place)) page.cut.add(have + place);
      });
      this.keep(index, page);
      this.grow(answer.total, answer.size);
      if (this.partial) this.put(this.number, this.partial);
      this.changed("lines");
    } catch {
      setTimeout(() => this.changed("lines"), RETRY);
    } finally {
      if (epoch === this.epoch) this.fetching.delete(index);
    }
  }

  keep(index, page) {
    this.pages.delete(index);
    this.pages.set(index, page);
    for (const oldest of this.pages.keys()) {
      if (this.pages.size <= KEPT) break;
      this.pages.delete(oldest);
    }
  }

  grow(total, size) {
    this.total = Math.max(this.total, total);
    this.size = Math.max(this.size, size);
  }

  async ask(what, query) {
    const parameters = new URLSearchParams({ stream: this.stream, codec: this.codec, ...query });
    const response = await fetch(`${this.address}/${what}?${parameters}`, { headers: { accept: "application/json" } });
    if (!response.ok) throw new Error(`${response.status}`);
    return response.json();
  }

  setCodec(codec) {
    this.codec = codec;
    this.forget();
    this.changed("lines");
    return this.join();
  }

  forget() {
    this.epoch++;
    this.leave();
    this.decoder = null;
    this.partial = "";
    this.pages.clear();
    this.fetching.clear();
  }

  /** Learn how much there is and follow what comes; where the stream was left a moment ago, go on exactly there. */
  async join() {
    const { epoch } = this;
    if (this.source || this.joining === epoch) return;
    this.joining = epoch; // what an earlier epoch still asks for is thrown away, so it does not count
    try {
      const now = await this.ask("lines", { from: 0, count: 0 });
      if (epoch !== this.epoch) return;
      this.grow(now.total, now.size);
      this.changed("lines");
      if (now.complete) this.finish();
      else if (!this.decoder || now.size - this.offset > CATCH_UP) this.startAt(now);
      else this.listen();
    } catch {
      if (epoch !== this.epoch) return;
      this.setState("lost");
      this.timer = setTimeout(() => this.join(), RETRY);
    } finally {
      if (this.joining === epoch) this.joining = null;
    }
  }

  leave() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  startAt(now) {
    // of an endless line only the beginning is shown: it is fetched, and what comes is passed over up to the line's end
    this.beheaded = now.size - now.tail_offset > CATCH_UP;
    this.offset = this.beheaded ? now.size : now.tail_offset;
    this.number = now.tail_line;
    this.settled = Math.max(this.settled, this.number + (this.beheaded ? 1 : 0));
    this.partial = "";
    this.decoder = new TextDecoder(this.codec === "cp932" ? "shift_jis" : this.codec, { ignoreBOM: true });
    const last = this.pages.get(Math.floor(this.number / PAGE));
    if (last) last.lines.length = Math.min(last.lines.length, this.number % PAGE); // what follows may be unfinished
    this.listen();
  }

  listen() {
    this.leave();
    const source = (this.source = new EventSource(`${this.address}/stream?stream=${this.stream}&from=${this.offset}`));
    source.onopen = () => this.setState("live");
    source.onmessage = (event) => this.receive(...JSON.parse(event.data));
    source.addEventListener("end", () => this.finish());
    source.onerror = () => {
      this.setState("lost");
      if (source.readyState !== EventSource.CLOSED) return; // else the browser comes back by itself, at the right offset
      this.leave();
      this.timer = setTimeout(() => this.join(), RETRY);
    };
  }

  receive(offset, encoded) {
    let bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    if (offset > this.offset) {
      // never expected: bytes are missing, so begin anew from what is stored
      this.forget();
      this.join();
      return;
    }
    bytes = bytes.subarray(this.offset - offset);
    this.offset += bytes.length;
    const lines = (this.partial + this.decoder.decode(bytes, { stream: true })).split("\n");
    if (this.beheaded && lines.length > 1) {
      this.beheaded = false;
      this.number++;
      lines.shift();
    }
    this.partial = this.beheaded ? "" : shortened(lines.pop());
    if (this.beheaded) lines.length = 0;
    for (const line of lines) this.put(this.number++, line);
    this.settled = Math.max(this.settled, this.number);
    if (this.partial) this.put(this.number, this.partial);
    this.grow(this.number + (this.partial || this.beheaded ? 1 : 0), this.offset);
    this.setState("live");
    this.changed("lines");
  }

  /** Keep a line that came live, where its page is held from its beginning; others are fetched when looked at. */
  put(number, line) {
    const index = Math.floor(number / PAGE);
    const place = number % PAGE;
    let page = this.pages.get(index);
    if (!page && place === 0) this.keep(index, (page = { lines: [], cut: new Set() }));
    if (!page || place > page.lines.length) return;
    page.lines[place] = line.slice(0, LONGEST);
    if (line.length > LONGEST) page.cut.add(place);
    else page.cut.delete(place);
  }

  finish() {
    this.leave();
    this.setState("ended");
  }

  setState(state) {
    if (this.state === state) return;
    this.state = state;
    this.changed("state");
  }
}

// an unfinished line may grow for ever: a progress bar keeps its newest state, anything else its beginning
function shortened(partial) {
  if (partial.length <= 2 * LONGEST) return partial;
  const at = partial.lastIndexOf("\r", partial.length - 2);
  return at > 0 ? partial.slice(at + 1, at + 1 + 2 * LONGEST) : partial.slice(0, 2 * LONGEST);
}
