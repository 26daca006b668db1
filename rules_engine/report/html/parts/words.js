// Words for people: the same amounts as the text of a plan. Names arrive escaped, and are only ever set as text.

const byId = (id) => document.getElementById(id);

function grouped(count) {
  return String(count).replace(/\B(?=(\d{3})+$)/g, " ");
}

function plural(count, one, many = one + "s") {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

// Halves go to the even digit, as they do in Python; `toFixed` rounds them up.
function rounded(amount, digits) {
  const shifted = digits ? amount * 4 : amount * 2;
  const whole = Math.floor(amount);
  if (digits && Number.isInteger(shifted) && amount - whole === 0.25) return `${whole}.2`;
  if (!digits && Number.isInteger(shifted) && amount - whole === 0.5) return String(whole + (whole % 2));
  return amount.toFixed(digits);
}

function sizeText(size) {
  let amount = size;
  for (const unit of ["B", "KiB", "MiB", "GiB", "TiB"]) {
    if (amount < 1024) return `${rounded(amount, unit === "B" || amount >= 100 ? 0 : 1)} ${unit}`;
    amount /= 1024;
  }
  return `${rounded(amount, 1)} PiB`;
}

function amountText(sum) {
  return `${plural(sum.files, "file")}, ${sizeText(sum.bytes)}`;
}

function instantText(seconds) {
  if (!seconds) return "";
  const moment = new Date(seconds * 1000);
  const year = moment.getUTCFullYear();
  if (!(year >= 1 && year <= 9999)) return seconds < 0 ? "far past" : "far future";
  return moment.toISOString().slice(0, 19) + "Z";
}

// An element with attributes and children; strings become text, never markup.
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
