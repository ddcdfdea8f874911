// The molecules of a page: search, order, grid, table, and one molecule enlarged.

const DATA = JSON.parse(document.getElementById("data").textContent);
const HITS = DATA.hits;
const COLUMNS = HITS.columns;
const COUNT = HITS.smiles.length;
const COLUMN = new Map(COLUMNS.map((column) => [column.key, column]));
const PAGE = 60; // molecules shown at once
const find = (id) => document.getElementById(id);
const STAR = { true: "\u2605", false: "\u2606" };

const state = {
  query: "", ranges: new Map(), texts: new Map(), series: null, groups: new Set(), rings: new Set(), only: "",
  sort: COLUMN.has("score") ? "score" : COLUMNS[0]?.key, descending: true, view: "grid", limit: PAGE,
};
const selected = new Set();
const shortlist = readShortlist();
let shown = [];

const seriesOf = (row) => HITS.series[HITS.seriesOf[row]];
const memberships = { groups: HITS.groups.map((group) => new Set(group.rows)), rings: HITS.rings.map((ring) => new Set(ring.series)), picks: new Set(HITS.picks) };
const groupNames = Array.from({ length: COUNT }, () => []);
HITS.groups.forEach((group) => group.rows.forEach((row) => groupNames[row].push(group.name)));
const haystack = Array.from({ length: COUNT }, (_, row) => [HITS.names[row], ...COLUMNS.filter((column) => column.kind === "text").map((column) => column.values[row]), ...groupNames[row]].join("\n").toLowerCase());

/** The starred molecules of this run, as far as the browser keeps anything for a file. */
function readShortlist() {
  try {
    const kept = new Set(JSON.parse(localStorage.getItem(`chemmara ${DATA.key}`) ?? "[]"));
    return new Set(HITS.smiles.flatMap((smiles, row) => (kept.has(smiles) ? [row] : [])));
  } catch {
    return new Set();
  }
}

function keepShortlist() {
  try {
    localStorage.setItem(`chemmara ${DATA.key}`, JSON.stringify([...shortlist].map((row) => HITS.smiles[row])));
  } catch { /* a browser that keeps nothing for files: the shortlist lasts as long as the page */ }
}

// ---- which molecules, in which order

function passes(row) {
  if (state.series !== null && HITS.seriesOf[row] !== state.series) return false;
  if (state.only === "shortlist" && !shortlist.has(row)) return false;
  if (state.only === "selection" && !selected.has(row)) return false;
  if (state.only === "picks" && !memberships.picks.has(row)) return false;
  if (state.only === "front" && COLUMN.get("pareto").values[row] !== 1) return false;
  for (const index of state.groups) if (!memberships.groups[index].has(row)) return false;
  for (const index of state.rings) if (!memberships.rings[index].has(HITS.seriesOf[row])) return false;
  for (const [key, [low, high]] of state.ranges) {
    const value = COLUMN.get(key).values[row];
    if (value === null || (low !== null && value < low) || (high !== null && value > high)) return false;
  }
  for (const [key, wanted] of state.texts) if (!String(COLUMN.get(key).values[row] ?? "").toLowerCase().includes(wanted.toLowerCase())) return false;
  return state.query.split(/\s+/).every((token) => !token || haystack[row].includes(token.toLowerCase()) || HITS.smiles[row].includes(token) || seriesOf(row).smiles.includes(token));
}

function ordered(rows) {
  const values = state.sort === "series" ? HITS.seriesOf : COLUMN.get(state.sort)?.values ?? HITS.names;
  const sign = state.descending ? -1 : 1;
  const missing = (value) => value === null || value === "";
  const compare = (a, b) => {
    const [x, y] = [values[a], values[b]];
    if (missing(x) || missing(y)) return Number(missing(x)) - Number(missing(y)) || a - b; // always last
    return (typeof x === "string" || typeof y === "string" ? String(x).localeCompare(String(y), "en", { numeric: true }) : x - y) * sign || a - b;
  };
  return rows.sort(compare);
}

function update({ keepLimit = false } = {}) {
  if (!keepLimit) state.limit = PAGE;
  shown = ordered(Array.from({ length: COUNT }, (_, row) => row).filter(passes));
  find("count").textContent = `${words(shown.length)} of ${words(COUNT)} molecules shown`;
  find("direction").textContent = state.descending ? "largest first" : "smallest first";
  find("direction").setAttribute("aria-pressed", String(state.descending));
  find("sort").value = state.sort;
  const active = state.ranges.size + state.texts.size + state.groups.size + state.rings.size + (state.series !== null) + (state.only !== "");
  find("active-filters").textContent = active ? `(${active} in use)` : "";
  showResults();
  showSelection();
  document.dispatchEvent(new CustomEvent("filtered"));
}

