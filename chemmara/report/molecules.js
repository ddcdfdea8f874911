// Molecules: read from their texts (report/depictions.py says how), drawn as SVG, written as records of an SD file.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const NUMBER = new Map([...ALPHABET].map((character, index) => [character, index]));
const SVG = "http://www.w3.org/2000/svg";
const ANGSTROM = 20; // units of a drawing
const HALO = 7.5; // units around an atom's symbol where no bond is drawn

function svg(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Atoms {symbol, hydrogens, charge, isotope, radical, valence, x, y} and bonds {type, stereo, a, b}; null for "". */
function readMolecule(text, kinds) {
  if (!text) return null;
  let at = 0;
  const digit = () => NUMBER.get(text[at++]);
  const two = () => 64 * digit() + digit();
  const kind = () => (text[at] === "_" ? (at++, two()) : digit());
  const unit = (digit() + 1) / 100;
  const count = two();
  const atoms = Array.from({ length: count }, () => {
    const [symbol, hydrogens, charge, isotope, radical, valence] = kinds.atoms[kind()];
    return { symbol, hydrogens, charge, isotope, radical, valence, x: two() * unit, y: two() * unit, near: [] };
  });
  const end = count > 64 ? two : digit;
  const bonds = [];
  while (at < text.length) {
    const [type, stereo] = kinds.bonds[kind()];
    const bond = { type, stereo, a: end(), b: end() };
    bonds.push(bond);
    atoms[bond.a].near.push(bond.b);
    atoms[bond.b].near.push(bond.a);
  }
  return { atoms, bonds };
}

/** The atoms of the smallest ring that holds a bond; null where none does. */
function ringOf(molecule, bond) {
  const before = new Map([[bond.a, -1]]);
  const queue = [bond.a];
  for (const atom of queue) {
    for (const next of molecule.atoms[atom].near) {
      if (before.has(next) || (atom === bond.a && next === bond.b)) continue;
      before.set(next, atom);
      if (next === bond.b) {
        const ring = [];
        for (let step = next; step !== -1; step = before.get(step)) ring.push(step);
        return ring;
      }
      queue.push(next);
    }
  }
  return null;
}

/** An <svg> element of a molecule's text, at the same scale as others unless it is larger than `width` x `height`. */
function drawing(text, kinds, title, width = 180, height = 135) {
  const molecule = readMolecule(text, kinds);
  if (!molecule) return svg("svg", { viewBox: "0 0 200 150", role: "img", "aria-label": title, class: "molecule" }, svg("text", { x: 100, y: 75, "text-anchor": "middle", class: "none" }, "no drawing"));
  const { atoms, bonds } = molecule;
  const top = Math.max(...atoms.map((atom) => atom.y));
  for (const atom of atoms) {
    atom.x *= ANGSTROM;
    atom.y = (top - atom.y) * ANGSTROM;
    atom.label = atom.symbol !== "C" || atom.charge || atom.isotope || atom.radical || !atom.near.length;
  }
  const lines = [];
  const wedges = [];
  const line = (x1, y1, x2, y2) => lines.push(`M${x1.toFixed(1)} ${y1.toFixed(1)}L${x2.toFixed(1)} ${y2.toFixed(1)}`);
  for (const bond of bonds) drawBond(molecule, bond, line, wedges);
  const labels = atoms.filter((atom) => atom.label).flatMap((atom) => labelOf(atom, atoms));
  const wide = Math.max(...atoms.map((atom) => atom.x)) + 50;
  const high = Math.max(...atoms.map((atom) => atom.y)) + 38;
  const [w, h] = [Math.max(wide, width), Math.max(high, height)];
  const box = [(wide - w) / 2 - 25, (high - h) / 2 - 19, w, h].map((value) => value.toFixed(1)).join(" ");
  const parts = [svg("path", { d: lines.join(""), class: "bonds" })];
  if (wedges.length) parts.push(svg("path", { d: wedges.join(""), class: "wedges" }));
  return svg("svg", { viewBox: box, role: "img", "aria-label": title, class: "molecule" }, ...parts, ...labels);
}

function drawBond(molecule, bond, line, wedges) {
  const [a, b] = [molecule.atoms[bond.a], molecule.atoms[bond.b]];
  const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
  const [ux, uy] = [(b.x - a.x) / length, (b.y - a.y) / length];
  const [fromA, fromB] = [a.label ? HALO : 0, b.label ? HALO : 0];
  const shifted = (side, trim = 0) => {
    const [startTrim, endTrim] = [Math.max(fromA, trim), Math.max(fromB, trim)];
    const [sx, sy] = [-uy * side, ux * side];
    return [a.x + ux * startTrim + sx, a.y + uy * startTrim + sy, b.x - ux * endTrim + sx, b.y - uy * endTrim + sy];
  };
  const [x1, y1, x2, y2] = shifted(0);
  if (bond.type === 1 && (bond.stereo === 1 || bond.stereo === 6)) {
    if (bond.stereo === 1) {
      const [px, py] = [-uy * 3, ux * 3];
      wedges.push(`M${x1} ${y1}L${x2 + px} ${y2 + py}L${x2 - px} ${y2 - py}Z`);
    } else {
      for (let step = 1; step <= 6; step++) {
        const [mx, my, half] = [x1 + ((x2 - x1) * step) / 6, y1 + ((y2 - y1) * step) / 6, (3 * step) / 6];
        line(mx - uy * half, my + ux * half, mx + uy * half, my - ux * half);
      }
    }
  } else if (bond.type === 2 && bond.stereo === 3) { // either E or Z: crossed
    const [p, q] = [shifted(2.5), shifted(-2.5)];
    line(p[0], p[1], q[2], q[3]);
    line(q[0], q[1], p[2], p[3]);
  } else if (bond.type === 2) {
    const side = innerSide(molecule, bond, a, b, ux, uy);
    if (side) {
      line(x1, y1, x2, y2);
      line(...shifted(side * 5, 4));
    } else {
      line(...shifted(2.4));
      line(...shifted(-2.4));
    }
  } else if (bond.type === 3) {
    line(x1, y1, x2, y2);
    line(...shifted(4.5));
    line(...shifted(-4.5));
  } else line(x1, y1, x2, y2);
}

/** On which side the second line of a double bond is drawn: inside its ring, or where its neighbours are; 0 for both. */
function innerSide(molecule, bond, a, b, ux, uy) {
  const ring = ringOf(molecule, bond);
  const terminal = (end, other) => end.near.length === 1 && other.near.length > 2;
  if (!ring && (terminal(a, b) || terminal(b, a))) return 0;
  const others = ring ?? [...a.near, ...b.near];
  const sum = others.reduce((total, index) => {
    const atom = molecule.atoms[index];
    return total + Math.sign(Math.round(-uy * (atom.x - a.x) + ux * (atom.y - a.y)));
  }, 0);
  return Math.sign(sum);
}

/** The texts of an atom: symbol, hydrogens on its free side, charge, isotope. */
function labelOf(atom, atoms) {
  const [dx, dy] = atom.near.reduce(([x, y], index) => [x + Math.sign(Math.round((atoms[index].x - atom.x) / 4)), y + atoms[index].y - atom.y], [0, 0]);
  const half = atom.symbol.length > 1 ? 7.2 : 4.9;
  const known = new Set(["N", "O", "S", "F", "Cl", "Br", "I", "P", "B"]);
  const text = (x, y, anchor, words, size = 13) => svg("text", { x: x.toFixed(1), y: (y + size * 0.36).toFixed(1), "text-anchor": anchor, "font-size": size, class: `atom ${known.has(atom.symbol) ? atom.symbol : ""}` }, words);
  const parts = [text(atom.x, atom.y, "middle", atom.symbol)];
  let right = atom.x + half;
  let left = atom.x - half;
  if (atom.hydrogens) {
    const digits = atom.hydrogens > 1 ? String(atom.hydrogens) : "";
    const upright = atom.near.length > 1 && dx === 0;
    if (upright) {
      const y = atom.y + (dy > 0 ? -12 : 12);
      parts.push(text(atom.x, y, "middle", "H"));
      if (digits) parts.push(text(atom.x + 5, y + 4, "start", digits, 9));
    } else if (dx > 0) {
      const start = left - 9.4 - (digits ? 5 : 0);
      parts.push(text(start, atom.y, "start", "H"));
      if (digits) parts.push(text(start + 9.4, atom.y + 4, "start", digits, 9));
      left = start;
    } else {
      parts.push(text(right, atom.y, "start", "H"));
      if (digits) parts.push(text(right + 9.4, atom.y + 4, "start", digits, 9));
      right += 9.4;
    }
  }
  if (atom.charge) {
    const size = Math.abs(atom.charge);
    parts.push(text(right + 0.5, atom.y - 6, "start", (size > 1 ? size : "") + (atom.charge > 0 ? "+" : "\u2212"), 10));
  }
  if (atom.radical) parts.push(text(right + 0.5, atom.y - 6, "start", "\u2022", 10));
  if (atom.isotope) parts.push(text(left, atom.y - 5, "end", String(atom.isotope), 9));
  return parts;
}

/** A record of an SD file: a V2000 block and the tags; null for a molecule without coordinates. */
function sdRecord(text, kinds, title, tags) {
  const molecule = readMolecule(text, kinds);
  if (!molecule) return null;
  const { atoms, bonds } = molecule;
  const pad = (value, width) => String(value).padStart(width);
  const oneLine = (words) => String(words).replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, " ").trim();
  const lines = [oneLine(title).slice(0, 80), "  chemmara          2D", "", `${pad(atoms.length, 3)}${pad(bonds.length, 3)}  0  0  0  0  0  0  0  0999 V2000`];
  for (const atom of atoms) {
    lines.push(`${pad(atom.x.toFixed(4), 10)}${pad(atom.y.toFixed(4), 10)}${pad("0.0000", 10)} ${atom.symbol.padEnd(3)} 0  0  0  0  0${pad(atom.valence, 3)}  0  0  0  0  0  0`);
  }
  for (const bond of bonds) lines.push(`${pad(bond.a + 1, 3)}${pad(bond.b + 1, 3)}${pad(bond.type, 3)}${pad(bond.stereo, 3)}`);
  for (const [code, property] of [["CHG", "charge"], ["ISO", "isotope"], ["RAD", "radical"]]) {
    const having = atoms.flatMap((atom, index) => (atom[property] ? [[index + 1, atom[property]]] : []));
    for (let start = 0; start < having.length; start += 8) {
      const part = having.slice(start, start + 8);
      lines.push(`M  ${code}${pad(part.length, 3)}${part.map(([index, value]) => ` ${pad(index, 3)} ${pad(value, 3)}`).join("")}`);
    }
  }
  lines.push("M  END");
  for (const [key, value] of tags) {
    if (value !== null && value !== "") lines.push(`>  <${oneLine(key).replace(/[<>]/g, "_")}>`, oneLine(value), "");
  }
  return `${lines.join("\n")}\n$$$$\n`;
}
