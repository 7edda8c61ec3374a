// What may be typed to go somewhere: a step, a position, a time. Of a time it is the stop of the event that
// happened last at or before it.

const TAKES = "type a step such as 17, a position such as #17, a time such as 17:30, or 2013-01-01 17:30";
// Python counts no year 0.
const A_TIME = /^(?:(?!0000)(\d{4})-(\d\d)-(\d\d))?(?:[T ]?(\d\d?):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)? ?Z?$/;
const A_DAY = 86_400e6; // microseconds

// {step}, {position} or {time}; null where it is nothing of these. A time without a day is of this day.
function understood(typed, today) {
  const text = typed.trim();
  const position = /^(?:#|position )\s*([\d,]+)$/i.exec(text);
  if (position) return { position: Number(position[1].replaceAll(",", "")) };
  const step = Number(text.replaceAll(/[,\s]/g, "") || NaN);
  if (Number.isFinite(step)) return { step };
  const time = microsecondsOf(text, today);
  return time === null ? null : { time };
}

function microsecondsOf(text, today) {
  const [whole, year, month, day, hour, minute, second, fraction] = A_TIME.exec(text) ?? [];
  if (!whole || (year === undefined && (hour === undefined || today === null))) return null;
  if (hour > 23 || minute > 59 || second > 59) return null;
  const date = year === undefined ? today - modulo(today, A_DAY) : midnight(year, month, day);
  const seconds = (Number(hour ?? 0) * 60 + Number(minute ?? 0)) * 60 + Number(second ?? 0);
  return date === null ? null : date + seconds * 1e6 + Number((fraction ?? "").padEnd(6, "0"));
}

function midnight(year, month, day) {
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  return Number.isNaN(date.getTime()) || date.getUTCDate() !== Number(day) ? null : date.getTime() * 1000;
}

const modulo = (number, by) => ((number % by) + by) % by;

// The step in a book, of all of whose steps this is known, behind the last event at or before a time.
function stepOfTime(known, time, axis) {
  return latest(known, (step) => known.moment(step, axis), time);
}

function stepOfPosition(known, position) {
  return latest(known, known.position, position);
}

function latest(known, of, most) {
  let found = 0;
  for (let step = 1; step <= known.last; step++) {
    if (of(step) <= most && (!found || of(step) >= of(found))) found = step;
  }
  return found;
}
