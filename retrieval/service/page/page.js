// The page: what is asked lies in `query`, and `show` makes the page follow it.
const element = (id) => document.getElementById(id);
const grid = element("grid");
const COUNT = 60;
const GRID_SIDE = 16;

// id or file: the picture asked with; neither: browsing.
let query = { id: null, file: null, with: [], without: [], region: null, where: "", folder: "", seed: null, copies: null };
let shown = { hits: [], last: -1 };
let fileUrl = null;
let asked = 0;

async function ask(path, options = {}) {
  const answer = await fetch(path, options);
  if (answer.ok) return answer.json();
  let detail = `the service answered ${answer.status}`;
  try {
    const told = (await answer.json()).detail;
    detail = typeof told === "string" ? told : told.map((each) => `${each.loc.at(-1)}: ${each.msg}`).join("; ");
  } catch { /* no JSON: the status says it */ }
  throw new Error(detail);
}

function parameters(values) {
  const kept = Object.entries(values).filter(([, value]) => value !== null && value !== "" && value !== undefined);
  return new URLSearchParams(kept).toString();
}

const isSearch = () => query.id !== null || query.file !== null;

// What can be kept in the address, so that back and forward work. An uploaded picture cannot.
function toAddress() {
  if (query.file) return history.state?.file === query.file.name ? null : `#file=${encodeURIComponent(query.file.name)}`;
  return "#" + parameters({ ...query, file: null, with: query.with.join(), without: query.without.join() });
}

function fromAddress() {
  const values = new URLSearchParams(location.hash.slice(1));
  if (values.has("file") && query.file) return show();
  const ids = (name) => (values.get(name) || "").split(",").filter(Boolean).map(Number);
  query = {
    id: values.has("id") ? Number(values.get("id")) : null, file: null, with: ids("with"), without: ids("without"),
    region: values.get("region"), where: values.get("where") || "", folder: values.get("folder") || "",
    seed: values.has("seed") ? Number(values.get("seed")) : null, copies: values.get("copies"),
  };
  return show();
}

function change(values) {
  query = { ...query, ...values };
  const address = toAddress();
  if (address !== null && address !== location.hash) history.pushState(null, "", address);
  return show();
}

const searchFor = (id) => { window.scrollTo(0, 0); return change({ id, file: null, region: null, with: [], without: [], seed: null }); };
const upload = (file) => file && change({ id: null, file, region: null, with: [], without: [], seed: null });

async function show() {
  const turn = ++asked;
  drawQuery();
  status(isSearch() ? "Searching…" : "Loading…");
  try {
    const found = isSearch() ? await search() : await browse(-1);
    if (turn !== asked) return;
    grid.replaceChildren();
    shown = { hits: [], last: -1 };
    if (isSearch()) { drawHits(found); element("caption").textContent = query.file ? query.file.name : found.path; }
    else drawPictures(found);
  } catch (error) {
    if (turn === asked) { grid.replaceChildren(); element("more").hidden = true; status(error.message, true); }
  }
}

function search() {
  const options = parameters({ k: COUNT, where: query.where, region: query.region, with: query.with.join(), without: query.without.join(), copies: query.copies });
  if (query.file === null) return ask(`/query/${query.id}?${options}`);
  const body = new FormData();
  body.append("file", query.file);
  return ask(`/query?${options}`, { method: "POST", body });
}

const browse = (after) => ask("/pictures?" + parameters({ after, count: COUNT, where: query.where, seed: query.seed })
  + (query.folder ? `&folder=${encodeURIComponent(query.folder === "." ? "" : query.folder)}` : ""));

function drawHits(found) {
  const good = found.hits.filter((hit) => hit.distance <= found.no_match).length;
  const words = good ? `${good} of ${found.hits.length} are good matches` : "No good match: the pictures below are only the least unlike";
  status(found.hits.length ? `${words}. ${found.milliseconds} ms.` : "Nothing meets the filter.");
  found.hits.forEach((hit, place) => {
    if (place === good && good) grid.append(cut(found.no_match));
    grid.append(card(hit, hit.distance > found.no_match));
  });
  shown.hits = found.hits;
  element("more").hidden = true;
}

function cut(distance) {
  const line = document.createElement("li");
  line.className = "cut";
  line.textContent = `From a distance of ${distance.toFixed(3)} on there is no good match in this folder.`;
  return line;
}

function drawPictures(found) {
  found.pictures.forEach((each) => grid.append(card(each, false)));
  shown.last = found.pictures.at(-1)?.id ?? shown.last;
  status(`${found.count.toLocaleString()} pictures. Drop, paste or choose a picture, or click one, to see what looks like it.`);
  element("more").hidden = query.seed !== null || found.pictures.length < COUNT;
}

