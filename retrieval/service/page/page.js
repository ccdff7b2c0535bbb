// The page: what is asked lies in `query`, and `show` makes the page follow it.
import { ask, askForPicture, element, parameters, posted } from "/ask.js";
import { onKey } from "/keys.js";
import { look } from "/look.js";
import { drawRegion, followPointer } from "/region.js";

const grid = element("grid");
const COUNT = 60, MOST = 200, MOST_BROWSED = 500, MOST_FOLDERS = 2000;
const NOTHING = { id: null, file: null, with: [], without: [], region: null, where: "", folder: "", seed: null, copies: null };
const ALONE = { id: null, file: null, with: [], without: [], region: null, seed: null };

// id or file: the picture asked with; neither: browsing.
let query = NOTHING;
let last = -1, hitCount = COUNT, turn = 0;
let info = { has_copies: false, has_decoder: false, columns: [] };
const uploads = new Map(), urls = new Map();

const isSearch = () => query.id !== null || query.file !== null;

// What is asked, in the address, so that back and forward work: of an uploaded picture its name, with a number
// where another one has it; all that are pasted have the same.
function toAddress() {
  const file = query.file && [...uploads.keys()].find((name) => uploads.get(name) === query.file);
  return "#" + parameters({ ...query, file, with: query.with.join(), without: query.without.join() });
}

// `left`: how many pictures were shown when this address was left, and how far down.
function fromAddress(left) {
  const values = new URLSearchParams(location.hash.slice(1));
  const ids = (name) => (values.get(name) || "").split(",").filter(Boolean).map(Number);
  const number = (name) => (values.has(name) ? Number(values.get(name)) : null);
  query = {
    id: number("id"), file: uploads.get(values.get("file")) ?? null, with: ids("with"), without: ids("without"),
    region: values.get("region"), where: values.get("where") || "", folder: values.get("folder") || "",
    seed: number("seed"), copies: values.get("copies"),
  };
  hitCount = Math.max(COUNT, left?.shown ?? 0);
  return show(left);
}

function change(values) {
  query = { ...query, ...values };
  hitCount = COUNT;
  if (toAddress() !== location.hash) {
    history.replaceState({ shown: grid.querySelectorAll("li[data-id]").length, top: window.scrollY }, "");
    history.pushState(null, "", toAddress());
  }
  return show();
}

function searchFor(id) {
  const shown = change({ ...ALONE, id });
  window.scrollTo(0, 0);
  return shown;
}

async function upload(file) {
  if (!file) return;
  let name = file.name;
  for (let number = 2; uploads.has(name); number++) name = `${file.name} (${number})`;
  uploads.set(name, file);
  urls.set(file, await shown(file));
  change({ ...ALONE, file });
}

// Pictures that the browser cannot read, such as TIFF, are shown as the service reads them.
async function shown(file) {
  const url = URL.createObjectURL(file), image = new Image();
  image.src = url;
  try {
    await image.decode();
    return url;
  } catch {
    return askForPicture("/thumbnails", posted(file)).catch(() => url);
  }
}

async function show(left) {
  const mine = ++turn, hadFocus = grid.contains(document.activeElement);
  drawQuery();
  status(isSearch() ? "Searching…" : "Loading…");
  try {
    const count = Math.min(MOST_BROWSED, hitCount), found = isSearch() ? await search() : await browse(-1, count);
    if (mine !== turn) return;
    grid.replaceChildren();
    grid.classList.remove("none");
    if (isSearch()) drawHits(found);
    else drawPictures(found, count);
    if (left) window.scrollTo(0, left.top);
    if (hadFocus) grid.querySelector(".open")?.focus({ preventScroll: true });
  } catch (error) {
    if (mine !== turn) return;
    grid.replaceChildren();
    element("more").hidden = true;
    status(error.message, true);
  }
}

function search() {
  const { where, folder, region, copies } = query;
  const options = parameters({
    k: Math.min(MOST, hitCount), where, folder, region, copies, with: query.with.join(), without: query.without.join(), exclude_self: true,
  });
  return query.file ? ask(`/query?${options}`, posted(query.file)) : ask(`/query/${query.id}?${options}`);
}

const browse = (after, count = COUNT) => {
  const { where, folder, seed } = query;
  return ask("/pictures?" + parameters({ after, count, where, folder, seed }));
};

function drawHits(found) {
  element("caption").textContent = query.file ? query.file.name : found.path;
  const hits = found.hits;
  const good = hits.filter((hit) => hit.distance <= found.no_match).length;
  const matches = good === 1 ? "good match" : "good matches", are = good === 1 ? "is a" : "are";
  const words = good === hits.length ? `${good} ${matches}` : `${good} of ${hits.length} ${are} ${matches}`;
  if (!hits.length) status("Nothing else meets the filter.");
  else status(`${good ? words : "No good match: these are only the least unlike"}. ${found.milliseconds} ms.`);
  grid.classList.toggle("none", !good);
  hits.forEach((hit, place) => {
    if (place === good && good) grid.append(cut(found.no_match));
    grid.append(card(hit, hit.distance > found.no_match));
  });
  element("more").hidden = hits.length < hitCount || hitCount >= MOST;
}

