// Play: a step after the other, at a pace of events, or as far apart as they are in time.

const SECONDS_TO_PLAY = 60; // of a long book; a short one takes its time
const SLOWEST = 700, FASTEST = 25; // milliseconds per step, at speed 1
const QUICKEST = 10; // at any speed; what follows quicker than that is shown together
const LONGEST_PAUSE = 1000; // however long nothing happened, at speed 1
const UNTIL_AN_ANSWER = 100; // when the next step is not known yet

const pace = (last) => Math.min(SLOWEST, Math.max(FASTEST, (SECONDS_TO_PLAY * 1000) / (last || 1)));

// Milliseconds per microsecond of the log, so that no pause is too long and all of them take the budget.
function rateOf(distances, budget) {
  const takes = (rate) => distances.reduce((sum, far) => sum + Math.min(far * rate, LONGEST_PAUSE), 0);
  let low = 0, high = 1;
  if (takes(high) <= budget) return high;
  while (high - low > high * 1e-6) {
    const middle = (low + high) / 2;
    if (takes(middle) > budget) high = middle;
    else low = middle;
  }
  return low;
}

// How long to wait between two steps, worked out once for every book and axis.
function pausing(last) {
  let of = null, asIs = null, pauses = null;
  return (known, axis) => {
    if (known !== of || axis !== asIs) pauses = pausesOf(known, last, axis);
    [of, asIs] = [known, axis];
    return pauses;
  };
}

// How long to wait between two steps of a book, as far apart as they are in time.
function pausesOf(known, last, axis) {
  const from = Math.max(known.first, 1);
  const far = (one, other) => Math.abs(known.moment(other, axis) - known.moment(one, axis));
  const distances = [];
  for (let step = from + 1; step <= known.last; step++) distances.push(far(step - 1, step));
  const rate = rateOf(distances, pace(last) * distances.length);
  return (one, other) => {
    if (one < from || other > known.last) return pace(last);
    return Math.min(far(one, other) * rate, LONGEST_PAUSE);
  };
}

// A player that goes from stop to stop; `next` gives null at the end, and undefined where Python must be
// asked. In time, the `pauses` say how long to wait between two steps.
function player({ last, current, next, ask, go, speed, pauses, onChange }) {
  let timer = null;

  function schedule() {
    const from = current();
    const to = next(from);
    if (to === null) return stop();
    if (to === undefined) ask();
    const [step, wait] = to === undefined ? [from, UNTIL_AN_ANSWER] : together(from, to);
    timer = setTimeout(() => { go(step); schedule(); }, Math.max(QUICKEST, wait));
  }

  // The next step to show and how long until then: in time, past those that follow too quickly to be seen.
  function together(from, to) {
    const between = pauses();
    if (!between) return [to, pace(last) / speed()];
    let wait = between(from, to) / speed();
    for (let more = next(to); wait < QUICKEST && more; more = next(to)) {
      wait += between(to, more) / speed();
      to = more;
    }
    return [to, wait];
  }

  function stop() {
    clearTimeout(timer);
    timer = null;
    onChange(false);
  }

  function start() {
    clearTimeout(timer);
    if (next(current()) === null) go(0);
    onChange(true);
    schedule();
  }

  return { start, stop, isOn: () => timer !== null };
}
