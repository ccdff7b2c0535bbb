// Looking closer: query and hit side by side, where they agree, and what their vectors remember.
import { ask, askForPicture, element, parameters, posted } from "/ask.js";

// What of the map is dark: the least alike places. The rest up to the most alike gets brighter.
const DARK = 0.3, BRIGHT = 0.95, DARKEST = 200;

// `query`: { id, file, region, url } of what is searched for, or null while browsing.
export function look(picture, query, hasDecoder) {
  element("detail-title").textContent = picture.path;
  const size = picture.width ? `${picture.width} × ${picture.height} pixels.` : "";
  say(picture.distance === undefined ? size : `Distance ${picture.distance.toFixed(4)}: ${picture.meaning}.`);
  element("original").href = `/images/${picture.id}`;
  const sides = [[`/images/${picture.id}`, "This picture"]];
  if (query) sides.unshift([query.url, "Searched for"]);
  element("pair").replaceChildren(...sides.map(([source, words]) => figure(source, words)));
  element("why").hidden = !query;
  element("why").onclick = () => once("why", () => explain(picture.id, query));
  element("rebuilt").hidden = !hasDecoder;
  element("rebuilt").onclick = () => once("rebuilt", () => rebuild(picture.id, query));
  for (const name of ["why", "rebuilt"]) element(name).disabled = false;
  if (!element("detail").open) element("detail").showModal();
}

const say = (text) => { element("detail-text").textContent = text; };

async function once(name, act) {
  element(name).disabled = true;
  const figures = element("pair").firstElementChild;
  try {
    await act();
  } catch (error) {
    // Another picture may be looked at by now.
    if (figures === element("pair").firstElementChild) say(error.message);
  }
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

async function explain(id, query) {
  const figures = [...element("pair").querySelectorAll("figure")];
  const part = "?" + parameters({ region: query.region });
  const maps = await (query.file ? ask(`/agreement/${id}${part}`, posted(query.file)) : ask(`/agreement/${query.id}/${id}${part}`));
  await Promise.all([overlay(figures[0], maps.query, query.region), overlay(figures[1], maps.hit)]);
  say("Bright: the places that have their like in the other picture.");
}

// `region`: the part of the picture that `map` is of, if it is not of all.
async function overlay(target, map, region) {
  const image = target.querySelector("img");
  await image.decode();
  const small = document.createElement("canvas"), canvas = document.createElement("canvas"), side = map.length;
  small.width = small.height = side;
  const pixels = small.getContext("2d").createImageData(side, side);
  const sorted = map.flat().sort((one, other) => one - other);
  const [dark, bright] = [DARK, BRIGHT].map((share) => sorted[Math.floor(share * (sorted.length - 1))]);
  map.flat().forEach((value, place) => {
    const light = Math.min(1, Math.max(0, (value - dark) / Math.max(bright - dark, 1e-6)));
    pixels.data.set([0, 0, 0, DARKEST * (1 - light)], 4 * place);
  });
  small.getContext("2d").putImageData(pixels, 0, 0);
  // As large as the picture, so that the style that fits the one fits the other.
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  const [x, y, width, height] = (region || "0,0,1,1").split(",").map(Number);
  const box = [x * canvas.width, y * canvas.height, width * canvas.width, height * canvas.height];
  pen.fillStyle = `rgba(0, 0, 0, ${DARKEST / 255})`;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.clearRect(...box);
  pen.drawImage(small, ...box);
  target.querySelector("div").append(canvas);
}

async function rebuild(id, query) {
  const pair = element("pair"), there = pair.firstElementChild;
  const sides = [[`/reconstructions/${id}`, "What is left of this picture"]];
  if (query) {
    const part = "?" + parameters({ region: query.region });
    const source = query.file ? await askForPicture(`/reconstructions${part}`, posted(query.file)) : `/reconstructions/${query.id}${part}`;
    sides.unshift([source, "What is left of the one searched for"]);
  }
  if (there === pair.firstElementChild) pair.append(...sides.map(([source, words]) => figure(source, words)));
}
