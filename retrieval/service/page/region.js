// A rectangle on the picture that is searched for: x, y, width and height as shares of it.
import { element } from "/ask.js";

const LEAST = 0.03;
let drawn = null;

export function drawRegion(text) {
  drawn = text ? text.split(",").map(Number) : null;
  place(drawn);
}

// `changed` gets the rectangle as the service takes it, when one has been drawn.
export function followPointer(changed) {
  const stage = element("stage");
  let start = null, region = null;
  stage.addEventListener("pointerdown", (event) => {
    start = share(event);
    region = null;
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    if (!start) return;
    const [x, y] = share(event);
    region = [Math.min(x, start[0]), Math.min(y, start[1]), Math.abs(x - start[0]), Math.abs(y - start[1])];
    place(region);
  });
  stage.addEventListener("pointerup", () => {
    start = null;
    if (region && region[2] > LEAST && region[3] > LEAST) changed(region.map(rounded).join());
    else place(drawn);
  });
  stage.addEventListener("pointercancel", () => { start = null; place(drawn); });
  element("picture").addEventListener("load", () => place(drawn));
  window.addEventListener("resize", () => place(drawn));
}

// Downwards, so that no rectangle reaches beyond the picture.
const rounded = (side) => (Math.floor(side * 10_000) / 10_000).toFixed(4);

// The picture as it is shown: object-fit may have given it margins.
function pictureBox() {
  const image = element("picture"), box = image.getBoundingClientRect();
  const scale = Math.min(box.width / image.naturalWidth, box.height / image.naturalHeight);
  const [width, height] = [image.naturalWidth * scale, image.naturalHeight * scale];
  return { left: box.left + (box.width - width) / 2, top: box.top + (box.height - height) / 2, width, height };
}

function share(event) {
  const box = pictureBox(), clamp = (value) => Math.min(1, Math.max(0, value));
  return [clamp((event.clientX - box.left) / box.width), clamp((event.clientY - box.top) / box.height)];
}

function place(region) {
  const frame = element("region");
  frame.hidden = region === null || !element("picture").naturalWidth;
  if (frame.hidden) return;
  const stage = element("stage").getBoundingClientRect(), box = pictureBox();
  frame.style.left = `${box.left - stage.left + region[0] * box.width}px`;
  frame.style.top = `${box.top - stage.top + region[1] * box.height}px`;
  frame.style.width = `${region[2] * box.width}px`;
  frame.style.height = `${region[3] * box.height}px`;
}
