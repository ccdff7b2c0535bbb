"use strict";
const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);
const map = byId("map"), brush = map.getContext("2d");
const count = data.names.length, numClusters = data.examples.length;
const columnOf = (i) => data.cells[2 * i], rowOf = (i) => data.cells[2 * i + 1];
const readable = (i) => data.sizes[2 * i] > 0;
const color = (cluster, alpha = 1) => `hsl(${(cluster * 137.5 + 210) % 360} 62% 52% / ${alpha})`;
const tints = data.examples.map((_, cluster) => color(cluster, 0.2)), fills = data.examples.map((_, cluster) => color(cluster, 0.35));
const members = Array.from({ length: numClusters }, () => []);
data.clusters.forEach((cluster, i) => members[cluster].push(i));
const at = new Map(Array.from({ length: count }, (_, i) => [`${columnOf(i)},${rowOf(i)}`, i]));

// Sizes of a cell in pixels of the screen.
const CARDS_UNTIL = 26, LARGEST = 320;
const MOST_SHEETS = 64;
// Where the page's own pieces lie, around which the whole map is fitted.
const margins = () => ({ top: 70, bottom: 95, side: 24 });

function boxOf(pictures) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const i of pictures) {
    box[0] = Math.min(box[0], columnOf(i)); box[1] = Math.min(box[1], rowOf(i));
    box[2] = Math.max(box[2], columnOf(i)); box[3] = Math.max(box[3], rowOf(i));
  }
  return box;
}
/* Sheets of small pictures: loaded when first needed, and forgotten when there are too many. */
class Sheets {
  constructor(description, most) { Object.assign(this, description); this.most = most; this.loaded = new Map(); }
  get capacity() { return this.columns * this.columns; }
  image(number) {
    let image = this.loaded.get(number);
    if (image) this.loaded.delete(number);
    else {
      image = new Image();
      image.onload = () => { image.ready = true; this.arrived?.(number); redraw(); };
      image.src = this.urls[number];
    }
    this.loaded.set(number, image);
    if (this.loaded.size > this.most) this.loaded.delete(this.loaded.keys().next().value);
    return image.ready ? image : null;
  }
  /* Draw picture i into a rectangle; false while its sheet is not there. */
  draw(brush, i, x, y, width, height) {
    const slot = i % this.capacity, image = this.image(Math.floor(i / this.capacity));
    if (!image) return false;
    // The outermost pixels of larger pictures have some of their neighbours' colours.
    const [w, h] = this === large ? [data.sizes[2 * i], data.sizes[2 * i + 1]] : [this.side, this.side];
    const edge = this.side > 48 && Math.min(w, h) > 8 ? 1 : 0;
    brush.drawImage(image, (slot % this.columns) * this.side + edge, Math.floor(slot / this.columns) * this.side + edge,
      w - 2 * edge, h - 2 * edge, x, y, width, height);
    return true;
  }
}
const all = data.names.map((_, i) => i), whole = boxOf(all);
const large = new Sheets(data.pictures[0], data.beside ? MOST_SHEETS : Infinity);
const overview = new Sheets(data.pictures[1], Infinity);
/* The whole map once, in small, for views from far: a picture fills its cell there. */
const ground = document.createElement("canvas");
ground.cell = Math.max(1, Math.min(overview.side, Math.floor(4096 / Math.max(whole[2] + 1, whole[3] + 1))));
ground.width = (whole[2] + 1) * ground.cell;
ground.height = (whole[3] + 1) * ground.cell;
overview.arrived = (number) => {
  const groundBrush = ground.getContext("2d"), begin = number * overview.capacity;
  groundBrush.imageSmoothingQuality = "high";
  for (let i = begin; i < Math.min(count, begin + overview.capacity); i++) {
    const place = [columnOf(i) * ground.cell, rowOf(i) * ground.cell, ground.cell, ground.cell];
    if (readable(i)) overview.draw(groundBrush, i, ...place);
    else { groundBrush.fillStyle = fills[data.clusters[i]]; groundBrush.fillRect(...place); }
  }
};
overview.urls.forEach((_, number) => overview.image(number));
const faces = data.faces.map((url) => {
  if (!url) return null;
  const image = new Image();
  image.onload = () => redraw();
  image.src = url;
  return image;
});

