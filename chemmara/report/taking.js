// Selection and shortlist, and what is taken along of them: copied, or downloaded as SMILES, CSV and SDF.

function choose(row, wanted) {
  if (wanted) selected.add(row);
  else selected.delete(row);
  showSelection();
}

function toggleStar(row) {
  if (!shortlist.delete(row)) shortlist.add(row);
  keepShortlist();
  showSelection();
}

function showSelection() {
  for (const box of document.querySelectorAll("[data-select]")) box.checked = selected.has(Number(box.dataset.select));
  for (const element of document.querySelectorAll("[data-row]")) element.classList.toggle("selected", selected.has(Number(element.dataset.row)));
  for (const button of document.querySelectorAll("[data-star]")) {
    const starred = shortlist.has(Number(button.dataset.star));
    button.textContent = STAR[starred];
    button.setAttribute("aria-pressed", String(starred));
  }
  find("take-words").textContent = selected.size ? `Take the ${words(selected.size)} selected:` : `Take all ${words(shown.length)} shown:`;
  find("clear-selection").disabled = !selected.size;
  find("select-shortlist").disabled = !shortlist.size;
}

/** What is selected, or everything shown where nothing is, in the order of the page. */
function taken() {
  if (!selected.size) return shown;
  return ordered([...selected]);
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = node("textarea", { class: "hidden" });
    area.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const done = document.execCommand("copy"); // what is left where pages from files may not use the clipboard
    area.remove();
    return done;
  }
}

/** A cell of a CSV file that a spreadsheet takes for text: what looks like a formula begins with an apostrophe. */
function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function asFile(kind, rows) {
  const record = (row) => [["name", HITS.names[row]], ["smiles", HITS.smiles[row]], ["scaffold", seriesOf(row).smiles], ...COLUMNS.map((column) => [column.key, column.values[row]])];
  if (kind === "smi") return rows.map((row) => `${HITS.smiles[row]} ${HITS.names[row].replace(/\s+/g, "_")}\n`).join("");
  if (kind === "csv") return [["name", "smiles", "scaffold", ...COLUMNS.map((column) => column.key)], ...rows.map((row) => record(row).map(([, value]) => value))].map((line) => `${line.map(cell).join(",")}\r\n`).join("");
  return rows.map((row) => sdRecord(HITS.drawings[row], HITS.kinds, HITS.names[row], record(row).slice(1)) ?? "").join("");
}

function download(kind) {
  const rows = taken();
  const link = node("a", { download: `${DATA.name.replace(/[^\w.-]+/g, "_").slice(0, 60) || "hits"}.${kind}` });
  link.href = URL.createObjectURL(new Blob([asFile(kind, rows)], { type: { smi: "chemical/x-daylight-smiles", csv: "text/csv", sdf: "chemical/x-mdl-sdfile" }[kind] }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  const left = kind === "sdf" ? rows.filter((row) => !HITS.drawings[row]).length : 0;
  find("count").textContent = `${words(rows.length - left)} molecules written as ${kind.toUpperCase()}${left ? `; ${left} are too large for the format` : ""}`;
}