function card(picture, weak) {
  const item = element("card").content.firstElementChild.cloneNode(true);
  item.classList.toggle("weak", weak);
  item.dataset.id = picture.id;
  const [open, image] = [item.querySelector(".open"), item.querySelector("img")];
  image.src = `/thumbnails/${picture.id}`;
  image.alt = picture.path;
  item.querySelector(".path").textContent = `\u200e${picture.path}`;
  item.querySelector(".path").title = picture.path;
  if (picture.distance !== undefined) {
    item.querySelector(".distance").textContent = picture.distance.toFixed(3);
    item.querySelector(".distance").title = [picture.meaning, ...picture.marks].join(", ");
  }
  open.addEventListener("click", () => searchFor(picture.id));
  item.querySelector(".plus").addEventListener("click", () => addTerm("with", picture.id));
  item.querySelector(".minus").addEventListener("click", () => addTerm("without", picture.id));
  item.querySelector(".look").addEventListener("click", () => look(picture));
  return item;
}

function addTerm(name, id) {
  if (!isSearch()) return name === "with" ? searchFor(id) : status("First choose a picture to search for.", true);
  return change({ [name]: [...new Set([...query[name], id])] });
}

function drawQuery() {
  element("query").hidden = !isSearch();
  element("folder").value = query.folder;
  element("where").value = query.where;
  element("copies").checked = query.copies === "true";
  if (!isSearch()) return;
  if (fileUrl) URL.revokeObjectURL(fileUrl);
  fileUrl = query.file ? URL.createObjectURL(query.file) : null;
  element("picture").src = fileUrl || `/images/${query.id}`;
  element("caption").textContent = query.file ? query.file.name : "";
  element("whole").hidden = !query.region;
  element("terms").replaceChildren(...["with", "without"].flatMap((name) => query[name].map((id) => term(name, id))));
  drawRegion(query.region ? query.region.split(",").map(Number) : null);
}

function term(name, id) {
  const item = document.createElement("li"), button = document.createElement("button"), image = new Image();
  image.src = `/thumbnails/${id}`;
  image.alt = `picture ${id}`;
  button.append(name === "with" ? "+" : "−", image, "✕");
  button.title = "Leave it out";
  button.addEventListener("click", () => change({ [name]: query[name].filter((each) => each !== id) }));
  item.append(button);
  return item;
}

function status(text, isError = false) {
  element("status").textContent = text;
  element("status").classList.toggle("error", isError);
}

// The region: shares of the picture as it is shown, which object-fit may have given margins.
function pictureBox() {
  const image = element("picture"), box = image.getBoundingClientRect();
  const scale = Math.min(box.width / image.naturalWidth, box.height / image.naturalHeight);
  const [width, height] = [image.naturalWidth * scale, image.naturalHeight * scale];
  return { left: box.left + (box.width - width) / 2, top: box.top + (box.height - height) / 2, width, height };
}

function drawRegion(region) {
  const frame = element("region");
  frame.hidden = region === null;
  if (region === null || !element("picture").naturalWidth) return;
  const stage = element("stage").getBoundingClientRect(), box = pictureBox();
  frame.style.left = `${box.left - stage.left + region[0] * box.width}px`;
  frame.style.top = `${box.top - stage.top + region[1] * box.height}px`;
  frame.style.width = `${region[2] * box.width}px`;
  frame.style.height = `${region[3] * box.height}px`;
}

function followPointer() {
  const stage = element("stage");
  let start = null, region = null;
  const share = (event) => {
    const box = pictureBox(), clamp = (value) => Math.min(1, Math.max(0, value));
    return [clamp((event.clientX - box.left) / box.width), clamp((event.clientY - box.top) / box.height)];
  };
  stage.addEventListener("pointerdown", (event) => { start = share(event); region = null; stage.setPointerCapture(event.pointerId); });
  stage.addEventListener("pointermove", (event) => {
    if (!start) return;
    const [x, y] = share(event);
    region = [Math.min(x, start[0]), Math.min(y, start[1]), Math.abs(x - start[0]), Math.abs(y - start[1])];
    drawRegion(region);
  });
  stage.addEventListener("pointerup", () => {
    start = null;
    if (region && region[2] > 0.03 && region[3] > 0.03) change({ region: region.map((side) => side.toFixed(4)).join() });
    else drawRegion(query.region ? query.region.split(",").map(Number) : null);
  });
  element("picture").addEventListener("load", () => drawRegion(query.region ? query.region.split(",").map(Number) : null));
}

// Looking closer: query and hit side by side, where they agree, and what their vectors remember.
function look(picture) {
  element("detail-title").textContent = picture.path;
  element("detail-text").textContent = picture.distance === undefined ? "" : `Distance ${picture.distance.toFixed(4)}: ${picture.meaning}.`;
  element("original").href = `/images/${picture.id}`;
  const sources = [[`/images/${picture.id}`, "this picture"]];
  if (isSearch()) sources.unshift([fileUrl || `/images/${query.id}`, "searched for"]);
  element("pair").replaceChildren(...sources.map(([source, words]) => figure(source, words)));
  element("why").hidden = !isSearch();
  element("why").onclick = () => explain(picture.id);
  element("rebuilt").onclick = () => rebuild(picture.id);
  element("detail").showModal();
}

function figure(source, words) {
  const made = document.createElement("figure"), image = new Image(), caption = document.createElement("figcaption");
  image.src = source;
  image.alt = words;
  caption.textContent = words;
  const frame = document.createElement("div");
  frame.append(image);
  made.append(frame, caption);
  return made;
}