function showResults() {
  const rows = shown.slice(0, state.limit);
  find("grid").hidden = state.view !== "grid";
  find("table").hidden = state.view !== "table";
  find("as-grid").setAttribute("aria-pressed", String(state.view === "grid"));
  find("as-table").setAttribute("aria-pressed", String(state.view === "table"));
  if (!rows.length) (state.view === "grid" ? find("grid") : find("table")).replaceChildren(node("p", { class: "empty" }, "No molecule passes the search and the filters. ", node("button", { type: "button", onclick: clearFilters }, "Clear them")));
  else if (state.view === "grid") find("grid").replaceChildren(...rows.map((row) => card(row)));
  else find("table").replaceChildren(table(rows));
  const left = shown.length - rows.length;
  find("more").hidden = left <= 0;
  find("more").textContent = `Show ${Math.min(left, PAGE)} more of ${words(left)}`;
}

// ---- one molecule

const title = (row) => `${HITS.names[row]}, score ${words(COLUMN.get("score")?.values[row])}`;
const picture = (row, width, height) => drawing(HITS.drawings[row], HITS.kinds, `Structure of ${HITS.names[row]}`, width, height);

function tick(row) {
  const box = node("input", { type: "checkbox", "aria-label": `Select ${HITS.names[row]}`, "data-select": row, onchange: (event) => choose(row, event.target.checked) });
  box.checked = selected.has(row);
  return box;
}

function star(row) {
  const starred = shortlist.has(row);
  return node("button", { type: "button", class: "star", "aria-pressed": String(starred), "aria-label": `Shortlist ${HITS.names[row]}`, "data-star": row, onclick: () => toggleStar(row) }, STAR[starred]);
}

function card(row, { brief = false } = {}) {
  const values = COLUMNS.filter((column) => column.group === "component").slice(0, 6);
  const facts = brief ? [] : [node("dl", {}, ...values.map((column) => node("div", {}, node("dt", { title: column.about }, column.label), node("dd", {}, words(column.values[row])))))];
  const series = seriesOf(row);
  const foot = brief || !series || series.count < 2 ? [] : [node("button", { type: "button", class: "link", onclick: () => showSeries(HITS.seriesOf[row]) }, `series of ${words(series.count)}`)];
  const article = node(
    "article", { class: "card", "data-row": row },
    node("div", { class: "head" }, tick(row), node("b", { class: "score" }, COLUMN.has("score") ? Number(COLUMN.get("score").values[row]).toFixed(3) : ""), node("span", { class: "name" }, HITS.names[row]), star(row)),
    node("button", { type: "button", class: "picture", "aria-label": `Enlarge ${title(row)}`, onclick: () => enlarge(row) }, picture(row)),
    ...facts, ...foot,
  );
  article.classList.toggle("selected", selected.has(row));
  return article;
}

function enlarge(row) {
  const dialog = find("enlarged");
  const place = shown.indexOf(row);
  const go = (step) => shown.length && enlarge(shown[(Math.max(place, 0) + step + shown.length) % shown.length]);
  const series = seriesOf(row);
  const copied = node("span", { role: "status" });
  const groups = [["found", "Found"], ["component", "Components"], ["property", "Properties"], ["other", "More"]];
  const facts = groups.flatMap(([group, heading]) => {
    const columns = COLUMNS.filter((column) => column.group === group);
    return columns.length ? [node("h3", {}, heading), node("dl", { class: "facts" }, ...columns.map((column) => node("div", {}, node("dt", {}, column.label), node("dd", {}, words(column.values[row])), node("dd", { class: "quiet" }, column.about))))] : [];
  });
  dialog.replaceChildren(
    node("div", { class: "dialog-head" }, tick(row), node("h2", { tabindex: "-1" }, HITS.names[row]), star(row),
      node("span", { class: "buttons" },
        node("button", { type: "button", onclick: () => go(-1), "aria-label": "Previous molecule" }, "\u2190"),
        node("button", { type: "button", onclick: () => go(1), "aria-label": "Next molecule" }, "\u2192"),
        node("button", { type: "button", onclick: () => dialog.close() }, "Close"))),
    node("div", { class: "dialog-body" },
      node("div", {}, node("div", { class: "large" }, picture(row, 260, 200)),
        node("p", { class: "smiles" }, node("code", {}, HITS.smiles[row])),
        node("p", {}, node("button", { type: "button", onclick: async () => { copied.textContent = (await copyText(HITS.smiles[row])) ? "copied" : "the browser does not allow it"; } }, "Copy SMILES"), " ", copied),
        node("p", { class: "quiet" }, groupNames[row].length ? `Contains: ${groupNames[row].join(", ")}.` : ""),
        node("p", {}, node("button", { type: "button", class: "link", onclick: () => { dialog.close(); showSeries(HITS.seriesOf[row]); } }, series.smiles ? `Show its series of ${words(series.count)}` : `Show all ${words(series.count)} without rings`)),
        node("p", { class: "quiet" }, "Keys: arrows for the next and the previous one, S for the shortlist, X to select, Esc to close.")),
      node("div", {}, ...facts)),
  );
  dialog.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = { ArrowLeft: () => go(-1), ArrowRight: () => go(1), s: () => toggleStar(row), x: () => choose(row, !selected.has(row)) }[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  };
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("h2").focus();
}

