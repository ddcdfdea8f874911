// The page: series, diverse set, map and curves around the molecules, and the keys that work everywhere.

/** A grid that shows some entries, and more when asked. */
function growing(grid, button, entries, make, step = 24) {
  let count = step;
  const show = () => {
    grid.replaceChildren(...entries().slice(0, count).map(make));
    const left = entries().length - count;
    button.hidden = left <= 0;
    button.textContent = `Show ${Math.min(left, step)} more of ${words(left)}`;
  };
  button.addEventListener("click", () => {
    const before = count;
    count += step;
    show();
    grid.children[before]?.querySelector("button")?.focus();
  });
  show();
  return show;
}

function startSeries() {
  const order = find("series-sort");
  const entries = () => HITS.series.map((record, index) => ({ ...record, index })).sort((a, b) => b[order.value] - a[order.value] || b.count - a.count);
  const make = (record) =>
    node("article", { class: "card" },
      node("button", { type: "button", class: "picture", "aria-label": `Show the ${record.count} hits of this series`, onclick: () => showSeries(record.index) }, drawing(record.drawing, HITS.kinds, record.smiles ? `Scaffold ${record.smiles}` : "without rings")),
      node("p", { class: "counts" }, node("b", {}, `${words(record.count)} ${record.count === 1 ? "hit" : "hits"}`), record.smiles ? "" : " without rings", node("span", {}, `best ${words(record.best)}, mean ${words(record.mean)}`)));
  order.addEventListener("change", growing(find("series-grid"), find("more-series"), entries, make));
  find("series").hidden = false;
}

function startPicks() {
  if (!HITS.picks.length) return;
  const rows = [...HITS.picks].sort((a, b) => a - b); // rows are in the order of the score
  growing(find("picks-grid"), find("more-picks"), () => rows, (row) => card(row, { brief: true }));
  find("select-picks").textContent = `Select these ${words(rows.length)}`;
  find("select-picks").addEventListener("click", () => { rows.forEach((row) => selected.add(row)); showSelection(); });
  find("diverse").hidden = false;
}

// ---- the map

const SIDE = 560;

/** Classes of rows by a column: [{words, rows, hue}]. */
function classes(key) {
  const all = HITS.map.map((_, row) => row);
  if (key === "series") {
    const top = HITS.series.map((record, index) => index).filter((index) => HITS.series[index].count > 1).slice(0, HUES);
    const named = top.map((index, hue) => ({ words: `${words(HITS.series[index].count)} hits`, scaffold: index, rows: all.filter((row) => HITS.seriesOf[row] === index), hue: `hue${hue}` }));
    return [{ words: "other series", rows: all.filter((row) => !top.includes(HITS.seriesOf[row])), hue: "rest" }, ...named];
  }
  const column = COLUMN.get(key);
  if (column.kind === "text") {
    const different = [...new Set(column.values)].sort().slice(0, HUES);
    return different.map((value, hue) => ({ words: String(value || "none"), rows: all.filter((row) => column.values[row] === value), hue: `hue${hue}` }));
  }
  const numbers = known(all.map((row) => column.values[row])).sort((a, b) => a - b);
  const ends = [...new Set([0, 1, 2, 3, 4, 5].map((fifth) => numbers[Math.min(numbers.length - 1, Math.floor((fifth * numbers.length) / 5))]))];
  const parts = ends.slice(0, -1).map((low, index) => ({ words: `${words(low)} to ${words(ends[index + 1])}`, hue: `level${index}`, rows: all.filter((row) => { const value = column.values[row]; return value !== null && value >= low && (value < ends[index + 1] || (index === ends.length - 2 && value <= ends[index + 1])); }) }));
  return parts.length ? parts : [{ words: words(ends[0]), rows: all, hue: "level4" }];
}

