// The table of steps: only the rows that can be seen are in the page, however many steps there are.

const ROW = 32;
const SPARE = 12;
const MOST_VISIBLE = 100;
const MOST_PRINTED = 500;

class StepTable {
  constructor(plan) {
    this.plan = plan;
    this.order = { column: "", descending: false };
    this.window = byId("window");
    this.body = byId("table").tBodies[0];
    this.filters = byId("filters");
    this.hint = byId("chosen").firstElementChild;
    this.printing = false;
    this.options();
    this.window.addEventListener("scroll", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.window);
    this.window.addEventListener("keydown", (event) => this.key(event));
    this.body.addEventListener("click", (event) => this.clicked(event));
    // Text as it is typed, the rest when it is chosen: a `change` of text comes late, when somebody has gone on to a row.
    this.filters.addEventListener("input", (event) => event.target.type === "search" && this.choose());
    this.filters.addEventListener("change", (event) => event.target.type !== "search" && this.choose());
    this.filters.addEventListener("reset", () => setTimeout(() => this.choose()));
    this.filters.addEventListener("submit", (event) => event.preventDefault());
    for (const button of document.querySelectorAll("[data-sort]")) button.addEventListener("click", () => this.sort(button));
    for (const [event, printing] of [["beforeprint", true], ["afterprint", false]]) {
      window.addEventListener(event, () => {
        this.printing = printing;
        this.draw();
      });
    }
    this.choose();
    this.cut();
  }

  options() {
    const actions = new Set(this.plan.batches.map((batch) => batch.action));
    const rules = new Set(this.plan.batches.flatMap((batch) => batch.rules));
    byId("filter-action").append(...[...actions].map((one) => element("option", { value: one }, this.plan.verbs.get(one))));
    byId("filter-rule").append(...[...rules].sort().map((one) => element("option", { value: one }, one)));
  }

  choose() {
    const wanted = {
      text: byId("filter-text").value,
      action: byId("filter-action").value,
      rule: byId("filter-rule").value,
      directory: byId("filter-directory").value,
      deliverable: byId("filter-deliverable").checked,
    };
    const found = filtered(this.plan, wanted);
    const bytes = found.reduce((sum, index) => sum + this.plan.size[index], 0);
    byId("found").textContent = `${grouped(found.length)} of ${plural(this.plan.count, "step")}, ${sizeText(bytes)}`;
    this.put(found);
  }

  put(chosen) {
    this.shown = sorted(this.plan, chosen, this.order.column, this.order.descending);
    this.at = -1;
    this.window.scrollTop = 0;
    byId("table").setAttribute("aria-rowcount", this.shown.length + 1);
    byId("chosen").replaceChildren(this.hint);
    this.draw();
  }

  sort(button) {
    const column = button.dataset.sort;
    const again = this.order.column === column;
    // The first click shows the largest, but the first by name; the third gives the order of the plan back.
    const first = column === "size";
    if (again && this.order.descending !== first) this.order = { column: "", descending: false };
    else this.order = { column, descending: again ? !first : first };
    for (const other of document.querySelectorAll("[data-sort]")) {
      const how = other.dataset.sort !== this.order.column ? "none" : this.order.descending ? "descending" : "ascending";
      other.closest("th").setAttribute("aria-sort", how);
    }
    this.put(this.order.column ? this.shown : this.shown.sort());
  }

  draw() {
    const all = this.printing;
    // On paper the window has no height of its own, and would ask for every row there is.
    const visible = Math.min(Math.ceil(this.window.clientHeight / ROW), MOST_VISIBLE);
    const start = all ? 0 : Math.max(0, Math.floor(this.window.scrollTop / ROW) - SPARE);
    const end = Math.min(this.shown.length, all ? MOST_PRINTED : start + visible + 2 * SPARE);
    const rows = [];
    for (let place = start; place < end; place++) rows.push(this.row(place));
    const after = all ? 0 : this.shown.length - end;
    this.body.replaceChildren(space(start), ...rows, space(after));
    if (all && end < this.shown.length) this.body.append(element("tr", {}, element("td", { colspan: 5 }, `and ${grouped(this.shown.length - end)} more`)));
  }

  row(place) {
    const step = stepAt(this.plan, this.shown[place]);
    const { batch } = step;
    const name = element("span", { class: "name" }, step.name + noteOf(step));
    const line = element("div", { class: "line" }, element("span", { class: "above" }, batch.directory && batch.directory + "/"), name);
    const path = element("td", { class: "path", title: joined(batch.directory, step.name) }, line);
    const action = element("td", {}, this.plan.verbs.get(batch.action));
    if (batch.deliverable) line.prepend(element("span", { class: "shout" }, "DELIVERABLE "));
    if (batch.released.length) line.prepend(element("span", { class: "shout" }, "RELEASE "));
    const size = element("td", { class: "number" }, REMOVALS.includes(batch.action) || step.size ? sizeText(step.size) : "");
    const cells = [action, size, path, element("td", {}, batch.by), element("td", { class: "quiet" }, instantText(step.due).slice(0, 10))];
    return element("tr", { "aria-rowindex": place + 2, "data-place": place, "aria-current": place === this.at }, ...cells);
  }

  key(event) {
    if (event.target !== this.window) return;
    const page = Math.max(1, Math.floor(this.window.clientHeight / ROW) - 2);
    const moves = { ArrowDown: this.at + 1, ArrowUp: this.at - 1, PageDown: this.at + page, PageUp: this.at - page, Home: 0, End: Infinity };
    if (!(event.key in moves) || !this.shown.length) return;
    event.preventDefault();
    this.select(Math.min(this.shown.length - 1, Math.max(0, moves[event.key])));
  }

  clicked(event) {
    const row = event.target.closest("tr[data-place]");
    if (row) this.select(Number(row.dataset.place));
  }

  select(place) {
    this.at = place;
    const [top, height] = [place * ROW, this.window.clientHeight - 2 * ROW];
    if (top < this.window.scrollTop) this.window.scrollTop = top;
    else if (top > this.window.scrollTop + height) this.window.scrollTop = top - height;
    this.draw();
    this.tell(stepAt(this.plan, this.shown[place]));
  }

  // All that the plan knows of one step.
  tell(step) {
    const { batch } = step;
    const rules = batch.rules.map((rule) => (this.plan.places.get(rule) ? `${rule} (${this.plan.places.get(rule)})` : rule));
    const told = {
      path: joined(batch.directory, step.name) + noteOf(step),
      step: `${this.plan.verbs.get(batch.action)}, ${sizeText(step.size)}, reason: ${batch.reason}`,
      "by rule": rules.join(", "),
      "of job": batch.owners.join(", "),
      "due since": instantText(step.due),
      "protected by": batch.released.join(", "),
      deliverable: batch.deliverable ? "YES" : "",
    };
    const lines = Object.entries(told).filter(([, text]) => text);
    byId("chosen").replaceChildren(...lines.map(([word, text]) => element("div", {}, element("dt", {}, word), element("dd", { class: "path" }, text))));
  }

  cut() {
    const files = this.plan.rest.reduce((sum, row) => sum + row[3], 0);
    byId("cut").hidden = !files;
    byId("cut").textContent = `This page holds the first ${grouped(this.plan.count)} steps; ${plural(files, "file")} more go: \`rules show FILE --steps\` lists all.`;
  }
}

function space(rows) {
  return element("tr", { class: "space", "aria-hidden": "true" }, element("td", { colspan: 5, style: `height: ${rows * ROW}px` }));
}
