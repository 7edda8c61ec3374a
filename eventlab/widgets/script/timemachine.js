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
  const line = root.querySelector('[data-slot="line"]');
  const buttons = {};
  for (const button of root.querySelectorAll("[data-act]")) buttons[button.dataset.act] = button;

  const say = (words) => { part("told").textContent = words; };
  const ask = (question) => {
    if (!model.send) return say("only a kernel can answer this");
    pages.settle(); // Python answers from where it knows the slider to be
    model.send(question);
  };
  const track = await strip(root, model, last, jump);
  const scrolls = scrolling(root);
  const pinned = pins(root, model, pages.versions, last, track.place);
  const here = { root, part, model, current, go, say, ask, last, known: pages.known, axis: track.axis };
  const chosen = choosing({ ...here, changed: () => (go(current()), show()) });
  const ways = seeking({ ...here, chosen });
  const goTo = entering(here);
  const kernel = kernelMoves({ ...here, buttons, open });
  const show = showing({ root, part, line, buttons, pages, track, pinned, scrolls, chosen, ways });
  const inTime = pausing(last);
  const playing = player({
    ...here, next: ways.next, ask: () => ways.onward(1),
    speed: () => Number(part("speed").value) || 1,
    pauses: () => (part("pace").value === "time" ? inTime(pages.known(), track.axis()) : null),
    onChange: (on) => showPlaying({ root, line, buttons }, on),
  });

  function jump(step) {
    playing.stop();
    say("");
    go(step);
  }

  function pin(place, step) {
    pinned.set(place, step);
    show();
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
    const entry = part("entry");
    if (entry.value.trim()) goTo(entry.value);
    entry.value = current();
  }

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
    entry: () => (part("entry").focus(), part("entry").select()),
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

  for (const name of ["speed", "pace"]) {
    part(name).addEventListener("change", () => { if (playing.isOn()) playing.start(); });
  }
  track.choice.addEventListener("change", () => {
    model.set("axis", track.choice.value);
    model.save_changes();
    show();
  });
  const stopHearing = hearing({ ...here, scrolls, chosen, pages, jump, move, enter, search: kernel.search });
  const stopFollowing = following(model, {
    "change:step": () => show(), // from Python, from jslink, from another view
    "change:pins": () => show(), "change:difference": () => show(), "change:book": pages.turn,
    "change:axis": () => show(), "change:tracks": () => track.turn().then(() => show()),
    "change:only": () => show(), "change:stops": () => show(), "change:choices": () => show(),
    "change:two_futures": () => { kernel.show(); scrolls.show(); },
    "change:looked": kernel.lookOn, "change:told": () => kernel.told(model.get("told")),
  });

  show();
  kernel.show();
  go(current()); // to a stop
  showPlaying({ root, line, buttons }, false);
  return () => {
    playing.stop();
    pages.settle();
    scrolls.close();
    stopHearing();
    stopFollowing();
  };
}

export default { render };
