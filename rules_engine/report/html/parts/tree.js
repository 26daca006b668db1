// Sums of what goes and what stays, as a tree that the map opens level by level.

const NO_CHILDREN = new Map();

function node(name, path = null, children = new Map()) {
  return { name, path, goes: { files: 0, bytes: 0 }, stays: { files: 0, bytes: 0 }, children, rule: "" };
}

function opens(one) {
  return one.children.size > 0;
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
  if (!made) parent.children.set(key, (made = node(name, null, NO_CHILDREN)));
  count(made[side], files, bytes);
}

// A directory with more files than that is drawn by its first ones; the others are one box.
const MOST_LEAVES = 4096;

// Adds what goes to the trees that `rootOf` names by the rules of a batch.
function addGoing(plan, rootOf) {
  let index = 0;
  for (const batch of plan.batches) {
    const first = index;
    index += batch.names.length;
    if (REMOVALS.includes(batch.action)) addBatch(rootOf(batch.by), plan, batch, first);
  }
  for (const [action, rules, directory, files, bytes] of plan.rest) {
    if (!REMOVALS.includes(action)) continue;
    leaf(enter(rootOf(rules.join(", ")), directory, "goes", files, bytes), "files of steps beyond this page", "goes", files, bytes);
  }
}

function addBatch(root, plan, batch, first) {
  const sum = { files: 0, bytes: 0 };
  batch.names.forEach((_, place) => count(sum, filesOf(stepAt(plan, first + place)), plan.size[first + place]));
  const directory = enter(root, batch.directory, "goes", sum.files, sum.bytes);
  batch.names.forEach((_, place) => {
    const step = stepAt(plan, first + place);
    const name = directory.children.size < MOST_LEAVES ? step.name + noteOf(step) : "other files";
    leaf(directory, name, "goes", filesOf(step), step.size);
  });
}

function treeByDirectory(plan) {
  const root = node("all", "");
  addGoing(plan, () => root);
  for (const [directory, files, bytes] of plan.stays) {
    leaf(enter(root, directory, "stays", files, bytes), "what stays here", "stays", files, bytes);
  }
  return root;
}

// The first level is why: the rules by which files go, then the reasons for which files stay.
function treeByRule(plan) {
  const root = node("all", "");
  const byRule = new Map();
  addGoing(plan, (by) => {
    if (!byRule.has(by)) byRule.set(by, { ...node(`goes by ${by}`, ""), rule: by });
    return byRule.get(by);
  });
  for (const part of byRule.values()) {
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
const countOf = (one) => one.goes.files + one.stays.files;
const MOST_SQUARES = 120;

// The children of a node, largest first; the smallest together as one.
function parts(parent) {
  const all = [...parent.children.values()].sort((a, b) => bytesOf(b) - bytesOf(a) || (a.name < b.name ? -1 : 1));
  if (all.length <= MOST_SQUARES) return all;
  const shown = all.slice(0, MOST_SQUARES - 1);
  const rest = node(`${grouped(all.length - shown.length)} smaller ones`, null, NO_CHILDREN);
  for (const one of all.slice(MOST_SQUARES - 1)) {
    for (const side of ["goes", "stays"]) count(rest[side], one[side].files, one[side].bytes);
  }
  return [...shown, rest];
}