/* The view: x and y are the cell in the middle of the screen, scale the pixels of a cell. */
const view = { x: 0, y: 0, scale: 1 };
let width = 1, height = 1, chosen = null, hovered = null, shownCluster = null, withCards = true, cards = [], waiting = false;

function viewOf([left, top, right, bottom], most = 160) {
  const free = margins();
  const scale = Math.min((width - 2 * free.side) / (right - left + 1), (height - free.top - free.bottom) / (bottom - top + 1), most);
  return { x: (left + right + 1) / 2, y: (top + bottom + 1) / 2 + (free.bottom - free.top) / 2 / scale, scale };
}
const least = () => Math.min(viewOf(whole).scale * 0.6, LARGEST);
const screenX = (x) => (x - view.x) * view.scale + width / 2;
const screenY = (y) => (y - view.y) * view.scale + height / 2;

let moving = 0;
function fly(to) {
  cancelAnimationFrame(moving);
  const from = { ...view }, begun = performance.now();
  const duration = matchMedia("(prefers-reduced-motion: reduce)").matches ? 1 : 420;
  const step = (now) => {
    const t = Math.min(1, Math.max(0, now - begun) / duration), s = t * t * (3 - 2 * t);
    view.scale = from.scale * (to.scale / from.scale) ** s;
    // What moves evenly is the picture on the screen, so cells pass faster while they are small.
    const share = Math.abs(to.scale / from.scale - 1) < 1e-6 ? s : (1 / view.scale - 1 / from.scale) / (1 / to.scale - 1 / from.scale);
    view.x = from.x + (to.x - from.x) * share;
    view.y = from.y + (to.y - from.y) * share;
    redraw();
    if (t < 1) moving = requestAnimationFrame(step);
  };
  moving = requestAnimationFrame(step);
}
function zoom(factor, x = width / 2, y = height / 2) {
  cancelAnimationFrame(moving);
  const scale = Math.min(LARGEST, Math.max(least(), view.scale * factor)), change = 1 / view.scale - 1 / scale;
  view.x += (x - width / 2) * change;
  view.y += (y - height / 2) * change;
  view.scale = scale;
  redraw();
}
function pan(x, y) {
  cancelAnimationFrame(moving);
  view.x = Math.min(whole[2] + 1, Math.max(whole[0], view.x - x / view.scale));
  view.y = Math.min(whole[3] + 1, Math.max(whole[1], view.y - y / view.scale));
  redraw();
}

