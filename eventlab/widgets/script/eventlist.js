// The events around the slider, as rows of what the book knows of them.

const EVENTS_SEEN = 9;

// The places of the rows to show: the step in the middle, and always as many as there is room for.
function around(place, rows) {
  const most = Math.max(rows - EVENTS_SEEN, 0);
  const start = Math.min(Math.max(place - (EVENTS_SEEN >> 1), 0), most);
  return [start, Math.min(start + EVENTS_SEEN, rows)];
}

function eventRow(known, step, isCurrent, axis) {
  const mark = isCurrent ? ' aria-current="step"' : "";
  const head = `<tr${mark} data-go="${step}"><td class="n">${known.number(step).toLocaleString("en")}</td>`;
  if (!step) return `${head}<td colspan="3" class="none">before the first event</td></tr>\n`;
  return `${head}<td>${momentText(known.moment(step, axis))}</td>` +
    `<td>${known.html("streams", step)}</td><td>${known.html("types", step)}</td></tr>\n`;
}

function eventList(root) {
  const body = root.querySelector('[data-part="events"]');
  const told = root.querySelector('[data-part="clock"]');
  return (known, step, axis) => {
    const [start, end] = around(step - known.first, known.last - known.first + 1);
    const rows = [];
    for (let place = start; place < end; place++) {
      rows.push(eventRow(known, known.first + place, known.first + place === step, axis));
    }
    told.textContent = axis === "recorded" ? "recorded" : "occurred";
    body.innerHTML = rows.join("");
  };
}
