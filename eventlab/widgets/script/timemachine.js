// Shows step t of a book that Python made, here and in a saved page. It computes no state: every name
// and value that reaches innerHTML is a fragment out of the book. Of a long log the book has the steps
// around the slider, and Python sends others when it has moved on.

const SECONDS_TO_PLAY = 60; // of a long book; a short one takes its time
const SLOWEST = 700, FASTEST = 25; // milliseconds per step, at speed 1
const QUICKEST = 10; // at any speed
const STAYING = new Set(["play", "copy", "pinA", "pinB", "unpin"]); // moves that do not end a play
const PATIENCE = 3000; // milliseconds until an unanswered question for a book is asked again

async function render({ model, el }) {
  let book = await unpacked(model.get("book"));
  let { at, text, holds } = frames(book);
  const last = book.last;

  const root = document.createElement("div");
  root.className = "eventlab-tm";
  root.tabIndex = -1;
  root.innerHTML = book.shell;
  el.replaceChildren(root);

  const slider = root.querySelector("input[type=range]");
  const entry = root.querySelector('[data-part="entry"]');
  const speed = root.querySelector('[data-part="speed"]');
  const line = root.querySelector('[data-slot="line"]');
  const showEvents = eventList(root);
  const showPlace = strip(root, last, jump);
  const scrolls = scrolling(root);
  const pinned = pins(root, model, book.versions, last);
  const slots = book.slots.map((name) => root.querySelector(`[data-slot="${name}"]`));
  const buttons = {};
  for (const button of root.querySelectorAll("[data-act]")) buttons[button.dataset.act] = button;
  let shown = [];
  let timer = null;
  let wanted = null; // where the slider stands that the model does not know yet
  let asked = 0; // when a book was asked for that has not come yet
  let books = 0; // that came

  const inside = (step) => Math.min(Math.max(Math.round(step) || 0, 0), last);
  const current = () => wanted ?? inside(model.get("step"));

  function show() {
    const step = current();
    slider.value = step;
    if (root.ownerDocument?.activeElement !== entry) entry.value = step;
    showPlace(step);
    pinned.show(step);
    root.classList.toggle("waiting", !holds(step));
    if (holds(step)) fill(at(step));
    else wait(step);
    slider.setAttribute("aria-valuetext", line.textContent);
    buttons.first.disabled = buttons.back.disabled = step === 0;
    buttons.forward.disabled = buttons.last.disabled = step === last;
    scrolls.show();
  }

  function fill(now) {
    slots.forEach((slot, i) => {
      if (shown[i] !== now[i]) slot.innerHTML = text(now[i]);
    });
    shown = now;
    showEvents(book, current());
  }

  function wait(step) {
    line.textContent = `${step.toLocaleString("en")} / ${last.toLocaleString("en")} · …`;
    shown[slots.indexOf(line)] = null;
  }

  // Of many steps that have no page here, while one question is on its way only the latest is asked.
  // Until then the model must not know: the kernel's echo of the question would undo it.
  function tell() {
    const here = holds(wanted), now = Date.now();
    if (!here && now - asked < PATIENCE) return;
    asked = here ? 0 : now;
    model.set("step", wanted);
    wanted = null;
    model.save_changes();
  }

  async function turn() {
    const number = ++books;
    const next = await unpacked(model.get("book"));
    if (number !== books) return; // a later one overtook it
    book = next;
    ({ at, text, holds } = frames(book));
    shown = []; // fragments have other numbers now
    asked = 0;
    show();
    if (wanted !== null) tell();
  }

  function go(step) {
    if (inside(step) === current()) return;
    wanted = inside(step);
    show();
    tell();
  }

  function jump(step) {
    play(false);
    go(step);
  }

  function pin(place, step) {
    pinned.set(place, step);
    show();
  }

  function play(on) {
    clearInterval(timer);
    timer = null;
    if (on && current() === last) go(0);
    if (on) {
      const pace = Math.min(SLOWEST, Math.max(FASTEST, (SECONDS_TO_PLAY * 1000) / last));
      const wait = Math.max(QUICKEST, pace / (Number(speed.value) || 1));
      timer = setInterval(() => (current() < last ? go(current() + 1) : play(false)), wait);
    }
    root.classList.toggle("playing", on);
    line.setAttribute("aria-live", on ? "off" : "polite"); // no one can listen at that pace
    buttons.play.setAttribute("aria-label", on ? "pause (Space)" : "play (Space)");
    buttons.play.title = buttons.play.getAttribute("aria-label");
  }

  const far = Math.max(1, Math.round(last / 10));
  const moves = {
    first: () => go(0),
    back: () => go(current() - 1),
    play: () => play(timer === null),
    forward: () => go(current() + 1),
    last: () => go(last),
    copy: () => copyCode(root),
    pinA: () => pin(0, current()),
    pinB: () => pin(1, current()),
    unpin: () => [0, 1].forEach((place) => pin(place, null)),
    farBack: () => go(current() - far),
    farForward: () => go(current() + far),
  };
  const keys = {
    ArrowLeft: "back", ArrowDown: "back", ArrowRight: "forward", ArrowUp: "forward",
    Home: "first", End: "last", PageDown: "farBack", PageUp: "farForward", " ": "play",
    a: "pinA", b: "pinB",
  };

  function onKey(event) {
    const move = keys[event.key];
    if (!move || !event.composedPath().includes(root)) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const into = event.composedPath()[0];
    if (move === "play" && into.closest("button, a, summary")) return; // Space is theirs
    if (scrolls.takes(into, event.key)) return;
    if (into.closest("input:not([type=range]), textarea, select, [contenteditable]")) return;
    event.preventDefault();
    event.stopPropagation();
    if (!STAYING.has(move)) play(false);
    moves[move]();
  }
  // At the window, where we are asked before JupyterLab, which would move between its cells.
  window.addEventListener("keydown", onKey, true);
  root.addEventListener("click", (event) => {
    const place = event.target.closest?.("[data-go]")?.dataset.go;
    if (place !== undefined) return jump(Number(place));
    const act = event.target.closest?.("[data-act]")?.dataset.act;
    if (!act) return;
    if (!STAYING.has(act)) play(false);
    moves[act]();
  });
  slider.addEventListener("input", () => jump(Number(slider.value)));
  entry.addEventListener("change", () => {
    const step = Number(entry.value.replaceAll(/[,\s]/g, "") || NaN);
    if (Number.isFinite(step)) jump(step);
    entry.value = current();
  });
  speed.addEventListener("change", () => { if (timer !== null) play(true); });
  model.on("change:step", show); // from Python, from jslink, from another view
  model.on("change:pins", show);
  model.on("change:difference", show);
  model.on("change:book", turn);

  show();
  play(false);
  return () => {
    clearInterval(timer);
    scrolls.close();
    window.removeEventListener("keydown", onKey, true);
    model.off("change:step", show);
    model.off("change:pins", show);
    model.off("change:difference", show);
    model.off("change:book", turn);
  };
}

export default { render };