function redraw() {
  if (!waiting) { waiting = true; requestAnimationFrame(() => { waiting = false; draw(); }); }
}
function fitted(i, size) {
  const [w, h] = readable(i) ? [data.sizes[2 * i], data.sizes[2 * i + 1]] : [1, 1];
  const scale = size / Math.max(w, h);
  return [w * scale, h * scale];
}
function drawGround() {
  brush.globalAlpha = shownCluster === null ? 1 : 0.13;
  brush.drawImage(ground, screenX(0), screenY(0), ground.width / ground.cell * view.scale, ground.height / ground.cell * view.scale);
  brush.globalAlpha = 1;
  for (const i of shownCluster === null ? [] : members[shownCluster]) {
    const x = columnOf(i), y = rowOf(i), cell = ground.cell;
    brush.drawImage(ground, x * cell, y * cell, cell, cell, screenX(x), screenY(y), view.scale, view.scale);
  }
}
function drawPicture(i) {
  const size = view.scale, x = Math.round(screenX(columnOf(i))), y = Math.round(screenY(rowOf(i)));
  if (x > width || y > height || x + size < 0 || y + size < 0) return;
  const right = Math.round(screenX(columnOf(i) + 1)), bottom = Math.round(screenY(rowOf(i) + 1));
  brush.globalAlpha = shownCluster === null || data.clusters[i] === shownCluster ? 1 : 0.13;
  brush.fillStyle = tints[data.clusters[i]];
  brush.fillRect(x, y, right - x, bottom - y);
  const [w, h] = fitted(i, size * 0.88), place = [x + (size - w) / 2, y + (size - h) / 2, w, h];
  if (!readable(i)) {
    brush.strokeStyle = color(data.clusters[i], 0.6);
    brush.lineWidth = 1;
    brush.strokeRect(...place);
  } else if (!large.draw(brush, i, ...place)) overview.draw(brush, i, ...place);
}
function outline(i, style, line) {
  brush.globalAlpha = 1;
  brush.strokeStyle = style;
  brush.lineWidth = line;
  brush.strokeRect(screenX(columnOf(i)) + line / 2, screenY(rowOf(i)) + line / 2, view.scale - line, view.scale - line);
}
/* The examples that have room, the largest clusters first. */
function drawCards() {
  cards = [];
  const strength = Math.min(1, Math.max(0, (CARDS_UNTIL - view.scale) / 2));
  if (!withCards || !strength || numClusters < 2) return;
  const side = width < 700 ? 46 : 64, gap = 5;
  for (let cluster = 0; cluster < numClusters; cluster++) {
    const face = faces[cluster], i = data.examples[cluster];
    if (!face || !face.naturalWidth) continue;
    const x = screenX(columnOf(i) + 0.5) - side / 2, y = screenY(rowOf(i) + 0.5) - side / 2;
    if (cards.some((card) => Math.abs(card.x - x) < side + gap && Math.abs(card.y - y) < side + gap)) continue;
    cards.push({ x, y, side, cluster });
    brush.globalAlpha = strength * (shownCluster === null || shownCluster === cluster ? 1 : 0.25);
    brush.save();
    brush.shadowColor = "#0007"; brush.shadowBlur = 9; brush.shadowOffsetY = 2;
    brush.fillStyle = color(cluster);
    brush.beginPath(); brush.roundRect(x, y, side, side, 8); brush.fill();
    brush.restore();
    brush.save();
    brush.beginPath(); brush.roundRect(x + 3, y + 3, side - 6, side - 6, 5.5); brush.clip();
    const crop = Math.min(face.naturalWidth, face.naturalHeight);
    brush.drawImage(face, (face.naturalWidth - crop) / 2, (face.naturalHeight - crop) / 2, crop, crop, x + 3, y + 3, side - 6, side - 6);
    brush.restore();
    const text = members[cluster].length.toLocaleString("en");
    brush.font = "600 11px system-ui, sans-serif";
    const long = brush.measureText(text).width + 8;
    brush.fillStyle = "#000a";
    brush.beginPath(); brush.roundRect(x + side - long - 4, y + side - 19, long, 15, 5); brush.fill();
    brush.fillStyle = "#fff";
    brush.fillText(text, x + side - long, y + side - 7.5);
  }
}
function draw() {
  const ratio = devicePixelRatio || 1, far = view.scale <= ground.cell * 1.25;
  brush.setTransform(ratio, 0, 0, ratio, 0, 0);
  brush.clearRect(0, 0, width, height);
  brush.imageSmoothingQuality = view.scale < 48 ? "medium" : "high";
  if (far) drawGround();
  else for (let i = 0; i < count; i++) drawPicture(i);
  drawCards();
  if (hovered !== null) outline(hovered, color(data.clusters[hovered]), 2);
  if (chosen !== null) outline(chosen, getComputedStyle(byId("path")).color, 3);
  brush.globalAlpha = 1;
  map.dataset.scale = view.scale.toFixed(3);
  map.dataset.cards = cards.length;
  map.dataset.sheets = [...large.loaded.values()].filter((image) => image.ready).length;
}

function pictureAt(x, y) {
  const column = Math.floor((x - width / 2) / view.scale + view.x), row = Math.floor((y - height / 2) / view.scale + view.y);
  return at.get(`${column},${row}`) ?? null;
}
const cardAt = (x, y) => cards.find((card) => x >= card.x && y >= card.y && x < card.x + card.side && y < card.y + card.side);
function urlOf(i) {
  const [first, ...rest] = data.names[i].split("//");
  const [folder, path] = rest.length ? [data.folders[first], rest.join("//")] : [data.folders[""], first];
  return `${folder}/${path.split("/").map(encodeURIComponent).join("/")}`;
}
const shortName = (i) => data.names[i].split("/").slice(-2).join("/");

