// Where on the track a step stands, and which step stands at a place: equally far apart, or as Python says
// for an axis of time. Between two steps of which it is known the others stand in proportion.

const FINE = 10_000; // in so many parts of the track Python says where a step stands

function axisOf(track, last) {
  if (!track.places) {
    return {
      max: last,
      value: (step) => step,
      place: (step) => (last ? step / last : 0),
      step: (place) => Math.round(place * last),
    };
  }
  const steps = summed(track.steps), places = summed(track.places).map((place) => place / FINE);
  const place = (step) => {
    const at = Math.min(lastAtMost(steps, step), steps.length - 2);
    if (at < 0) return places[0];
    const share = (step - steps[at]) / (steps[at + 1] - steps[at]);
    return places[at] + share * (places[at + 1] - places[at]);
  };
  return {
    max: FINE,
    value: (step) => Math.round(place(step) * FINE),
    place,
    step: (wanted) => nearest(steps, places, wanted),
  };
}

function lastAtMost(sorted, most) {
  let low = 0, high = sorted.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= most) low = middle;
    else high = middle;
  }
  return low;
}

// The step that stands nearest to a place; of several the last. Times may step back, so all are looked at.
function nearest(steps, places, wanted) {
  const far = (at) => Math.abs((places[at] ?? Infinity) - wanted);
  let best = 0;
  for (let at = 1; at < places.length; at++) if (far(at) <= far(best)) best = at;
  const other = far(best + 1) < far(best - 1) ? best + 1 : best - 1;
  const between = (places[best] - wanted) * ((places[other] ?? wanted) - wanted) < 0;
  if (!between) return steps[best];
  const share = (wanted - places[best]) / (places[other] - places[best]);
  return Math.round(steps[best] + share * (steps[other] - steps[best]));
}
