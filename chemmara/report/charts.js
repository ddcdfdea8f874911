// Curves and histograms as SVG, readable by pointer and by arrow keys.

const HUES = 8; // colours of the palette in style.css, --hue0 to --hue7

function node(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/** A number as people read it: four significant digits, thousands separated, a dash for none. */
function words(value) {
  if (value === null || value === undefined || value === "") return "\u2013";
  if (typeof value !== "number") return value;
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toLocaleString("en");
  return Math.abs(value) >= 1e6 || Math.abs(value) < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(Math.abs(value) >= 100 ? 4 : 3)));
}

function ticks(low, high, about) {
  const rough = (high - low) / about || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999);
  const found = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index++) found.push(Number((index * step).toPrecision(12)));
  return found;
}

const path = (xs, ys, x, y) => {
  let text = "";
  let open = false;
  xs.forEach((value, index) => {
    if (ys[index] === null) open = false;
    else {
      text += `${open ? "L" : "M"}${x(value).toFixed(1)} ${y(ys[index]).toFixed(1)}`;
      open = true;
    }
  });
  return text;
};

const known = (values) => values.filter((value) => value !== null);

function frame(low, high, bottom, top, width, height, left = 44) {
  const [right, above, below] = [20, 10, 22];
  const x = (value) => left + ((value - low) / (high - low || 1)) * (width - left - right);
  const y = (value) => height - below - ((value - bottom) / (top - bottom || 1)) * (height - above - below);
  const parts = [];
  for (const tick of ticks(bottom, top, 4)) {
    parts.push(svg("line", { x1: left, x2: width - right, y1: y(tick), y2: y(tick), class: "rule" }));
    parts.push(svg("text", { x: left - 6, y: y(tick) + 3.5, "text-anchor": "end", class: "tick" }, words(tick)));
  }
  for (const tick of ticks(low, high, width / 90)) parts.push(svg("text", { x: x(tick), y: height - 6, "text-anchor": "middle", class: "tick" }, words(tick)));
  return { x, y, parts };
}

/** A figure of curves {title, about, lines: [{name, x, y, low, high}], from, to} against oracle calls. */
function chart(spec, width = 360, height = 170) {
  const all = spec.lines.flatMap((line) => known([...line.y, ...(line.low ?? []), ...(line.high ?? [])]));
  const xs = spec.lines.flatMap((line) => line.x);
  let [bottom, top] = [spec.from ?? Math.min(...all), spec.to ?? Math.max(...all)];
  if (bottom === top) [bottom, top] = [bottom - Math.abs(bottom || 1) / 2, top + Math.abs(top || 1) / 2];
  if (spec.from === undefined && bottom > 0 && bottom < 0.4 * top) bottom = 0;
  const { x, y, parts } = frame(Math.min(0, ...xs), Math.max(...xs), bottom, top, width, height);
  spec.lines.forEach((line, index) => {
    if (line.low) {
      const back = line.x.map((_, position) => line.x.length - 1 - position).filter((position) => line.low[position] !== null);
      const forth = path(line.x, line.high, x, y);
      const rest = back.map((position) => `L${x(line.x[position]).toFixed(1)} ${y(line.low[position]).toFixed(1)}`).join("");
      if (forth) parts.push(svg("path", { d: `${forth}${rest}Z`, class: `band hue${index % HUES}` }));
    }
    parts.push(svg("path", { d: path(line.x, line.y, x, y), class: `curve hue${index % HUES}`, "stroke-dasharray": ["", "6 3", "2 3"][Math.floor(index / HUES) % 3] }));
  });
  for (const mark of spec.marks ?? []) parts.push(svg("line", { x1: x(mark), x2: x(mark), y1: 10, y2: height - 22, class: "threshold" }));
  const last = spec.lines.map((line) => `${line.name ? `${line.name} ` : ""}${words(known(line.y).at(-1) ?? null)}`).join(", ");
  const cursor = svg("line", { y1: 8, y2: height - 22, class: "cursor", visibility: "hidden" });
  const drawn = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", tabindex: "0", "aria-label": `${spec.title}, at the end ${last}` }, ...parts, cursor);
  const readout = node("output", { class: "readout" });
  const figure = node("figure", { class: "chart" }, node("figcaption", {}, node("b", {}, spec.title), readout, ...(spec.about ? [node("span", {}, spec.about)] : [])), drawn);
  if (spec.lines.length > 1) figure.append(legend(spec.lines.map((line) => line.name)));
  readable(drawn, readout, cursor, spec.lines, x, width);
  return figure;
}