function choose(i) {
  chosen = i;
  byId("chosen").hidden = i === null;
  map.dataset.chosen = i === null ? "" : data.names[i];
  if (i !== null) {
    const url = urlOf(i), large_ = byId("large"), small = byId("small"), cluster = data.clusters[i];
    byId("path").textContent = data.names[i] + (readable(i) ? "" : " (cannot be read)");
    byId("path").href = url;
    byId("group").textContent = `${members[cluster].length.toLocaleString("en")} like ${shortName(data.examples[cluster])}`;
    byId("group").style.borderColor = color(cluster);
    byId("group").onclick = () => showCluster(cluster);
    // The small picture at once; the file itself where it is still to be had.
    [small.width, small.height] = readable(i) ? [data.sizes[2 * i], data.sizes[2 * i + 1]] : [1, 1];
    small.hidden = false;
    large_.hidden = true;
    const paint = (left) => {
      if (chosen === i && readable(i) && !large.draw(small.getContext("2d"), i, 0, 0, small.width, small.height) && left) {
        setTimeout(paint, 100, left - 1);
      }
    };
    paint(50);
    large_.onload = () => { if (chosen === i) { large_.hidden = false; small.hidden = true; } };
    large_.src = url;
    large_.alt = data.names[i];
  }
  redraw();
}
function reveal(i) {
  choose(i);
  const x = screenX(columnOf(i) + 0.5), y = screenY(rowOf(i) + 0.5), edge = Math.max(60, view.scale);
  if (x < edge || y < edge + 40 || x > width - edge || y > height - edge - 80) fly({ ...view, x: columnOf(i) + 0.5, y: rowOf(i) + 0.5 });
}
/* To where most of the cluster lies: a few of its pictures may be elsewhere. */
function showCluster(cluster) {
  const example = data.examples[cluster];
  const far = (i) => Math.hypot(columnOf(i) - columnOf(example), rowOf(i) - rowOf(example));
  const near = [...members[cluster]].sort((a, b) => far(a) - far(b)).slice(0, Math.ceil(members[cluster].length * 0.8));
  fly(viewOf(boxOf(near), 110));
}
function highlight(cluster) {
  if (shownCluster !== cluster) { shownCluster = cluster; redraw(); }
}
function hover(i, x, y) {
  const tip = byId("tip");
  if (hovered !== i) { hovered = i; redraw(); }
  map.classList.toggle("over", i !== null);
  tip.hidden = i === null;
  if (i === null) return;
  tip.textContent = data.names[i];
  tip.style.left = `${Math.min(x + 14, width - tip.offsetWidth - 8)}px`;
  tip.style.top = `${y + 20 + tip.offsetHeight > height ? y - tip.offsetHeight - 8 : y + 20}px`;
}
/* The picture that is next to `from` in a direction. */
function next(from, dx, dy) {
  let best = null, least = Infinity;
  for (const i of all) {
    const x = columnOf(i) - columnOf(from), y = rowOf(i) - rowOf(from), along = x * dx + y * dy, beside = Math.abs(x * dy) + Math.abs(y * dx);
    if (along > 0 && along + 2 * beside < least) { least = along + 2 * beside; best = i; }
  }
  return best ?? from;
}
function middle() {
  let best = 0, least = Infinity;
  for (const i of all) {
    const far = Math.hypot(columnOf(i) + 0.5 - view.x, rowOf(i) + 0.5 - view.y);
    if (far < least) { least = far; best = i; }
  }
  return best;
}

