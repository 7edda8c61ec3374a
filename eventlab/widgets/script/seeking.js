// Which stop comes next that way: any, one of this type, one of this key; and who answers what the book
// cannot.

const SAID = { types: "type", keys: "key" };

function seeking({ current, go, say, ask, known, last, chosen }) {
  // The next stop from a step; null where there is none, undefined where the book ends before the answer.
  function found(from, by, of) {
    const book = known();
    for (let step = from + by; step >= 0 && step <= last; step += by) {
      if (of === undefined && !chosen.isOn()) return step;
      if (step < book.first || step > book.last) return undefined;
      if (chosen.passes(step) && (of === undefined || (step && from && book.alike(of, from, step)))) return step;
    }
    return null;
  }

  function onward(by, of) {
    const to = found(current(), by, of);
    if (to === undefined) ask({ ask: "seek", from: current(), by, of: SAID[of] ?? null });
    else if (to !== null) go(to);
    else if (of) say(`no ${by > 0 ? "later" : "earlier"} event of this ${SAID[of]}`);
  }

  // A tenth of the way, and where that is no other stop, to the next.
  function far(by) {
    const to = Math.min(Math.max(current() + by * Math.max(1, Math.round(last / 10)), 0), last);
    if (chosen.stopAt(to) === current()) onward(by);
    else go(to);
  }

  return { onward, far, next: (from) => found(from, 1) };
}

// What was typed, gone to: at once where the book has all stops, by Python where it has some of them.
function entering({ current, go, say, ask, known, last, axis }) {
  return (typed) => {
    const book = known();
    const day = Math.min(Math.max(current(), 1), last);
    const today = day >= Math.max(book.first, 1) && day <= book.last ? book.moment(day, axis()) : null;
    const place = understood(typed, today);
    if (place === null) return say(`“${typed.trim()}” is no place here: ${TAKES}`);
    if ("step" in place) return go(place.step);
    if (book.first > 0 || book.last < last) return ask({ ask: "go", ...place });
    go("time" in place ? stepOfTime(book, place.time, axis()) : stepOfPosition(book, place.position));
  };
}