function legend(names) {
  return node("p", { class: "legend" }, ...names.map((name, index) => node("span", {}, node("i", { class: `dot hue${index % HUES}` }), name)));
}

/** The values under the pointer, or at a cursor that the arrow keys move. */
function readable(drawn, readout, cursor, lines, x, width) {
  const grid = [...new Set(lines.flatMap((line) => line.x))].sort((a, b) => a - b);
  let at = grid.length - 1;
  const show = () => {
    const call = grid[at];
    const values = lines.map((line) => {
      const index = line.x.findIndex((value) => value >= call);
      return `${line.name ? `${line.name} ` : ""}${words(index < 0 ? null : line.y[index])}`;
    });
    readout.textContent = `call ${words(call)}: ${values.join(", ")}`;
    cursor.setAttribute("x1", x(call));
    cursor.setAttribute("x2", x(call));
    cursor.setAttribute("visibility", "visible");
  };
  const hide = () => {
    readout.textContent = "";
    cursor.setAttribute("visibility", "hidden");
  };
  drawn.addEventListener("pointermove", (event) => {
    const box = drawn.getBoundingClientRect();
    const place = ((event.clientX - box.left) / box.width) * width;
    at = grid.reduce((best, value, index) => (Math.abs(x(value) - place) < Math.abs(x(grid[best]) - place) ? index : best), 0);
    show();
  });
  drawn.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -grid.length, End: grid.length }[event.key];
    if (!step) return;
    event.preventDefault();
    at = Math.max(0, Math.min(grid.length - 1, at + step));
    show();
  });
  drawn.addEventListener("pointerleave", hide);
  drawn.addEventListener("blur", hide);
}

const bars = (counts, x, y, low, high, className) => {
  const most = Math.max(...counts);
  if (!most) return [];
  const step = (high - low) / counts.length;
  const d = counts.map((count, index) => (count ? `M${x(low + index * step).toFixed(1)} ${y(0).toFixed(1)}V${y(count / most).toFixed(1)}H${(x(low + (index + 1) * step) - 0.6).toFixed(1)}V${y(0).toFixed(1)}Z` : "")).join("");
  return [svg("path", { d, class: className })];
};

/** A figure of how many calls had which score, with the hit threshold. */
function scoreChart(spec, width = 360, height = 170) {
  const most = Math.max(1, ...spec.counts);
  const { x, y, parts } = frame(0, 1, 0, most, width, height);
  parts.push(...bars(spec.counts, x, (share) => y(share * most), 0, 1, "bars all"));
  parts.push(svg("line", { x1: x(spec.threshold), x2: x(spec.threshold), y1: 10, y2: height - 22, class: "threshold" }));
  const drawn = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": spec.title }, ...parts);
  return node("figure", { class: "chart" }, node("figcaption", {}, node("b", {}, spec.title), node("span", {}, spec.about)), drawn);
}

/** A component's curve from value to desirability, over the histograms of all calls and of the hits. */
function objectiveChart(component, width = 360, height = 160) {
  const { x, y, parts } = frame(component.low, component.high, 0, 1, width, height, 34);
  parts.push(...bars(component.all, x, y, component.low, component.high, "bars all"), ...bars(component.hits, x, y, component.low, component.high, "bars hit"));
  if (component.points) {
    component.x.forEach((value, index) => {
      if (component.y[index] !== null) parts.push(svg("circle", { cx: x(value), cy: y(component.y[index]), r: 3.5, class: "mark" }));
    });
  } else parts.push(svg("path", { d: path(component.x, component.y, x, y), class: "curve ink" }));
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${component.name}: median value ${words(component.median)}` }, ...parts);
}

/** A small histogram without axes. */
function spark(values) {
  const numbers = known(values);
  const [low, high] = [numbers.reduce((a, b) => Math.min(a, b), Infinity), numbers.reduce((a, b) => Math.max(a, b), -Infinity)];
  const counts = Array(24).fill(0);
  for (const value of numbers) counts[Math.min(23, Math.floor((24 * (value - low)) / (high - low || 1)))]++;
  return svg("svg", { viewBox: "0 0 96 14", class: "spark", "aria-hidden": "true", preserveAspectRatio: "none" }, ...bars(counts, (value) => 4 * value, (value) => 14 - 13 * value, 0, 24, "bars all"));
}