const pointers = new Map();
let travelled = 0;
const spread = ([a, b]) => Math.hypot(a.x - b.x, a.y - b.y) || 1;
map.addEventListener("pointerdown", (event) => {
  if (event.pointerType === "mouse" && event.button !== 0) return;
  map.setPointerCapture(event.pointerId);
  if (!pointers.size) travelled = 0;
  pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
});
map.addEventListener("pointermove", (event) => {
  const x = event.clientX, y = event.clientY, before = pointers.get(event.pointerId);
  if (!before) {
    const card = cardAt(x, y);
    highlight(card ? card.cluster : null);
    return hover(card ? data.examples[card.cluster] : pictureAt(x, y), x, y);
  }
  hover(null);
  const held = [...pointers.values()], old = held.length === 2 ? spread(held) : 0;
  travelled += Math.hypot(x - before.x, y - before.y);
  // Two fingers: each moves the map by half.
  pan((x - before.x) / held.length, (y - before.y) / held.length);
  Object.assign(before, { x, y });
  if (old) zoom(spread(held) / old, (held[0].x + held[1].x) / 2, (held[0].y + held[1].y) / 2);
});
function release(event) {
  const was = pointers.delete(event.pointerId);
  if (!was || event.type !== "pointerup" || pointers.size || travelled > 6) return;
  const card = cardAt(event.clientX, event.clientY);
  if (card) { highlight(null); showCluster(card.cluster); } else choose(pictureAt(event.clientX, event.clientY));
}
map.addEventListener("pointerup", release);
map.addEventListener("pointercancel", release);
map.addEventListener("pointerleave", () => { hover(null); highlight(null); });
map.addEventListener("dblclick", (event) => zoom(2, event.clientX, event.clientY));
map.addEventListener("wheel", (event) => {
  event.preventDefault();
  const lines = event.deltaMode === 1 ? 24 : 1;
  zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0016)), event.clientX, event.clientY);
}, { passive: false });

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const arrow = ARROWS[event.key], onButton = event.target.closest?.("button, a");
  if (arrow && onButton) return;
  if (arrow && chosen !== null) reveal(next(chosen, ...arrow));
  else if (arrow) pan(-arrow[0] * 80, -arrow[1] * 80);
  else if (event.key === "+" || event.key === "=") zoom(1.3);
  else if (event.key === "-") zoom(1 / 1.3);
  else if (event.key === "0" || event.key === "Home") fly(viewOf(whole));
  else if (event.key === "e") byId("examples").click();
  else if (event.key === "Escape") choose(null);
  else if (event.key === "Enter" && !onButton) reveal(chosen ?? middle());
  else return;
  event.preventDefault();
});
byId("in").onclick = () => zoom(1.5);
byId("out").onclick = () => zoom(1 / 1.5);
byId("all").onclick = () => fly(viewOf(whole));
byId("close").onclick = () => { choose(null); map.focus(); };
byId("examples").onclick = (event) => {
  withCards = !withCards;
  event.currentTarget.setAttribute("aria-pressed", withCards);
  redraw();
};

data.examples.forEach((example, cluster) => {
  const button = document.createElement("button"), face = document.createElement(data.faces[cluster] ? "img" : "span");
  const size = members[cluster].length;
  if (data.faces[cluster]) { face.src = data.faces[cluster]; face.alt = ""; } else face.className = "none";
  button.append(face, size.toLocaleString("en"));
  button.title = `${size.toLocaleString("en")} like ${data.names[example]}`;
  button.setAttribute("aria-label", button.title);
  button.style.borderColor = color(cluster);
  button.onclick = () => { highlight(null); showCluster(cluster); };
  button.onpointerenter = button.onfocus = () => highlight(cluster);
  button.onpointerleave = button.onblur = () => highlight(null);
  byId("clusters").append(button);
});
byId("clusters").hidden = numClusters < 2;
byId("clusters").style.display = numClusters < 2 ? "none" : "";

function resize() {
  const first = width === 1, ratio = devicePixelRatio || 1;
  width = innerWidth; height = innerHeight;
  map.width = Math.round(width * ratio); map.height = Math.round(height * ratio);
  if (first) Object.assign(view, viewOf(whole));
  redraw();
}
addEventListener("resize", resize);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
for (const kind of ["wheel", "pointerdown", "keydown"]) addEventListener(kind, () => byId("keys").classList.add("known"), { once: true, passive: true });
resize();
