// What stands in a place becomes something else. Of a table only the rows that differ are made anew: a step
// changes few of them, and the others need not be parsed, styled and laid out again.

function filling(place, text = (part) => part) {
  if (!place.matches("tbody")) return (parts) => { place.innerHTML = parts.map(text).join(""); };
  const template = document.createElement("template");
  let shown = []; // parts, and the rows that show them

  function made(part) {
    template.innerHTML = text(part);
    return template.content.firstElementChild;
  }

  return (parts) => {
    const known = new Map(shown);
    const taken = (part) => {
      const row = known.get(part) ?? made(part);
      known.delete(part); // two rows may read alike
      return row;
    };
    const next = parts.map((part) => [part, taken(part)]);
    const staying = new Set(next.map(([, row]) => row));
    for (const [, row] of shown) if (!staying.has(row)) row.remove();
    let at = place.firstElementChild;
    for (const [, row] of next) {
      if (row === at) at = at.nextElementSibling;
      else place.insertBefore(row, at);
    }
    shown = next;
  };
}
