"use strict";
const at = id => document.getElementById(id);
const DATA = JSON.parse(at("data").textContent);
at("data").remove();

function unpack(text, Kind) {
  const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  return new Kind(bytes.buffer);
}
const X = unpack(DATA.x, Float32Array), Y = unpack(DATA.y, Float32Array);
const NEAR = unpack(DATA.near, Uint32Array), PALETTE = unpack(DATA.palette, Uint8Array);
const N = X.length;
const COLUMNS = DATA.columns.map(column => ({
  name: column.name, words: column.words, packed: column.values,
  get values() {
    this.unpacked ??= unpack(this.packed, this.words.length ? Uint8Array : Float32Array);
    return this.unpacked;
  },
}));
// Okabe & Ito (2008): told apart by the colour-blind.
const CLASSES = [[230, 159, 0], [86, 180, 233], [0, 158, 115], [213, 94, 0], [0, 114, 178], [204, 121, 167]];
const SHOWN = 120;

let chosen = [], shownCount = 0, one = null, mode = "lasso", loop = null, scale = 1, midX = 0, midY = 0;
const isChosen = new Uint8Array(N), colours = new Uint32Array(N);
const canvas = at("map"), pen = canvas.getContext("2d");

// Thumbnails

const sheets = new Map();
function sheet(number) {
  if (!sheets.has(number)) {
    const file = new Blob([unpack(DATA.sheets[number], Uint8Array)], {type: "image/webp"});
    sheets.set(number, `url(${URL.createObjectURL(file)})`);
  }
  return sheets.get(number);
}
function paint(element, galaxy, side) {
  const place = galaxy % DATA.perSheet, row = Math.floor(place / DATA.perRow), column = place % DATA.perRow;
  const inSheet = Math.min(DATA.perSheet, N - (galaxy - place)), rows = Math.ceil(inSheet / DATA.perRow);
  Object.assign(element.style, {
    width: `${side}px`, height: `${side}px`, backgroundImage: sheet((galaxy - place) / DATA.perSheet),
    backgroundSize: `${side * DATA.perRow}px ${side * rows}px`,
    backgroundPosition: `${-side * column}px ${-side * row}px`,
  });
}

// Colours

function span(values) {
  const sorted = Float32Array.from(values).filter(value => !Number.isNaN(value)).sort();
  const low = sorted[Math.floor(0.01 * (sorted.length - 1))], high = sorted[Math.ceil(0.99 * (sorted.length - 1))];
  return [low, high > low ? high : low + 1e-6];
}
const pixel = ([red, green, blue]) => (255 << 24 | blue << 16 | green << 8 | red) >>> 0;

function recolour() {
  const column = COLUMNS[at("colour").value], values = column.values;
  if (column.words.length) {
    for (let n = 0; n < N; n++) colours[n] = pixel(CLASSES[values[n] % CLASSES.length]);
    at("legend").replaceChildren(...column.words.map((word, number) => {
      const entry = document.createElement("span"), dot = document.createElement("i");
      dot.style.background = `rgb(${CLASSES[number % CLASSES.length]})`;
      entry.append(dot, word);
      return entry;
    }));
  } else {
    const [low, high] = span(values);
    for (let n = 0; n < N; n++) {
      const level = Math.round(255 * Math.min(1, Math.max(0, (values[n] - low) / (high - low))));
      colours[n] = Number.isNaN(values[n]) ? pixel([128, 128, 128]) : pixel(PALETTE.subarray(3 * level, 3 * level + 3));
    }
    const bar = Object.assign(document.createElement("span"), {className: "bar"});
    const stops = [0, 64, 128, 192, 255].map(level => `rgb(${PALETTE.subarray(3 * level, 3 * level + 3)})`);
    bar.style.background = `linear-gradient(to right, ${stops})`;
    at("legend").replaceChildren(`${column.name}: ${said(low)}`, bar, said(high));
  }
  draw();
}
function said(value) {
  if (Number.isNaN(value)) return "unknown";
  const size = Math.abs(value);
  if (size >= 100 || (size > 1 && Number.isInteger(value))) return value.toFixed(0);
  return size > 0 && size < 0.01 ? value.toPrecision(2) : value.toFixed(2);
}

// The map: points are written into pixels, which is quick for a hundred thousand on any machine.