// ---- the table

function table(rows) {
  const sorter = (key, label, about, kind) => {
    const current = state.sort === key;
    return node("th", { scope: "col", class: kind === "number" ? "n" : false, "aria-sort": current ? (state.descending ? "descending" : "ascending") : false },
      node("button", { type: "button", title: about, "data-sort": key, onclick: () => sortBy(key) }, label, current ? (state.descending ? " \u2193" : " \u2191") : ""));
  };
  const head = node("tr", {}, node("th", {}, node("span", { class: "hidden" }, "selected")), node("th", {}, node("span", { class: "hidden" }, "shortlisted")), node("th", { scope: "col" }, "structure"), sorter("name", "name", ""), ...COLUMNS.map((column) => sorter(column.key, column.label, column.about, column.kind)), sorter("series", "series", "scaffold that it shares with others"), node("th", { scope: "col" }, "SMILES"));
  const body = rows.map((row) =>
    node("tr", { "data-row": row, class: selected.has(row) ? "selected" : false }, node("td", {}, tick(row)), node("td", {}, star(row)),
      node("td", {}, node("button", { type: "button", class: "picture tiny", "aria-label": `Enlarge ${title(row)}`, onclick: () => enlarge(row) }, picture(row, 150, 90))),
      node("th", { scope: "row" }, HITS.names[row]),
      ...COLUMNS.map((column) => node("td", { class: column.kind === "number" ? "n" : "t" }, words(column.values[row]))),
      node("td", {}, node("button", { type: "button", class: "link", onclick: () => showSeries(HITS.seriesOf[row]) }, words(seriesOf(row).count))),
      node("td", { class: "t" }, node("code", {}, HITS.smiles[row]))));
  return node("table", {}, node("thead", {}, head), node("tbody", {}, ...body));
}

function sortBy(key) {
  if (state.sort === key) state.descending = !state.descending;
  else [state.sort, state.descending] = [key, COLUMN.get(key)?.kind === "number" && !["call", "step", "pareto", "sa_score", "alerts"].includes(key)];
  update();
  find("table").querySelector(`[data-sort="${CSS.escape(key)}"]`)?.focus();
}

function startExplorer() {
  find("explorer").hidden = false;
  find("sort").replaceChildren(...COLUMNS.map((column) => node("option", { value: column.key }, column.label)), node("option", { value: "series" }, "series"), node("option", { value: "name" }, "name"));
  find("sort").addEventListener("change", (event) => { state.sort = ""; sortBy(event.target.value); });
  find("direction").addEventListener("click", () => { state.descending = !state.descending; update(); });
  find("search").addEventListener("input", (event) => { state.query = event.target.value; update(); });
  for (const view of ["grid", "table"]) find(`as-${view}`).addEventListener("click", () => { state.view = view; update(); });
  find("more").addEventListener("click", () => {
    const first = state.limit;
    state.limit += PAGE;
    showResults();
    (state.view === "grid" ? find("grid") : find("table")).querySelectorAll(".picture")[first]?.focus();
  });
  find("select-shown").addEventListener("click", () => { shown.forEach((row) => selected.add(row)); showSelection(); });
  find("select-shortlist").addEventListener("click", () => { shortlist.forEach((row) => selected.add(row)); showSelection(); });
  find("clear-selection").addEventListener("click", () => { selected.clear(); showSelection(); });
  find("copy").addEventListener("click", async () => {
    const rows = taken();
    const done = await copyText(rows.map((row) => HITS.smiles[row]).join("\n"));
    find("count").textContent = done ? `${words(rows.length)} SMILES copied` : "the browser does not allow copying; use the download";
  });
  for (const button of document.querySelectorAll("[data-download]")) button.addEventListener("click", () => download(button.dataset.download));
  find("filters").open = matchMedia("(min-width: 60rem)").matches;
  buildFilters();
  update();
}
