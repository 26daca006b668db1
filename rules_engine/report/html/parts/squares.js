// Squarified treemap (Bruls, Huizing, van Wijk): rectangles whose areas are the weights, as square as they can be.

function squarify(weights, area) {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const placed = [];
  if (!(total > 0)) return placed;
  const scale = (area.width * area.height) / total;
  let { x, y, width, height } = area;
  let at = 0;
  while (at < weights.length && width > 0 && height > 0) {
    const side = Math.min(width, height);
    const end = rowEnd(weights, at, side, scale);
    let sum = 0;
    for (let one = at; one < end; one++) sum += weights[one] * scale;
    const depth = sum / side;
    let along = 0;
    for (let one = at; one < end; one++) {
      const length = (weights[one] * scale) / depth;
      placed.push(width >= height ? { x, y: y + along, width: depth, height: length } : { x: x + along, y, width: length, height: depth });
      along += length;
    }
    if (width >= height) [x, width] = [x + depth, width - depth];
    else [y, height] = [y + depth, height - depth];
    at = end;
  }
  return placed;
}

// How many of the weights from `at` on share a row: as long as its worst rectangle gets no longer.
function rowEnd(weights, at, side, scale) {
  let sum = 0;
  let largest = 0;
  let least = Infinity;
  let worst = Infinity;
  for (let end = at; end < weights.length; end++) {
    const area = weights[end] * scale;
    sum += area;
    largest = Math.max(largest, area);
    least = Math.min(least, area);
    const ratio = Math.max((side * side * largest) / (sum * sum), (sum * sum) / (side * side * least));
    if (ratio > worst) return end;
    worst = ratio;
  }
  return weights.length;
}
