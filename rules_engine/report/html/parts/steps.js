// The steps of the plan as columns: a number a step, whatever it has in common with others looked up in its batch.

const REMOVALS = ["delete", "trash"];

function readPlan(text) {
  const read = JSON.parse(text);
  const batches = read.batches.map(readBatch);
  const count = batches.reduce((sum, batch) => sum + batch.names.length, 0);
  const plan = {
    ...read,
    batches,
    // A rule may be called `constructor`, which every plain object has.
    places: new Map(Object.entries(read.places)),
    verbs: new Map(Object.entries(read.verbs)),
    count,
    batchOf: new Uint32Array(count),
    placeOf: new Uint32Array(count),
    size: new Float64Array(count),
    due: new Float64Array(count),
    lower: null,
  };
  let at = 0;
  batches.forEach((batch, number) => {
    for (let place = 0; place < batch.names.length; place++, at++) {
      plan.batchOf[at] = number;
      plan.placeOf[at] = place;
      plan.size[at] = typeof batch.sizes === "number" ? batch.sizes : batch.sizes[place];
      plan.due[at] = typeof batch.dues === "number" ? batch.dues : batch.dues[place];
    }
  });
  return plan;
}

function readBatch([directory, action, rules, reason, owners, deliverable, released, names, sizes, dues, more]) {
  const by = rules.join(", ");
  return { directory, action, rules, by, reason, owners, deliverable: deliverable === 1, released, names, sizes, dues, more };
}

function stepAt(plan, index) {
  const batch = plan.batches[plan.batchOf[index]];
  const place = plan.placeOf[index];
  return { batch, name: batch.names[place], more: batch.more[place] || {}, size: plan.size[index], due: plan.due[index] };
}

function joined(directory, name) {
  return directory ? `${directory}/${name}` : name;
}

function pathOf(plan, index) {
  const batch = plan.batches[plan.batchOf[index]];
  return joined(batch.directory, batch.names[plan.placeOf[index]]);
}

// How many files a step removes: of a directory that goes whole, what it holds.
function filesOf(step) {
  return step.more.files === undefined ? 1 : step.more.files;
}

// What stands behind the name of an entry, so that nobody takes a whole directory for one file.
function noteOf(step) {
  if (step.more.files !== undefined) return `/ (whole directory, ${plural(step.more.files, "file")})`;
  if (step.more.target) return ` -> ${step.more.target}`;
  return step.more.kind === "directory" ? "/" : "";
}
