// Which steps the table shows, and in which order; knows nothing of the page.

function everyStep(plan) {
  return Uint32Array.from({ length: plan.count }, (_, index) => index);
}

function lowerPaths(plan) {
  // Once, and only when somebody searches.
  if (!plan.lower) plan.lower = Array.from({ length: plan.count }, (_, index) => pathOf(plan, index).toLowerCase());
  return plan.lower;
}

function filtered(plan, wanted) {
  const text = wanted.text.trim().toLowerCase();
  const directory = wanted.directory.trim().replace(/\/+$/, "");
  const fits = plan.batches.map((batch) => fitsBatch(batch, wanted));
  const lower = text ? lowerPaths(plan) : null;
  return everyStep(plan).filter((index) => {
    if (!fits[plan.batchOf[index]]) return false;
    if (directory && !isAtOrBelow(pathOf(plan, index), directory)) return false;
    return !text || lower[index].includes(text);
  });
}

function fitsBatch(batch, wanted) {
  if (wanted.action && batch.action !== wanted.action) return false;
  if (wanted.rule && !batch.rules.includes(wanted.rule)) return false;
  return !wanted.deliverable || batch.deliverable;
}

function isAtOrBelow(path, directory) {
  return path === directory || path.startsWith(directory + "/");
}

const KEYS = {
  action: (plan, index) => plan.batches[plan.batchOf[index]].action,
  size: (plan, index) => plan.size[index],
  path: (plan, index) => pathOf(plan, index),
  rule: (plan, index) => plan.batches[plan.batchOf[index]].by,
  due: (plan, index) => plan.due[index],
};

// Steps that are equal keep the order in which they are carried out.
function sorted(plan, chosen, column, descending) {
  if (!column) return chosen;
  const turn = descending ? -1 : 1;
  const keys = new Map();
  for (const index of chosen) keys.set(index, KEYS[column](plan, index));
  return chosen.sort((a, b) => {
    const [left, right] = [keys.get(a), keys.get(b)];
    return left < right ? -turn : left > right ? turn : a - b;
  });
}
