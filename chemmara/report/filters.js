// The filters beside the molecules: ranges, texts, series, functional groups, ring systems.

function rangeField(column) {
  const numbers = known(column.values);
  const low = numbers.reduce((a, b) => Math.min(a, b), Infinity);
  const high = numbers.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!(low < high)) return [];
  const input = (name, end) => node("input", { type: "number", step: "any", placeholder: words(end), "aria-label": `${column.label}, ${name}`, "data-filter": column.key, oninput: read });
  const [from, to] = [input("at least", low), input("at most", high)];
  function read() {
    const ends = [from, to].map((field) => (field.value === "" ? null : Number(field.value)));
    if (ends.every((value) => value === null)) state.ranges.delete(column.key);
    else state.ranges.set(column.key, ends);
    update();
  }
  return [node("div", { class: "field" }, node("span", { class: "label" }, column.label), spark(column.values), node("span", { class: "ends" }, from, "to", to), node("small", {}, column.about))];
}

function textField(column) {
  const different = [...new Set(column.values)].filter((value) => value !== "" && value !== null).sort();
  const set = (value) => {
    if (value) state.texts.set(column.key, value);
    else state.texts.delete(column.key);
    update();
  };
  if (different.length < 2) return [];
  const attributes = { "aria-label": column.label, "data-filter": column.key, oninput: (event) => set(event.target.value) };
  const field = different.length <= 12 ? node("select", attributes, node("option", { value: "" }, "any"), ...different.map((value) => node("option", { value }, value))) : node("input", { type: "search", placeholder: "contains", ...attributes });
  return [node("div", { class: "field" }, node("span", { class: "label" }, column.label), field, node("small", {}, column.about))];
}

function chips(entries, chosen, content) {
  return entries.map((entry, index) => node("button", { type: "button", class: "chip", "aria-pressed": "false", onclick: (event) => {
    if (!chosen.delete(index)) chosen.add(index);
    event.currentTarget.setAttribute("aria-pressed", String(chosen.has(index)));
    update();
  } }, ...content(entry)));
}

function buildFilters() {
  const section = (heading, children, open = false) => (children.length ? [node("details", { class: "part", open }, node("summary", {}, heading), ...children)] : []);
  const fields = (group) => COLUMNS.filter((column) => column.group === group).flatMap((column) => (column.kind === "number" ? rangeField(column) : textField(column)));
  const only = node("select", { id: "only", onchange: (event) => { state.only = event.target.value; update(); } }, ...[["", "all molecules"], ["shortlist", "the shortlist"], ["selection", "the selection"], ["picks", "the diverse set"], ...(COLUMN.has("pareto") ? [["front", "hits that no other beats (front 1)"]] : [])].map(([value, label]) => node("option", { value }, label)));
  const series = node("select", { id: "series-filter", onchange: (event) => showSeries(event.target.value === "" ? null : Number(event.target.value), false) }, node("option", { value: "" }, "every series"), ...HITS.series.flatMap((record, index) => (record.count > 1 ? [node("option", { value: index }, `${words(record.count)} hits: ${(record.smiles || "without rings").slice(0, 60)}`)] : [])));
  find("filter-fields").replaceChildren(
    node("div", { class: "field" }, node("label", {}, "Show ", only)),
    node("div", { class: "field" }, node("label", {}, "Series ", series)),
    ...section("Score and when found", fields("found"), true),
    ...section("Components", fields("component")),
    ...section("Properties", fields("property")),
    ...section("More", fields("other")),
    ...section("Functional groups", [node("div", { class: "chips" }, ...chips(HITS.groups, state.groups, (group) => [`${group.name} `, node("small", {}, words(group.rows.length))]))]),
    ...section("Ring systems", [node("div", { class: "chips rings" }, ...chips(HITS.rings, state.rings, (ring) => [drawing(ring.drawing, HITS.kinds, ring.smiles, 90, 76)]))]),
    node("button", { type: "button", onclick: clearFilters }, "Clear search and filters"),
  );
}

function clearFilters() {
  Object.assign(state, { query: "", series: null, only: "" });
  for (const kept of [state.ranges, state.texts, state.groups, state.rings]) kept.clear();
  find("search").value = "";
  buildFilters();
  update();
}

/** Show one series among the molecules; null for all. */
function showSeries(index, scroll = true) {
  state.series = index;
  const choice = find("series-filter");
  if (index !== null && !choice.querySelector(`option[value="${index}"]`)) choice.append(node("option", { value: index }, `1 hit: ${HITS.series[index].smiles.slice(0, 60)}`));
  choice.value = index ?? "";
  update();
  if (scroll) {
    find("hits").scrollIntoView();
    find("search").focus({ preventScroll: true });
  }
}
