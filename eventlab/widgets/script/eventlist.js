// The events around the slider, as rows of what the book knows of them.

const EVENTS_SEEN = 9;

// The places of the rows to show: the step in the middle, and always as many as there is room for.
function around(place, rows) {
  const most = Math.max(rows - EVENTS_SEEN, 0);
  const start = Math.min(Math.max(place - (EVENTS_SEEN >> 1), 0), most);
  return [start, Math.min(start + EVENTS_SEEN, rows)];
}

// Of the current row the stream and the type can be clicked: to stop only at events that have it, too.
function eventRow(known, step, isCurrent, axis) {
  const mark = isCurrent ? ' aria-current="step"' : "";
  const cell = (kind) => (isCurrent ? ` data-only="${kind}" title="stop only at this ${KINDS[kind]}"` : "");
  const head = `<tr${mark} data-go="${step}"><td class="n">${grouped(known.number(step))}</td>`;
  if (!step) return `${head}<td colspan="3" class="none">before the first event</td></tr>\n`;
  return `${head}<td>${momentText(known.second(step, axis))}</td>` +
    `<td${cell("streams")}>${known.html("streams", step)}</td>` +
    `<td${cell("types")}>${known.html("types", step)}</td></tr>\n`;
}

// The step and the stops next to it, as many as may be seen on either side.
function neighbours(known, step, passes) {
  const way = (by) => {
    const found = [];
    for (let at = step + by; at >= known.first && at <= known.last && found.length < EVENTS_SEEN; at += by) {
      if (passes(at)) found.push(at);
    }
    return found;
  };
  const before = way(-1).reverse();
  return [before.length, [...before, step, ...way(1)]];
}

function eventList(root, passes) {
  const fill = filling(root.querySelector('[data-part="events"]'));
  const told = root.querySelector('[data-part="clock"]');
  return (known, step, axis) => {
    const [place, steps] = neighbours(known, step, passes);
    const shown = steps.slice(...around(place, steps.length));
    told.textContent = axis === "recorded" ? "recorded" : "occurred";
    fill(shown.map((at) => eventRow(known, at, at === step, axis)));
  };
}