let pending = false;
function draw() {
  if (pending) return;
  pending = true;
  requestAnimationFrame(() => { pending = false; drawNow(); });
}
function drawNow() {
  const ratio = devicePixelRatio, width = Math.round(canvas.clientWidth * ratio), height = Math.round(canvas.clientHeight * ratio);
  if (!width || !height) return;
  if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
  const image = pen.createImageData(width, height), pixels = new Uint32Array(image.data.buffer);
  const size = Math.max(1, Math.round((N > 20000 ? 2 : N > 3000 ? 3 : 5) * ratio * Math.min(2, Math.sqrt(scale)))), half = size >> 1;
  const k = zoom() * ratio, some = chosen.length > 0;
  const left = width / 2 - midX * k, top = height / 2 + midY * k;
  for (let pass = some ? 0 : 1; pass < 2; pass++) {
    for (let n = 0; n < N; n++) {
      if (some && isChosen[n] !== pass) continue;
      const x0 = Math.round(left + X[n] * k) - half, y0 = Math.round(top - Y[n] * k) - half;
      if (x0 < 0 || y0 < 0 || x0 + size > width || y0 + size > height) continue;
      const colour = pass ? colours[n] : (colours[n] & 0x00ffffff | 0x38000000) >>> 0;
      for (let y = y0; y < y0 + size; y++) pixels.fill(colour, y * width + x0, y * width + x0 + size);
    }
  }
  pen.putImageData(image, 0, 0);
  const ink = getComputedStyle(document.body).color;
  if (one !== null) {
    pen.strokeStyle = ink;
    pen.lineWidth = 2 * ratio;
    pen.beginPath();
    pen.arc(left + X[one] * k, top - Y[one] * k, 8 * ratio, 0, 7);
    pen.stroke();
  }
  if (loop) {
    pen.strokeStyle = ink;
    pen.lineWidth = 1.5 * ratio;
    pen.beginPath();
    for (const [x, y] of loop) pen.lineTo(x * ratio, y * ratio);
    pen.stroke();
  }
}
let whole = 1;
const zoom = () => whole * scale;
function fit() {
  const [left, right] = extent(X), [low, high] = extent(Y);
  midX = (left + right) / 2;
  midY = (low + high) / 2;
  scale = 1;
  whole = 0.94 * Math.min(canvas.clientWidth / (right - left || 1), canvas.clientHeight / (high - low || 1));
  draw();
}
function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) { if (value < low) low = value; if (value > high) high = value; }
  return [low, high];
}
const toMap = (x, y) => [midX + (x - canvas.clientWidth / 2) / zoom(), midY - (y - canvas.clientHeight / 2) / zoom()];
const toPage = n => [canvas.clientWidth / 2 + (X[n] - midX) * zoom(), canvas.clientHeight / 2 - (Y[n] - midY) * zoom()];

function zoomAt(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
  const [mapX, mapY] = toMap(x, y);
  scale = Math.min(400, Math.max(0.5, scale * factor));
  const [nowX, nowY] = toMap(x, y);
  midX += mapX - nowX;
  midY += mapY - nowY;
  draw();
}
function nearestTo(x, y, within) {
  const [mapX, mapY] = toMap(x, y);
  let best = null, least = (within / zoom()) ** 2;
  for (let n = 0; n < N; n++) {
    const away = (X[n] - mapX) ** 2 + (Y[n] - mapY) ** 2;
    if (away < least) { least = away; best = n; }
  }
  return best;
}
/* The next galaxy in a direction: the one least far away, where sideways counts double. */
function nextTo(galaxy, right, up) {
  let best = null, least = Infinity;
  for (let n = 0; n < N; n++) {
    const x = X[n] - X[galaxy], y = Y[n] - Y[galaxy], ahead = x * right + y * up, aside = Math.abs(x * up) + Math.abs(y * right);
    if (ahead > 0 && aside <= ahead && ahead + 2 * aside < least) { least = ahead + 2 * aside; best = n; }
  }
  return best;
}

// One galaxy

