// How a book that Python bound is read: which fragment stands in which slot at a step. Of a long log a
// book has the steps around the slider.

function frames({ fragments, keyframes, deltas, every, first }) {
  const text = (found) => (typeof found === "string" ? found : found.map((id) => text(fragments[id])).join(""));
  // A fragment as the parts it is made of, one behind the other; of a table these are rows.
  const parts = (id) => (typeof fragments[id] === "string" ? [fragments[id]] : fragments[id].map((part) => fragments[part]));
  // The fragment in every slot: from the keyframe before the step, delta by delta.
  const at = (step) => {
    const page = step - first;
    const key = Math.floor(page / every);
    const now = [...keyframes[key]];
    for (let s = key * every; s <= page; s++) {
      const delta = deltas[s];
      for (let i = 0; i < delta.length; i += 2) now[delta[i]] = delta[i + 1];
    }
    return now;
  };
  const holds = (step) => step >= first && step < first + deltas.length;
  return { at, text, parts, holds };
}

async function unpacked(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}
