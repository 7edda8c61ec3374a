// Two moments side by side. Which value a field had from which step on stands in the book; here both
// moments are only looked up. Of a log too long for that, or one whose fold fails, Python sends the rows.

const MOST_ROWS = 200;

// The values of a key at a step, as numbers; null while it does not live.
function valuesAt(life, step) {
  let found = null;
  for (const version of life) {
    if (version[0] > step) break;
    found = version;
  }
  return found && found.length > 1 ? found.slice(1) : null;
}

// Key, field, value at one step, value at the other, as numbers, and the sign of each cell that differs.
function differences({ lives, fields }, early, late) {
  return lives.flatMap((life, key) => {
    const before = valuesAt(life, early), after = valuesAt(life, late);
    const sign = before === null ? "+" : after === null ? "−" : "~";
    return fields
      .map((_, field) => [key, field, before?.[field] ?? 0, after?.[field] ?? 0, sign])
      .filter(([, , was, now]) => was !== now);
  });
}

function differenceRow({ keys, fields, cells, marks }, [key, field, was, now, sign]) {
  return `${marks[sign]}<th scope="row">${keys[key]}</th><td>${fields[field]}</td>` +
    `<td>${cells[was]}</td><td>${cells[now]}</td></tr>\n`;
}

function pins(root, model, versions, last, place) {
  const part = root.querySelector('[data-part="pins"]');
  const body = root.querySelector('[data-part="difference"]');
  const words = root.querySelector('[data-part="pinned"]');
  const lines = [".tm-pin.a", ".tm-pin.b"].map((line) => root.querySelector(line));
  let seen = null; // what was filled in last
  const at = () => (model.get("pins") ?? []).map((pin) => (pin === null ? null : Math.min(pin, last)));
  const saved = String(at());

  function set(place, step) {
    const now = [...at()];
    now[place] = step;
    model.set("pins", [now[0] ?? null, now[1] ?? null]);
    model.save_changes();
  }

  function show(step) {
    const [a, b] = at();
    const pinned = [a, b].filter(Number.isInteger);
    part.hidden = pinned.length === 0;
    for (const [line, pin] of [[lines[0], a], [lines[1], b]]) {
      line.style.setProperty("--at", Number.isInteger(pin) ? place(pin) : -9); // out of sight
    }
    if (part.hidden) return;
    const here = pinned.length === 1 ? [...pinned, step] : pinned;
    const [early, late] = here.sort((one, other) => one - other);
    fill(early, late, pinned.length);
  }

  function fill(early, late, pinned) {
    const asked = `${early} ${late} ${model.get("difference") ?? ""}`;
    if (asked === seen) return;
    seen = asked;
    const span = `step ${grouped(early)} → step ${grouped(late)}`;
    if (versions === null) return fillFromKernel(span, pinned);
    const rows = differences(versions, early, late);
    const hidden = rows.length - MOST_ROWS;
    body.innerHTML = rows.slice(0, MOST_ROWS).map((row) => differenceRow(versions, row)).join("");
    words.textContent = `${span} · ${rows.length === 1 ? "1 difference" : `${rows.length} differences`}` +
      (hidden > 0 ? `, ${MOST_ROWS} of them shown` : "");
  }

  // A kernel is asked only about two pins; a page without one knows the answer for those it was saved with.
  function fillFromKernel(span, pinned) {
    const isTold = pinned === 2 && (model.send || String(at()) === saved);
    body.innerHTML = isTold ? model.get("difference") : "";
    if (isTold) words.textContent = span;
    else words.textContent = model.send ? "pin the other moment, too" : "to compare two other moments of this log takes a kernel";
  }

  return { show, set };
}