function line(cells, tag = "td") {
  const row = document.createElement("tr");
  cells.forEach((text, number) => {
    const head = number === 0 || tag === "th";
    const cell = Object.assign(document.createElement(head ? "th" : "td"), {textContent: text});
    if (head) cell.scope = tag === "th" ? "col" : "row";
    if (number) cell.className = "number";
    row.append(cell);
  });
  return row;
}
const column = name => COLUMNS.find(each => each.name === name);
const value = (name, n) => { const found = column(name); return found ? said(found.values[n]) : ""; };

function look(galaxy, centre = false) {
  one = galaxy;
  at("hint").hidden = true;
  at("one").hidden = false;
  at("name").textContent = DATA.ids[one];
  paint(at("picture"), one, 200);
  at("picture").setAttribute("aria-label", `Galaxy ${DATA.ids[one]}`);
  const parts = ["voted", "predicted", "error of", "spread of"].filter(part => column(`${part} ${DATA.targets[0]}`));
  at("heads").replaceChildren(line(["fraction", ...parts.map(part => part.replace(" of", ""))], "th"));
  at("fractions").replaceChildren(...DATA.targets.map(target => line([target, ...parts.map(part => value(`${part} ${target}`, one))])));
  const others = COLUMNS.filter(each => !DATA.targets.some(target => each.name.endsWith(` ${target}`)));
  at("values").replaceChildren(...others.map(each =>
    line([each.name, each.words.length ? each.words[each.values[one]] : said(each.values[one])])));
  if (centre) {
    const [x, y] = toPage(one), edge = 20;
    if (x < edge || y < edge || x > canvas.clientWidth - edge || y > canvas.clientHeight - edge) { midX = X[one]; midY = Y[one]; }
  }
  draw();
}

// The chosen

function choose(galaxies, what) {
  isChosen.fill(0);
  chosen = galaxies;
  for (const n of chosen) isChosen[n] = 1;
  shownCount = 0;
  at("gallery").replaceChildren();
  at("count").textContent = chosen.length ? `${chosen.length.toLocaleString("en")} ${chosen.length === 1 ? "galaxy" : "galaxies"} ${what}` : `No galaxies ${what}`;
  at("save").disabled = at("clear").disabled = !chosen.length;
  more();
  draw();
}
function more() {
  for (const n of chosen.slice(shownCount, shownCount + SHOWN)) {
    const item = document.createElement("li"), button = document.createElement("button");
    const picture = Object.assign(document.createElement("span"), {className: "thumb"});
    paint(picture, n, 84);
    button.append(picture, Object.assign(document.createElement("span"), {className: "name", textContent: DATA.ids[n]}));
    button.addEventListener("click", () => look(n, true));
    item.append(button);
    at("gallery").append(item);
  }
  shownCount = Math.min(chosen.length, shownCount + SHOWN);
  at("more").hidden = shownCount >= chosen.length;
}
function inside(polygon) {
  const corners = polygon.map(([x, y]) => toMap(x, y)), found = [];
  for (let n = 0; n < N; n++) {
    let odd = false;
    for (let i = 0, j = corners.length - 1; i < corners.length; j = i++) {
      const [xi, yi] = corners[i], [xj, yj] = corners[j];
      if (yi > Y[n] !== yj > Y[n] && X[n] < (xj - xi) * (Y[n] - yi) / (yj - yi) + xi) odd = !odd;
    }
    if (odd) found.push(n);
  }
  return found;
}
function alike() {
  if (one === null) return;
  const near = NEAR.subarray(one * DATA.perGalaxy, (one + 1) * DATA.perGalaxy);
  choose([one, ...near], `like ${DATA.ids[one]}, the most alike first`);
}

// What people do

let drag = null;
const place = event => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
canvas.addEventListener("pointerdown", event => {
  canvas.setPointerCapture(event.pointerId);
  drag = {start: place(event), last: place(event), far: false};
  at("hover").hidden = true;
});
canvas.addEventListener("pointermove", event => {
  const [x, y] = place(event);
  if (!drag) { hover(x, y); return; }
  drag.far ||= Math.hypot(x - drag.start[0], y - drag.start[1]) > 5;
  if (!drag.far) return;
  if (mode === "move") {
    midX -= (x - drag.last[0]) / zoom();
    midY += (y - drag.last[1]) / zoom();
  } else (loop ??= [drag.start]).push([x, y]);
  drag.last = [x, y];
  draw();
});
canvas.addEventListener("pointerup", event => {
  const [x, y] = place(event);
  if (loop) {
    const polygon = loop;
    loop = null;
    choose(inside(polygon), "in the loop");
  } else if (drag && !drag.far) {
    const galaxy = nearestTo(x, y, 15);
    if (galaxy !== null) look(galaxy);
  }
  drag = null;
});
canvas.addEventListener("pointerleave", () => { at("hover").hidden = true; });
canvas.addEventListener("wheel", event => { event.preventDefault(); zoomAt(Math.exp(-event.deltaY / 400), ...place(event)); }, {passive: false});