function startMap() {
  if (!HITS.map) return;
  const choice = find("map-colour");
  const options = [["series", "series"], ...COLUMNS.filter((column) => column.kind === "number" || new Set(column.values).size <= HUES).map((column) => [column.key, column.label])];
  choice.replaceChildren(...options.map(([value, label]) => node("option", { value }, label)));
  const place = (row) => [12 + (HITS.map[row][0] / 1000) * (SIDE - 24), 12 + (1 - HITS.map[row][1] / 1000) * (SIDE - 24)];
  const marker = svg("circle", { r: 7, class: "marker", visibility: "hidden" });
  const drawn = svg("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, "aria-hidden": "true" });
  const dots = (rows) => rows.map((row) => { const [x, y] = place(row); return `M${x.toFixed(1)} ${y.toFixed(1)}h0`; }).join("");
  let current = null;
  const paint = () => {
    const passing = new Set(shown);
    const found = classes(choice.value);
    const faded = HITS.map.map((_, row) => row).filter((row) => !passing.has(row));
    drawn.replaceChildren(svg("path", { d: dots(faded), class: "dots faded" }), ...found.map((part) => svg("path", { d: dots(part.rows.filter((row) => passing.has(row))), class: `dots ${part.hue}` })), marker);
    find("map-legend").replaceChildren(...found.map((part) => node("span", {}, node("i", { class: `dot ${part.hue}` }), part.scaffold === undefined ? part.words : node("button", { type: "button", class: "link", onclick: () => showSeries(part.scaffold) }, drawing(HITS.series[part.scaffold].drawing, HITS.kinds, HITS.series[part.scaffold].smiles, 150, 70), part.words))));
  };
  const point = (row) => {
    if (row === null || row === current) return; // no dot in that direction
    current = row;
    const [x, y] = place(row);
    marker.setAttribute("cx", x);
    marker.setAttribute("cy", y);
    marker.setAttribute("visibility", "visible");
    find("map-card").replaceChildren(card(row));
  };
  const nearest = (x, y, wanted = () => true) => {
    let [best, least] = [null, Infinity];
    HITS.map.forEach((_, row) => {
      const [a, b] = place(row);
      const distance = (a - x) ** 2 + (b - y) ** 2;
      if (distance < least && wanted(a - x, b - y, row)) [best, least] = [row, distance];
    });
    return best;
  };
  const under = (event) => {
    const box = drawn.getBoundingClientRect();
    return nearest(((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE);
  };
  drawn.addEventListener("pointermove", (event) => point(under(event)));
  drawn.addEventListener("click", (event) => enlarge(under(event)));
  find("map").addEventListener("keydown", (event) => {
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === "Enter") enlarge(current);
    if (!direction) return;
    event.preventDefault();
    const [x, y] = place(current);
    point(nearest(x, y, (dx, dy, row) => row !== current && dx * direction[0] + dy * direction[1] > Math.abs(dx * direction[1]) + Math.abs(dy * direction[0]) - 1e-9 && (dx || dy)));
  });
  choice.addEventListener("change", paint);
  document.addEventListener("filtered", paint);
  find("map").replaceChildren(drawn);
  if (HITS.map.length < COUNT) find("map-note").textContent = ` The map holds the best ${words(HITS.map.length)}.`;
  paint();
  point(0);
  find("space").hidden = false;
}

/** The best molecules that only one of several runs found. */
function startOwn() {
  const place = find("own");
  for (const { name, rows } of place ? DATA.own : []) {
    if (rows.length) place.append(node("h3", {}, `The best that only ${name} found`), node("div", { class: "grid small" }, ...rows.map((row) => card(row, { brief: true }))));
  }
}

// ---- curves, and keys

function startCharts() {
  for (const place of document.querySelectorAll("[data-charts]")) {
    const specs = DATA.charts.filter((spec) => spec.group === place.dataset.charts);
    place.replaceChildren(...specs.map((spec) => (spec.counts ? scoreChart(spec) : chart(spec))));
    const heading = document.querySelector(`[data-heading="${place.dataset.charts}"]`);
    if (heading && specs.length) heading.hidden = false;
  }
  for (const place of document.querySelectorAll("[data-objective]")) place.replaceChildren(objectiveChart(DATA.objective[Number(place.dataset.objective)]));
}

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && !find("enlarged").open && COUNT) {
    event.preventDefault();
    find("search").focus();
  }
});

if (COUNT) {
  startExplorer();
  startSeries();
  startPicks();
  startOwn();
  startMap();
}
startCharts();
for (const link of document.querySelectorAll("nav a")) if (document.querySelector(link.getAttribute("href"))?.hidden) link.parentElement.remove();