function cut(distance) {
  const line = document.createElement("li");
  line.className = "cut";
  line.textContent = `From a distance of ${distance.toFixed(3)} on there is no good match in this folder.`;
  return line;
}

function drawPictures(found, count = COUNT) {
  found.pictures.forEach((each) => grid.append(card(each, false)));
  last = found.pictures.at(-1)?.id ?? last;
  status(`${found.count.toLocaleString()} ${found.count === 1 ? "picture" : "pictures"}. Drop, paste or choose a picture, or click one, to see what looks like it.`);
  element("more").hidden = query.seed !== null || found.pictures.length < count;
}

async function more() {
  if (isSearch()) {
    hitCount += COUNT;
    return show();
  }
  return drawPictures(await browse(last));
}

function card(picture, weak) {
  const item = element("card").content.firstElementChild.cloneNode(true);
  const part = (name) => item.querySelector(`.${name}`);
  item.classList.toggle("weak", weak);
  item.dataset.id = picture.id;
  item.querySelector("img").src = `/thumbnails/${picture.id}`;
  item.querySelector("img").alt = picture.path;
  part("path").textContent = picture.path.split("/").at(-1);
  part("path").title = picture.path;
  if (picture.distance !== undefined) {
    part("distance").textContent = picture.distance.toFixed(3);
    part("meaning").textContent = [weak ? "" : picture.meaning, ...picture.marks].filter(Boolean).join(", ");
    part("meaning").title = [picture.meaning, ...picture.marks].join(", ");
  }
  part("open").addEventListener("click", () => searchFor(picture.id));
  part("plus").addEventListener("click", () => addTerm("with", picture.id));
  part("minus").addEventListener("click", () => addTerm("without", picture.id));
  part("look").addEventListener("click", () => look(picture, isSearch() ? { ...query, url: queryUrl() } : null, info.has_decoder));
  return item;
}

function addTerm(name, id) {
  if (!isSearch()) return name === "with" ? searchFor(id) : status("First choose a picture to search for.", true);
  return change({ [name]: [...new Set([...query[name], id])] });
}

function queryUrl() {
  if (!query.file) return `/images/${query.id}`;
  return urls.get(query.file);
}

function drawQuery() {
  element("query").hidden = !isSearch();
  element("folder").value = query.folder;
  element("where").value = query.where;
  element("copies").checked = query.copies === "true";
  if (!isSearch()) return;
  if (element("picture").getAttribute("src") !== queryUrl()) element("picture").src = queryUrl();
  element("whole").hidden = !query.region;
  element("terms").replaceChildren(...["with", "without"].flatMap((name) => query[name].map((id) => term(name, id))));
  drawRegion(query.region);
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

function listen() {
  const clicked = (id, act) => element(id).addEventListener("click", act);
  clicked("random", () => change({ ...ALONE, seed: Math.floor(Math.random() * 2 ** 31) }));
  clicked("clear", () => change(ALONE));
  clicked("whole", () => change({ region: null }));
  clicked("home", (event) => { event.preventDefault(); change(NOTHING); });
  clicked("more", () => more().catch((error) => status(error.message, true)));
  element("file").addEventListener("change", (event) => { upload(event.target.files[0]); event.target.value = ""; });
  element("copies").addEventListener("change", (event) => change({ copies: event.target.checked ? "true" : null }));
  element("folder").addEventListener("change", (event) => change({ seed: null, folder: event.target.value }));
  element("filter").addEventListener("submit", (event) => { event.preventDefault(); change({ where: element("where").value.trim() }); });
  element("where").addEventListener("search", () => { if (!element("where").value && query.where) change({ where: "" }); });
  document.addEventListener("keydown", onKey);
  document.addEventListener("paste", (event) => upload([...event.clipboardData.files].find((file) => file.type.startsWith("image/"))));
  document.addEventListener("dragover", (event) => { event.preventDefault(); element("drop").hidden = false; });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) element("drop").hidden = true; });
  document.addEventListener("drop", (event) => { event.preventDefault(); element("drop").hidden = true; upload(event.dataTransfer.files[0]); });
  window.addEventListener("popstate", (event) => fromAddress(event.state));
  followPointer((region) => change({ region }));
}

function listFolders(folders) {
  const options = folders.slice(0, MOST_FOLDERS).map(({ folder, count }) => new Option(`${folder} (${count.toLocaleString()})`, folder));
  element("folder").append(...options);
  element("folder").hidden = !options.length;
  element("folder").value = query.folder;
}

async function start() {
  listen();
  fromAddress();
  listFolders(await ask("/folders"));
  info = await ask("/info");
  element("very").hidden = !info.has_copies;
  element("where").title = `Columns: ${info.columns.join(", ")}`;
}

start().catch((error) => status(error.message, true));
