// The keyboard: arrows between pictures, Enter searches, Space looks closer, + and − combine, / filters, R is random.
import { element } from "/ask.js";

const grid = element("grid");

export function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (element("detail").open ? inDetail(event) : inPage(event)) event.preventDefault();
}

function inPage(event) {
  if (event.target.matches("input, select")) {
    if (event.key === "Escape") event.target.blur();
    return false;
  }
  const click = (id) => !element(id).hidden && (element(id).click(), true);
  if (event.key === "/") return element("where").focus(), true;
  if (event.key === "r" || event.key === "R") return click("random");
  if (event.key === "Escape") return !element("query").hidden && click("clear");
  return inGrid(event.key);
}

function inGrid(key) {
  const cards = [...grid.querySelectorAll("li[data-id]")];
  const here = cards.indexOf(document.activeElement?.closest("li[data-id]"));
  if (key.startsWith("Arrow") && cards.length) return next(cards, here, key)?.querySelector(".open").focus(), true;
  const buttons = { "+": ".plus", "-": ".minus", "−": ".minus", " ": ".look" };
  if (here < 0 || !(key in buttons)) return false;
  cards[here].querySelector(buttons[key]).click();
  return true;
}

// By where pictures lie on the page: a line across the grid may stand between two rows.
function next(cards, here, key) {
  if (here < 0) return cards[0];
  if (key === "ArrowRight" || key === "ArrowLeft") return cards[here + (key === "ArrowRight" ? 1 : -1)];
  const { left, top } = cards[here].getBoundingClientRect(), down = key === "ArrowDown";
  const rest = down ? cards.slice(here + 1) : cards.slice(0, here).reverse();
  return rest.find((card) => {
    const box = card.getBoundingClientRect();
    return (down ? box.top > top + 1 : box.top < top - 1) && box.left < left + 1;
  });
}

// Left and right go to the picture beside the one that is looked at.
function inDetail(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return false;
  const cards = [...grid.querySelectorAll("li[data-id]")];
  const shown = new URL(element("original").href).pathname.split("/").at(-1);
  cards[cards.findIndex((card) => card.dataset.id === shown) + step]?.querySelector(".look").click();
  return true;
}
