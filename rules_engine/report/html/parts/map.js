// The map: one level of the tree as squares, opened by click or Enter, left by Escape, walked by arrow keys.

const SVG = "http://www.w3.org/2000/svg";
const MAP_HEIGHT = 460;
const HEAD = 42;

function shape(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function says(one) {
  const said = [];
  if (one.goes.files) said.push(`${amountText(one.goes)} ${one.goes.files === 1 ? "goes" : "go"}`);
  if (one.stays.files) said.push(`${amountText(one.stays)} ${one.stays.files === 1 ? "stays" : "stay"}`);
  return said.join("; ") || "nothing";
}

// What a square is made of: of a directory that holds nothing but another one, what that holds.
function insides(one, weigh) {
  const inner = parts(one).filter((part) => weigh(part) > 0);
  return inner.length === 1 && opens(inner[0]) ? insides(inner[0], weigh) : inner;
}

class SquareMap {
  constructor(trees, changed) {
    this.trees = trees;
    this.changed = changed;
    this.trail = [trees.directory()];
    this.place = byId("squares");
    this.place.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.resized()).observe(this.place);
    for (const input of document.querySelectorAll("input[name=view]")) {
      input.addEventListener("change", () => this.show([trees[input.value]()], false));
    }
    this.show(this.trail, false);
  }

  get here() {
    return this.trail[this.trail.length - 1];
  }

  show(trail, focus) {
    this.trail = trail;
    this.draw();
    this.crumbs();
    this.table();
    this.spot(null);
    if (focus && this.squares.length) this.focus(0);
    this.changed(trail);
  }

  resized() {
    if (this.width === this.place.clientWidth) return;
    const held = this.squares.findIndex((one) => one.drawn === document.activeElement);
    this.draw();
    if (held >= 0) this.focus(held);
  }

  draw() {
    this.width = this.place.clientWidth || 900;
    // Empty files have no size to draw, but a number.
    this.weigh = bytesOf(this.here) > 0 ? bytesOf : countOf;
    const shown = parts(this.here).filter((one) => this.weigh(one) > 0);
    const places = squarify(shown.map(this.weigh), { x: 0, y: 0, width: this.width, height: MAP_HEIGHT });
    this.squares = places.map((place, index) => ({ ...place, node: shown[index] }));
    const title = `map of ${this.here.path || this.here.name}: ${says(this.here)}`;
    const stripes = shape("pattern", { id: "stripes", width: 14, height: 14, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
    stripes.append(shape("rect", { width: 14, height: 14, class: "goes" }), shape("line", { x1: 0, y1: 0, x2: 0, y2: 14, class: "stripe" }));
    const view = { viewBox: `0 0 ${this.width} ${MAP_HEIGHT}`, height: MAP_HEIGHT, role: "group", "aria-label": title };
    const drawing = shape("svg", view, shape("defs", {}, stripes));
    this.squares.forEach((square, index) => drawing.append(this.square(square, index)));
    this.place.replaceChildren(drawing);
    if (!this.squares.length) this.place.replaceChildren(element("p", { class: "quiet" }, "There is nothing here."));
  }

  square(square, index) {
    const { node: one } = square;
    const box = { x: square.x + 1, y: square.y + 1, width: Math.max(square.width - 2, 0.5), height: Math.max(square.height - 2, 0.5) };
    const label = `${one.name}: ${says(one)}${opens(one) ? "; opens" : ""}`;
    const drawn = shape("g", { tabindex: index ? -1 : 0, role: opens(one) ? "button" : "img", "aria-label": label });
    if (opens(one)) drawn.classList.add("opens");
    const tall = box.width > 64 && box.height > HEAD + 12 ? HEAD : 0;
    drawn.append(shape("title", {}, label), shape("rect", { ...box, class: "frame" }));
    if (tall) drawn.append(this.heading(one, box));
    this.fill(drawn, one, { ...box, y: box.y + tall, height: box.height - tall }, 1);
    drawn.append(shape("rect", { ...box, class: "ring" }));
    drawn.addEventListener("click", () => (opens(one) ? this.open(one) : drawn.focus()));
    drawn.addEventListener("focus", () => this.spot(one));
    drawn.addEventListener("mouseenter", () => this.spot(one));
    square.drawn = drawn;
    return drawn;
  }

  // A drawing of its own cuts off what is too long for the square.
  heading(one, box) {
    const cut = shape("svg", { x: box.x, y: box.y, width: box.width - 4, height: HEAD });
    const share = one.goes.bytes && one.stays.bytes ? `${sizeText(one.goes.bytes)} of ${sizeText(bytesOf(one))} goes` : null;
    const all = one.goes.bytes ? `${sizeText(one.goes.bytes)} goes` : `${sizeText(one.stays.bytes)} stays`;
    cut.append(shape("text", { x: 7, y: 17 }, one.name), shape("text", { x: 7, y: 35, class: "small" }, share || all));
    return cut;
  }

  // What is inside, drawn one level deep, so that a large square tells where its bytes are.
  fill(drawn, one, area, depth) {
    if (area.width <= 0 || area.height <= 0) return;
    const inner = depth && area.width > 24 && area.height > 24 ? insides(one, this.weigh) : [];
    if (inner.length > 1) {
      const places = squarify(inner.map(this.weigh), area);
      places.forEach((place, index) => this.fill(drawn, inner[index], place, 0));
      return;
    }
    const share = (this.weigh === bytesOf ? one.goes.bytes : one.goes.files) / this.weigh(one);
    const wide = area.width * share;
    if (share < 1) drawn.append(shape("rect", { ...area, class: "stays" }));
    if (share > 0) drawn.append(shape("rect", { ...area, width: wide, fill: "url(#stripes)" }));
    drawn.append(shape("rect", { ...area, class: "edge" }));
  }

  open(one) {
    this.show([...this.trail, one], true);
  }

  back() {
    if (this.trail.length < 2) return;
    const left = this.here;
    this.show(this.trail.slice(0, -1), true);
    this.focus(Math.max(0, this.squares.findIndex((square) => square.node === left)));
  }

  focus(index) {
    this.squares.forEach((square, place) => square.drawn.setAttribute("tabindex", place === index ? 0 : -1));
    this.squares[index].drawn.focus();
  }

  key(event) {
    const at = this.squares.findIndex((square) => square.drawn === document.activeElement);
    if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") {
      if (opens(this.squares[at].node)) this.open(this.squares[at].node);
    } else if (event.key === "Escape" || event.key === "Backspace") this.back();
    else if (event.key === "Home") this.focus(0);
    else if (event.key === "End") this.focus(this.squares.length - 1);
    else if (event.key.startsWith("Arrow")) this.focus(this.beside(at, event.key));
    else return;
    event.preventDefault();
  }

  // The nearest square in the direction of the arrow; none there, the same one.
  beside(at, key) {
    const middle = (square) => [square.x + square.width / 2, square.y + square.height / 2];
    const [x, y] = middle(this.squares[at]);
    let best = at;
    let least = Infinity;
    this.squares.forEach((square, index) => {
      const [right, down] = [middle(square)[0] - x, middle(square)[1] - y];
      const [ahead, aside] = { ArrowRight: [right, down], ArrowLeft: [-right, down], ArrowDown: [down, right], ArrowUp: [-down, right] }[key] || [0, 0];
      const far = ahead + 2 * Math.abs(aside);
      if (ahead > 0.5 && far < least) [best, least] = [index, far];
    });
    return best;
  }

  spot(one) {
    byId("spot").textContent = one ? `${one.path || one.name}: ${says(one)}` : `${this.here.path || this.here.name}: ${says(this.here)}`;
  }

  crumbs() {
    const made = this.trail.map((one, depth) => {
      const button = element("button", { type: "button" }, depth ? one.name : "everything");
      if (depth === this.trail.length - 1) button.setAttribute("aria-current", "location");
      button.addEventListener("click", () => this.show(this.trail.slice(0, depth + 1), true));
      return button;
    });
    byId("crumbs").replaceChildren(...made);
  }

  table() {
    const rows = parts(this.here).map((one) => {
      const what = opens(one) ? element("button", { type: "button" }, one.name) : one.name;
      if (opens(one)) what.addEventListener("click", () => this.open(one));
      const cell = (sum) => element("td", { class: "number" }, sum.files ? amountText(sum) : "");
      return element("tr", {}, element("td", { class: "path" }, what), cell(one.goes), cell(one.stays));
    });
    byId("squares-table").tBodies[0].replaceChildren(...rows);
  }
}
