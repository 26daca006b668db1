// Puts the page together: colours, the map, the table, and the way from one to the other.

function once(make) {
  let made = null;
  return () => (made ??= make());
}

byId("theme").addEventListener("change", (event) => {
  document.documentElement.dataset.theme = event.target.value;
});

const plan = readPlan(byId("data").textContent);
const table = new StepTable(plan);
let trail = [];
const trees = { directory: once(() => treeByDirectory(plan)), rule: once(() => treeByRule(plan)) };
new SquareMap(trees, (shown) => {
  trail = shown;
  byId("to-steps").disabled = !shown[shown.length - 1].goes.files;
});

byId("to-steps").addEventListener("click", () => {
  byId("filters").reset();
  const rule = trail.map((one) => one.rule).find(Boolean);
  byId("filter-rule").value = rule && !rule.includes(", ") ? rule : "";
  byId("filter-directory").value = trail[trail.length - 1].path || "";
  // After the reset has been heard, which chooses again with what stands in the form by then.
  setTimeout(() => byId("window").focus());
});
