// A small chart of the last hour, or of the time since the start, if that is shorter.

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [300, 80];
/** The fewest samples for which the width is made: 5 minutes. */
const FEWEST = 60;

function shape(kind, path) {
  const made = document.createElementNS(SVG, "path");
  made.setAttribute("class", kind);
  made.setAttribute("d", path);
  return made;
}

/** A chart of values that are `every` seconds apart. `format` writes a value. */
export function chart(title, values, every, format) {
  const most = Math.max(values.length, FEWEST);
  const span = `in the last ${Math.round((most * every) / 60)} min`;
  const figure = document.createElement("figure");
  figure.className = "card";
  const caption = document.createElement("figcaption");
  const [label, now] = [document.createElement("h3"), document.createElement("span")];
  label.textContent = title;
  const top = Math.max(...values, 0);
  now.textContent = values.length ? format(values.at(-1)) : "no sample yet";
  caption.append(label, now);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `${title} ${span}: at most ${format(top)}`);
  if (values.length > 1) {
    const x = (at) => (WIDTH - ((values.length - 1 - at) * WIDTH) / (most - 1)).toFixed(1);
    const y = (value) => (HEIGHT - 2 - (value / (top || 1)) * (HEIGHT - 6)).toFixed(1);
    const curve = values.map((value, at) => `${at ? "L" : "M"}${x(at)} ${y(value)}`).join("");
    svg.append(shape("area", `${curve}L${WIDTH} ${HEIGHT}L${x(0)} ${HEIGHT}Z`), shape("curve", curve));
  }
  const highest = document.createElement("p");
  highest.className = "soft";
  highest.textContent = `at most ${format(top)} ${span}`;
  figure.append(caption, svg, highest);
  return figure;
}
