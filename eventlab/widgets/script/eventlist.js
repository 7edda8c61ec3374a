// The events around the slider. Each row is a fragment out of the book; here they are only picked.

const EVENTS_SEEN = 9;

// The places of the rows to show: the step in the middle, and always as many as there is room for.
function around(place, rows) {
  const most = Math.max(rows - EVENTS_SEEN, 0);
  const start = Math.min(Math.max(place - (EVENTS_SEEN >> 1), 0), most);
  return [start, Math.min(start + EVENTS_SEEN, rows)];
}

function eventList(root) {
  const body = root.querySelector('[data-part="events"]');
  return (book, step) => {
    const place = step - book.first;
    const [start, end] = around(place, book.events.length);
    const rows = book.events.slice(start, end);
    if (rows[place - start]) {
      rows[place - start] = rows[place - start].replace("<tr", '<tr aria-current="step"');
    }
    body.innerHTML = rows.join("");
  };
}