function hover(x, y) {
  const galaxy = nearestTo(x, y, 10), box = at("hover");
  box.hidden = galaxy === null;
  if (galaxy === null) return;
  const picture = Object.assign(document.createElement("span"), {className: "thumb"}), selected = COLUMNS[at("colour").value];
  paint(picture, galaxy, 84);
  const shown = selected.words.length ? selected.words[selected.values[galaxy]] : said(selected.values[galaxy]);
  box.replaceChildren(picture, DATA.ids[galaxy], document.createElement("br"), `${selected.name}: ${shown}`);
  const [px, py] = toPage(galaxy);
  box.style.left = `${Math.min(px + 12, canvas.clientWidth - box.offsetWidth)}px`;
  box.style.top = `${Math.min(py + 12, canvas.clientHeight - box.offsetHeight)}px`;
}

const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]};
canvas.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key in ARROWS) {
    const galaxy = one === null ? nearestTo(canvas.clientWidth / 2, canvas.clientHeight / 2, Infinity) : nextTo(one, ...ARROWS[event.key]);
    if (galaxy !== null) look(galaxy, true);
  } else if (event.key === "+" || event.key === "=") zoomAt(1.5);
  else if (event.key === "-") zoomAt(1 / 1.5);
  else if (event.key === "Enter") alike();
  else if (event.key === " " && one !== null) {
    if (!isChosen[one]) choose([...chosen, one], "chosen");
  } else return;
  event.preventDefault();
});
function setMode(wanted) {
  mode = wanted;
  canvas.classList.toggle("move", mode === "move");
  for (const name of ["lasso", "move"]) at(name).setAttribute("aria-pressed", String(mode === name));
}
at("lasso").addEventListener("click", () => setMode("lasso"));
at("move").addEventListener("click", () => setMode("move"));
at("in").addEventListener("click", () => zoomAt(1.5));
at("out").addEventListener("click", () => zoomAt(1 / 1.5));
at("whole").addEventListener("click", fit);
at("colour").addEventListener("change", recolour);
at("alike").addEventListener("click", alike);
at("more").addEventListener("click", more);
at("clear").addEventListener("click", () => choose([], "chosen"));
at("find").addEventListener("submit", event => {
  event.preventDefault();
  const wanted = at("id").value.trim(), galaxy = DATA.ids.indexOf(wanted);
  if (galaxy < 0) { at("name").textContent = `No galaxy ${wanted}`; return; }
  look(galaxy, true);
});
at("range").addEventListener("submit", event => {
  event.preventDefault();
  const selected = COLUMNS[at("by").value], [low, high] = ["from", "to"].map(id => at(id).value);
  const least = low === "" ? -Infinity : Number(low), most = high === "" ? Infinity : Number(high), found = [];
  for (let n = 0; n < N; n++) if (selected.values[n] >= least && selected.values[n] <= most) found.push(n);
  choose(found, `with ${selected.name} from ${low || "the lowest"} to ${high || "the highest"}`);
});
at("save").addEventListener("click", () => {
  const quoted = chosen.map(n => /[",\n]/.test(DATA.ids[n]) ? `"${DATA.ids[n].replaceAll('"', '""')}"` : DATA.ids[n]);
  const file = new Blob([["id", ...quoted].join("\n") + "\n"], {type: "text/csv"});
  const link = Object.assign(document.createElement("a"), {href: URL.createObjectURL(file), download: "chosen.csv"});
  link.click();
  URL.revokeObjectURL(link.href);
});
COLUMNS.forEach((each, number) => { if (!each.words.length) at("by").append(new Option(each.name, number)); });
new ResizeObserver(() => { if (scale === 1) fit(); else draw(); }).observe(canvas);
fit();
recolour();
