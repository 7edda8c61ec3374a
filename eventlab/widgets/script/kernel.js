// What only Python can do: find a state by a condition, and fork. A page without a kernel shows no way to it.

const NEEDS_KERNEL = ["find", "fork"];

function kernelMoves({ root, model, buttons, ask, say, current, open }) {
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const typed = part("condition");
  let searching = false;
  for (const name of NEEDS_KERNEL) buttons[name].hidden = !model.send;

  function search() {
    if (searching) return searchEnds("stopped looking");
    if (!typed.value.trim()) return;
    searching = true;
    showSearch();
    say("looking …");
    ask({ ask: "find", typed: typed.value });
  }

  // Python looks through a part at a time, and hears of moves in between; it looks on when it is asked to.
  function lookOn() {
    if (searching && model.get("looked")) ask({ ask: "find" });
  }

  function searchEnds(words) {
    searching = false;
    showSearch();
    say(words);
  }

  function showSearch() {
    buttons.search.textContent = searching ? "stop" : "go";
    buttons.search.setAttribute("aria-label", searching ? "stop looking (Enter)" : "find that state (Enter)");
  }

  // What Python has to say; with the answer a search is over. How far one came that was stopped is no news.
  function told(words) {
    const goesOn = model.get("looked") > 0;
    if (searching && !words) return;
    if (searching && !goesOn) return searchEnds(words);
    if (searching || !goesOn) return say(words);
    model.set("looked", 0);
    model.save_changes();
  }

  function find() {
    if (!model.send) return say("to find a state by a condition takes a kernel");
    const fields = model.get("fields") ?? [];
    typed.placeholder = `${fields[0] ?? "field"} < 0`;
    typed.title = `fields: ${fields.join(", ")}; signs: < <= == != >= >`;
    if (open("find")) typed.focus();
  }

  // Python has sent the two futures, or an empty text when there is nothing to show.
  function show() {
    const told = model.get("two_futures") ?? "";
    part("futures").innerHTML = told;
    part("futures").hidden = !told;
  }

  function close() {
    model.set("two_futures", "");
    model.save_changes();
    show();
  }

  return {
    find, search, lookOn, told, show, close,
    fork: () => ask({ ask: "fork", from: current() }),
    without: () => ask({ ask: "fork", from: current(), without: true }),
    compare: () => ask({ ask: "compare" }),
  };
}
