// Shows step t of a book that Python made, here and in a saved page. It computes no state: every name
// and value that reaches innerHTML is a fragment out of the book.

const STAYING = new Set( // moves that do not end a play
  ["play", "copy", "pinA", "pinB", "unpin", "entry", "filter", "find", "help", "compare", "unfork"]);

async function render({ model, el }) {
  const pages = await pagesOf(model, (isFresh) => show(isFresh), (step) => chosen.stopAt(step));
  const { last, current, go } = pages;

  const root = document.createElement("div");
  root.className = "eventlab-tm";
  root.tabIndex = -1;
  root.innerHTML = pages.shell;
  el.replaceChildren(root);

  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const slider = root.querySelector("input[type=range]");
  const entry = part("entry");
  const line = root.querySelector('[data-slot="line"]');
  const track = await strip(root, model, last, jump);
  const scrolls = scrolling(root);
  const pinned = pins(root, model, pages.versions, last, track.place);
  const slots = pages.slots.map((name) => root.querySelector(`[data-slot="${name}"]`));
  const buttons = {};
  for (const button of root.querySelectorAll("[data-act]")) buttons[button.dataset.act] = button;
  let shown = [];

  const say = (words) => { part("told").textContent = words; };
  const ask = (question) => (model.send ? model.send(question) : say("only a kernel can answer this"));
  const here = { current, go, say, ask, last, known: pages.known, axis: track.axis };
  const chosen = choosing({ ...here, root, model, changed: () => (go(current()), show()) });
  const showEvents = eventList(root, chosen.passes);
  const ways = seeking({ ...here, chosen });
  const goTo = entering(here);
  const inTime = pausing(last);
  const playing = player({
    ...here, next: ways.next, ask: () => ways.onward(1),
    speed: () => Number(part("speed").value) || 1,
    pauses: () => (part("pace").value === "time" ? inTime(pages.known(), track.axis()) : null),
    onChange: showPlaying,
  });

  function show(isFresh) {
    const step = current();
    if (isFresh) shown = [];
    if (root.ownerDocument?.activeElement !== entry) entry.value = step;
    track.show(step);
    pinned.show(step);
    root.classList.toggle("waiting", !pages.holds(step));
    if (pages.holds(step)) fill(pages.at(step));
    else wait(step);
    slider.setAttribute("aria-valuetext", line.textContent);
    buttons.first.disabled = buttons.back.disabled = step === 0;
    buttons.forward.disabled = buttons.last.disabled = ways.next(step) === null;
    chosen.show();
    showReplayed(pages.replayed());
    scrolls.show();
  }

  function showReplayed(events) {
    const plural = events === 1 ? "" : "s";
    part("replayed").textContent = events === undefined ? "" : `${events.toLocaleString("en")} event${plural} replayed`;
  }

  function fill(now) {
    slots.forEach((slot, i) => {
      if (shown[i] !== now[i]) slot.innerHTML = pages.text(now[i]);
    });
    shown = now;
    showEvents(pages.known(), current(), track.axis());
  }

  function wait(step) {
    line.textContent = `${step.toLocaleString("en")} / ${last.toLocaleString("en")} · …`;
    shown[slots.indexOf(line)] = null;
  }

  function jump(step) {
    playing.stop();
    say("");
    go(step);
  }

  function pin(place, step) {
    pinned.set(place, step);
    show();
  }

  function showPlaying(on) {
    root.classList.toggle("playing", on);
    line.setAttribute("aria-live", on ? "off" : "polite"); // no one can listen at that pace
    buttons.play.setAttribute("aria-label", on ? "pause (Space)" : "play (Space)");
    buttons.play.title = buttons.play.getAttribute("aria-label");
  }

  // A part that is shown when it is asked for.
  function open(name) {
    part(name).hidden = !part(name).hidden;
    buttons[name].setAttribute("aria-expanded", String(!part(name).hidden));
    return !part(name).hidden;
  }

  function enter() {
    playing.stop();
    say("");
    if (entry.value.trim()) goTo(entry.value);
    entry.value = current();
  }

  const kernel = kernelMoves({ ...here, root, model, buttons, open });
  const moves = {
    first: () => go(0),
    back: () => ways.onward(-1),
    play: () => (playing.isOn() ? playing.stop() : playing.start()),
    forward: () => ways.onward(1),
    last: () => go(last),
    copy: () => copyCode(root),
    pinA: () => pin(0, current()),
    pinB: () => pin(1, current()),
    unpin: () => [0, 1].forEach((place) => pin(place, null)),
    farBack: () => ways.far(-1),
    farForward: () => ways.far(1),
    typeBack: () => ways.onward(-1, "types"),
    typeForward: () => ways.onward(1, "types"),
    keyBack: () => ways.onward(-1, "keys"),
    keyForward: () => ways.onward(1, "keys"),
    entry: () => (entry.focus(), entry.select()),
    filter: () => open("filter") && chosen.opened(),
    unfilter: () => chosen.clear(),
    help: () => open("help"),
    find: kernel.find, search: kernel.search, fork: kernel.fork, without: kernel.without,
    compare: kernel.compare, unfork: kernel.close,
  };

  function move(name) {
    if (!STAYING.has(name)) {
      playing.stop();
      say("");
    }
    moves[name]();
  }

  function onKey(event) {
    const field = fieldOf(event, root);
    if (field) event.stopPropagation();
    if (field?.dataset.part === "condition") return kernel.search();
    const name = moveOf(event, root, scrolls);
    if (name === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    move(name);
  }
  // At the window, where we are asked before JupyterLab, which would move between its cells.
  window.addEventListener("keydown", onKey, true);
  root.addEventListener("click", ({ target }) => {
    const said = (selector, name) => target.closest?.(selector)?.dataset[name];
    const choice = said("[data-choose]", "choose"), kind = said("[data-only]", "only");
    if (choice) return chosen.choose(choice);
    if (kind) return chosen.toggle(kind, pages.known().raw(kind, current()));
    const place = said("[data-go]", "go"), act = said("[data-act]", "act");
    if (place !== undefined) jump(Number(place));
    else if (act) move(act);
  });
  root.addEventListener("change", ({ target }) => {
    if (target.dataset?.chooseTyped) say(chosen.typed(target.dataset.chooseTyped, target.value));
  });
  entry.addEventListener("change", enter);
  for (const name of ["speed", "pace"]) {
    part(name).addEventListener("change", () => { if (playing.isOn()) playing.start(); });
  }
  track.choice.addEventListener("change", () => {
    model.set("axis", track.choice.value);
    model.save_changes();
    show();
  });
  const heard = {
    "change:step": () => show(), // from Python, from jslink, from another view
    "change:pins": () => show(), "change:difference": () => show(), "change:book": pages.turn,
    "change:axis": () => show(), "change:tracks": () => track.turn().then(() => show()),
    "change:only": () => show(), "change:choices": () => show(),
    "change:two_futures": () => { kernel.show(); scrolls.show(); },
    "change:told": () => say(model.get("told")),
  };
  for (const [name, listener] of Object.entries(heard)) model.on(name, listener);

  show();
  kernel.show();
  go(current()); // to a stop
  showPlaying(false);
  return () => {
    playing.stop();
    scrolls.close();
    window.removeEventListener("keydown", onKey, true);
    for (const [name, listener] of Object.entries(heard)) model.off(name, listener);
  };
}

export default { render };
