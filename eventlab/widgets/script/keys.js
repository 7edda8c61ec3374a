// Which key is which move, and whose a key is where several might want it.

const KEYS = {
  ArrowLeft: "back", ArrowDown: "back", ArrowRight: "forward", ArrowUp: "forward",
  Home: "first", End: "last", PageDown: "farBack", PageUp: "farForward", " ": "play",
  r: "typeBack", t: "typeForward", j: "keyBack", k: "keyForward",
  a: "pinA", b: "pinB", g: "entry", f: "filter", "/": "find", "?": "help",
};

// The move that a pressed key asks of this time machine; undefined where the key is not for it.
function moveOf(event, root, scrolls) {
  const move = KEYS[event.key];
  if (!move || !event.composedPath().includes(root)) return undefined;
  if (event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && !"/?".includes(event.key))) return undefined;
  const into = event.composedPath()[0];
  if (move === "play" && into.closest("button, a, summary")) return undefined; // Space is theirs
  if (scrolls.takes(into, event.key)) return undefined;
  if (into.closest("input:not([type=range]), textarea, select, [contenteditable]")) return undefined;
  return move;
}

// The field in which Enter was pressed. JupyterLab, were it asked, would take the key for itself.
function fieldOf(event, root) {
  if (event.key !== "Enter" || !event.composedPath().includes(root)) return null;
  return event.composedPath()[0].closest("input[type=text]");
}
