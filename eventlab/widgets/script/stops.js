// What is known of the event behind each stop of a book, out of the columns that Python made. Names come
// as HTML; where a name is another text than its HTML, it is given beside it.

const EPOCH_OF = { recorded: "recorded" }; // any other axis tells when things occurred

function summed({ start, unit, steps }) {
  let at = start;
  return steps.map((step) => (at += step * unit));
}

// Times as seconds, and as microseconds: of these a number has all digits up to the year 2255, and one that
// is later or very early is a few off, but none that stands behind it.
function timed({ seconds, beyond }) {
  const whole = summed(seconds), more = summed(beyond);
  return { seconds: whole, moments: whole.map((at, row) => at * 1e6 + more[row]) };
}

function stops(book) {
  const { stops: known, first } = book;
  const row = (step) => step - Math.max(first, 1); // step 0 has none
  const read = {};
  const column = (name) => (read[name] ??= summed(known[name]));
  const clock = (axis) => {
    const name = EPOCH_OF[axis] ?? "occurred";
    return (read[name] ??= timed(known[name]));
  };
  const kind = (of, step) => (step ? known[of].of[row(step)] : null);
  const name = (of, step) => (step ? known[of].names[kind(of, step)] : null);
  let touching = null; // which keys each step touched, where the book has their lives
  const keys = (step) => {
    touching ??= book.versions ? touchedBy(book.versions) : [];
    return touching[step] ?? [];
  };
  return {
    number: (step) => (step ? column("numbers")[row(step)] : 0),
    position: (step) => (step ? column("positions")[row(step)] : 0),
    second: (step, axis) => clock(axis).seconds[row(step)],
    moment: (step, axis) => clock(axis).moments[row(step)],
    html: (of, step) => asHTML(name(of, step)),
    raw: (of, step) => asText(name(of, step)),
    counts: (of) => tallied(known[of]),
    // Whether two steps are of a kind; steps touch one key where their keys are known, or share a stream.
    alike: (of, one, other) => (of === "keys" && book.versions
      ? keys(one).some((key) => keys(other).includes(key))
      : kind(of === "keys" ? "streams" : of, one) === kind(of === "keys" ? "streams" : of, other)),
    first,
    last: first + book.deltas.length - 1,
  };
}

// Each name with how often it stands in a column, the most frequent first.
function tallied({ names, of }) {
  const counts = names.map((name) => [name, 0]);
  for (const place of of) counts[place][1] += 1;
  const order = ([one, often], [other, seldom]) => seldom - often || (asText(one) < asText(other) ? -1 : 1);
  return counts.filter(([name]) => name !== null).sort(order);
}

function touchedBy({ lives }) {
  const touching = [];
  lives.forEach((life, key) => life.forEach(([step]) => (touching[step] ??= []).push(key)));
  return touching;
}

const asHTML = (name) => (Array.isArray(name) ? name[0] : name ?? "");
const asText = (name) => (Array.isArray(name) ? name[1] : name);

// A number as Python writes it: 12,345. One format for all, as to make one takes longer than to use it.
const GROUPS = new Intl.NumberFormat("en");
const grouped = (number) => GROUPS.format(number);

// Seconds since 1970 as a time, as Python writes it.
function momentText(seconds) {
  const written = new Date(seconds * 1000).toISOString();
  const [day, time] = [written.slice(0, -14), written.slice(-13, -5)];
  return `${day} ${time.endsWith(":00") ? time.slice(0, 5) : time}`;
}
