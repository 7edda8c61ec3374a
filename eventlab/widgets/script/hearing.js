// What a person does to it, by key, click and field, told as the names of moves. Returns how to hear no more.

function hearing({ root, part, scrolls, chosen, pages, say, jump, move, enter, search }) {
  function onKey(event) {
    const field = fieldOf(event, root);
    if (field) event.stopPropagation();
    if (field?.dataset.part === "condition") return search();
    const name = moveOf(event, root, scrolls);
    if (name === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    move(name);
  }

  function onClick({ target }) {
    const said = (selector, name) => target.closest?.(selector)?.dataset[name];
    const choice = said("[data-choose]", "choose"), kind = said("[data-only]", "only");
    if (choice) return chosen.choose(choice);
    if (kind) return chosen.toggle(kind, pages.known().raw(kind, pages.current()));
    const place = said("[data-go]", "go"), act = said("[data-act]", "act");
    if (place !== undefined) jump(Number(place));
    else if (act) move(act);
  }

  // At the window, where we are asked before JupyterLab, which would move between its cells.
  window.addEventListener("keydown", onKey, true);
  root.addEventListener("click", onClick);
  root.addEventListener("change", ({ target }) => {
    if (target.dataset?.chooseTyped) say(chosen.typed(target.dataset.chooseTyped, target.value));
  });
  part("entry").addEventListener("change", enter);
  root.addEventListener("focusout", pages.settle); // to another cell, which may ask where it stands
  return () => window.removeEventListener("keydown", onKey, true);
}

// What Python, jslink and other views do to it, told by what has changed.
function following(model, heard) {
  for (const [name, listener] of Object.entries(heard)) model.on(name, listener);
  return () => {
    for (const [name, listener] of Object.entries(heard)) model.off(name, listener);
  };
}
