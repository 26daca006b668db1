// Sums of what goes and what stays, as a tree that the map opens level by level.

function node(name, path = null) {
  return { name, path, goes: { files: 0, bytes: 0 }, stays: { files: 0, bytes: 0 }, children: new Map(), leaf: false, rule: "" };
}

function count(sum, files, bytes) {
  sum.files += files;
  sum.bytes += bytes;
}

// Counts files in every directory above them, and gives back the directory itself.
function enter(root, directory, side, files, bytes) {
  let at = root;
  count(at[side], files, bytes);
  if (!directory) return at;
  let path = "";
  for (const part of directory.split("/")) {
    path = joined(path, part);
    let next = at.children.get(part + "/");
    if (!next) at.children.set(part + "/", (next = node(part + "/", path)));
    count(next[side], files, bytes);
    at = next;
  }
  return at;
}

function leaf(parent, name, side, files, bytes) {
  const key = `${side}:${name}`;
  let made = parent.children.get(key);
  if (!made) {
    parent.children.set(key, (made = node(name)));
    made.leaf = true;
  }
  count(made[side], files, bytes);
}

function addGoing(root, plan, wanted) {
  for (let index = 0; index < plan.count; index++) {
    const step = stepAt(plan, index);
    if (!REMOVALS.includes(step.batch.action) || !wanted(step.batch.rules)) continue;
    const files = filesOf(step);
    const directory = enter(root, step.batch.directory, "goes", files, step.size);
    // A directory with thousands of files is drawn by its large ones; the others are one box.
    if (step.size > 0 && directory.children.size < 4096) leaf(directory, step.name + noteOf(step), "goes", files, step.size);
    else leaf(directory, "other files", "goes", files, step.size);
  }
  for (const [action, rules, directory, files, bytes] of plan.rest) {
    if (REMOVALS.includes(action) && wanted(rules)) leaf(enter(root, directory, "goes", files, bytes), "files of steps beyond this page", "goes", files, bytes);
  }
  return root;
}

function treeByDirectory(plan) {
  const root = addGoing(node("all", ""), plan, () => true);
  for (const [directory, files, bytes] of plan.stays) {
    leaf(enter(root, directory, "stays", files, bytes), "what stays here", "stays", files, bytes);
  }
  return root;
}

// The first level is why: the rules by which files go, then the reasons for which files stay.
function treeByRule(plan) {
  const root = node("all", "");
  const sets = new Map();
  for (const batch of plan.batches) if (REMOVALS.includes(batch.action)) sets.set(batch.by, batch.rules);
  for (const [action, rules] of plan.rest) if (REMOVALS.includes(action)) sets.set(rules.join(", "), rules);
  for (const [by, rules] of sets) {
    const part = addGoing(node(`goes by ${by}`, ""), plan, (some) => some.join(", ") === rules.join(", "));
    part.rule = by;
    count(root.goes, part.goes.files, part.goes.bytes);
    root.children.set(part.name, part);
  }
  for (const [text, files, bytes, largest] of plan.kept) addReason(root, `stays: ${text}`, files, bytes, largest);
  addReason(root, "stays: not due yet", ...plan.waiting, []);
  addReason(root, "stays: not asked for", ...plan.left_out, []);
  return root;
}

function addReason(root, name, files, bytes, largest) {
  if (!files) return;
  const reason = node(name);
  reason.leaf = largest.length === 0;
  count(reason.stays, files, bytes);
  count(root.stays, files, bytes);
  let rest = bytes;
  for (const [size, path] of largest) {
    leaf(reason, path, "stays", 1, size);
    rest -= size;
  }
  if (files > largest.length && largest.length) leaf(reason, "other files", "stays", files - largest.length, rest);
  root.children.set(name, reason);
}

const bytesOf = (one) => one.goes.bytes + one.stays.bytes;
const MOST_SQUARES = 120;

// The children of a node, largest first; the smallest together as one.
function parts(parent) {
  const all = [...parent.children.values()].sort((a, b) => bytesOf(b) - bytesOf(a) || (a.name < b.name ? -1 : 1));
  if (all.length <= MOST_SQUARES) return all;
  const shown = all.slice(0, MOST_SQUARES - 1);
  const rest = node(`${grouped(all.length - shown.length)} smaller ones`);
  rest.leaf = true;
  for (const one of all.slice(MOST_SQUARES - 1)) {
    for (const side of ["goes", "stays"]) count(rest[side], one[side].files, one[side].bytes);
  }
  return [...shown, rest];
}
