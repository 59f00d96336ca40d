// Terminal text to styled pieces: SGR colours (16, 256, 24 bit), carriage returns as overwriting, other sequences dropped.

const BACKGROUND = [11, 17, 19];
const READABLE = 4.6; // contrast
const BASIC = [
  [139, 153, 156], [255, 138, 128], [126, 214, 160], [243, 193, 105], [130, 199, 242], [215, 169, 245], [102, 217, 232], [213, 222, 220],
  [163, 179, 177], [255, 170, 160], [150, 235, 180], [255, 220, 130], [165, 215, 255], [230, 195, 255], [150, 235, 245], [255, 255, 255],
];
const STEPS = [0, 95, 135, 175, 215, 255];
// eslint-disable-next-line no-control-regex
const SEQUENCE = /\x1b\[([0-9;:]*)m|\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_][^\x1b]*\x1b\\|\x1b[ -/]*[0-~]/g;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f]/g;

/** What a terminal would show of a line after its carriage returns. */
export function overwritten(line) {
  const parts = line.replace(/\r+$/, "").split("\r");
  let shown = parts[0];
  for (const part of parts.slice(1)) {
    if (!part) continue;
    const plain = !part.includes("\x1b") && !shown.includes("\x1b");
    shown = plain ? part + shown.slice(part.length) : part;
  }
  return shown;
}

/** The line without any sequences: for copying. */
export function plain(line) {
  return overwritten(line).replace(SEQUENCE, "");
}

/** @returns {{text: string, style: object|null}[]} */
export function pieces(line) {
  const found = [];
  let style = null;
  let from = 0;
  const text = overwritten(line);
  for (const match of text.matchAll(SEQUENCE)) {
    push(found, text.slice(from, match.index), style);
    from = match.index + match[0].length;
    if (match[1] !== undefined) style = changed(style, match[1]);
  }
  push(found, text.slice(from), style);
  return found;
}

/** An element for a piece; colours go through the CSSOM, since the page's policy forbids style attributes. */
export function element(piece) {
  const span = document.createElement("span");
  span.textContent = piece.text;
  const { style } = piece;
  if (!style) return span;
  span.className = ["sgr", ...["bold", "faint", "italic", "underline", "strike"].filter((name) => style[name])].join(" ");
  const [ink, paper] = style.inverse ? [style.paper ?? BACKGROUND, style.ink ?? BASIC[7]] : [style.ink, style.paper];
  if (paper) span.style.setProperty("--sgr-bg", css(paper));
  if (ink || paper) span.style.setProperty("--sgr-fg", css(readable(ink ?? BASIC[7], paper ?? BACKGROUND)));
  return span;
}

function push(found, text, style) {
  if (text) found.push({ text: text.replace(CONTROL, (c) => String.fromCharCode(c === "\x7f" ? 0x2421 : 0x2400 + c.charCodeAt(0))), style });
}

function changed(style, codes) {
  const next = { ...style };
  const list = codes === "" ? [0] : codes.split(/[;:]/).map(Number);
  for (let at = 0; at < list.length; at++) {
    const code = list[at];
    if (code === 0) for (const key of Object.keys(next)) delete next[key];
    else if (code === 1) next.bold = true;
    else if (code === 2) next.faint = true;
    else if (code === 3) next.italic = true;
    else if (code === 4) next.underline = true;
    else if (code === 7) next.inverse = true;
    else if (code === 9) next.strike = true;
    else if (code === 22) next.bold = next.faint = false;
    else if (code === 23) next.italic = false;
    else if (code === 24) next.underline = false;
    else if (code === 27) next.inverse = false;
    else if (code === 29) next.strike = false;
    else if (code === 39) next.ink = undefined;
    else if (code === 49) next.paper = undefined;
    else if (code >= 30 && code <= 37) next.ink = BASIC[code - 30];
    else if (code >= 90 && code <= 97) next.ink = BASIC[code - 82];
    else if (code >= 40 && code <= 47) next.paper = BASIC[code - 40];
    else if (code >= 100 && code <= 107) next.paper = BASIC[code - 92];
    else if (code === 38 || code === 48) at = extended(next, code === 38 ? "ink" : "paper", list, at);
  }
  return Object.values(next).some(Boolean) ? next : null;
}

function extended(style, key, list, at) {
  if (list[at + 1] === 5) {
    style[key] = of256(list[at + 2] ?? 0);
    return at + 2;
  }
  if (list[at + 1] === 2) {
    style[key] = list.slice(at + 2, at + 5).map((part) => Math.max(0, Math.min(255, part || 0)));
    while (style[key].length < 3) style[key].push(0);
    return at + 4;
  }
  return at + 1;
}

function of256(number) {
  if (number < 16) return BASIC[Math.max(0, number | 0)];
  if (number > 231) return Array(3).fill(8 + 10 * (Math.min(number, 255) - 232));
  const cube = number - 16;
  return [STEPS[Math.floor(cube / 36)], STEPS[Math.floor(cube / 6) % 6], STEPS[cube % 6]];
}

/** The colour, moved towards white or black until it can be read on the paper. */
export function readable(ink, paper) {
  const towards = luminance(paper) > 0.18 ? 0 : 255;
  let colour = ink;
  for (let step = 0; step < 12 && contrast(colour, paper) < READABLE; step++) colour = colour.map((part) => part + (towards - part) * 0.2);
  return contrast(colour, paper) < READABLE ? [towards, towards, towards] : colour;
}

function luminance(colour) {
  const [r, g, b] = colour.map((part) => ((part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const css = (colour) => `rgb(${colour.map(Math.round).join(" ")})`;