async function explain(id) {
  const body = new FormData();
  if (query.file) body.append("file", query.file);
  try {
    const maps = await (query.file ? ask(`/agreement/${id}`, { method: "POST", body }) : ask(`/agreement/${query.id}/${id}`));
    const figures = element("pair").querySelectorAll("figure");
    [maps.query, maps.hit].forEach((map, place) => overlay(figures[place], map));
    element("detail-text").textContent = "Bright: the places that have their like in the other picture.";
  } catch (error) {
    element("detail-text").textContent = error.message;
  }
}

function overlay(target, map) {
  const image = target.querySelector("img"), canvas = document.createElement("canvas"), small = document.createElement("canvas");
  small.width = small.height = GRID_SIDE;
  const pixels = small.getContext("2d").createImageData(GRID_SIDE, GRID_SIDE);
  map.flat().forEach((value, place) => pixels.data.set([0, 0, 0, 200 * (1 - value)], 4 * place));
  small.getContext("2d").putImageData(pixels, 0, 0);
  // As large as the picture, so that the style that fits the one fits the other.
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(small, 0, 0, canvas.width, canvas.height);
  target.querySelector("canvas")?.remove();
  target.querySelector("div").append(canvas);
}

async function rebuild(id) {
  const wanted = isSearch() && query.id !== null ? [[query.id, "what is left of the query"], [id, "what is left of this picture"]] : [[id, "what is left of this picture"]];
  const made = wanted.map(([each, words]) => figure(`/reconstructions/${each}`, words));
  made.forEach((each) => each.querySelector("img").addEventListener("error", () => {
    each.remove();
    element("detail-text").textContent = "The encoder of this index has no decoder.";
  }));
  element("pair").append(...made);
  element("rebuilt").onclick = null;
}

// Keyboard: arrows between pictures, Enter searches, Space looks closer, + and − combine, / filters, R is random.
function onKey(event) {
  if (event.target.matches("input, select") || element("detail").open || event.ctrlKey || event.metaKey || event.altKey) return;
  const cards = [...grid.querySelectorAll("li[data-id]")];
  const here = cards.indexOf(document.activeElement?.closest("li[data-id]"));
  const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
  if (event.key in steps && cards.length) {
    const next = here < 0 ? 0 : Math.min(cards.length - 1, Math.max(0, here + steps[event.key]));
    cards[next].querySelector(".open").focus();
  } else if (event.key === "/") element("where").focus();
  else if (event.key === "r" || event.key === "R") element("random").click();
  else if (event.key === "Escape" && isSearch()) element("clear").click();
  else if (here >= 0 && event.key === "+") cards[here].querySelector(".plus").click();
  else if (here >= 0 && (event.key === "-" || event.key === "−")) cards[here].querySelector(".minus").click();
  else if (here >= 0 && event.key === " ") cards[here].querySelector(".look").click();
  else return;
  event.preventDefault();
}

function listen() {
  element("file").addEventListener("change", (event) => { upload(event.target.files[0]); event.target.value = ""; });
  element("random").addEventListener("click", () => change({ id: null, file: null, region: null, folder: "", seed: Math.floor(Math.random() * 2 ** 31) }));
  element("clear").addEventListener("click", () => change({ id: null, file: null, region: null, with: [], without: [] }));
  element("copies").addEventListener("change", (event) => change({ copies: event.target.checked ? "true" : null }));
  element("whole").addEventListener("click", () => change({ region: null }));
  element("folder").addEventListener("change", (event) => change({ id: null, file: null, region: null, seed: null, folder: event.target.value }));
  element("filter").addEventListener("submit", (event) => { event.preventDefault(); change({ where: element("where").value.trim() }); });
  element("where").addEventListener("search", () => { if (!element("where").value && query.where) change({ where: "" }); });
  element("more").addEventListener("click", async () => drawPictures(await browse(shown.last)));
  document.querySelector(".name").addEventListener("click", (event) => {
    event.preventDefault();
    change({ id: null, file: null, region: null, with: [], without: [], where: "", folder: "", seed: null });
  });
  document.addEventListener("keydown", onKey);
  document.addEventListener("paste", (event) => upload([...event.clipboardData.files].find((file) => file.type.startsWith("image/"))));
  document.addEventListener("dragover", (event) => { event.preventDefault(); element("drop").hidden = false; });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) element("drop").hidden = true; });
  document.addEventListener("drop", (event) => { event.preventDefault(); element("drop").hidden = true; upload(event.dataTransfer.files[0]); });
  window.addEventListener("popstate", fromAddress);
  window.addEventListener("resize", () => drawRegion(query.region ? query.region.split(",").map(Number) : null));
  followPointer();
}

async function start() {
  listen();
  fromAddress();
  ask("/info").then((info) => { element("very").hidden = !info.has_copies; });
  const folders = await ask("/folders");
  element("folder").append(...folders.slice(0, 2000).map(({ folder, count }) => new Option(`${folder || "(top)"} (${count})`, folder || ".")));
  element("folder").value = query.folder;
}

start();
