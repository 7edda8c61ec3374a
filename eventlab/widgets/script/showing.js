// A step on the screen: where it stands, what is in the slots, what lies around it, which buttons go on from it.

function showing({ root, part, line, buttons, pages, track, pinned, scrolls, chosen, ways }) {
  const slots = pages.slots.map((name) => filling(root.querySelector(`[data-slot="${name}"]`), pages.text));
  const showEvents = eventList(root, chosen.passes);
  const slider = root.querySelector("input[type=range]"), entry = part("entry");
  const { last, current } = pages;
  let shown = []; // the fragment in each slot

  function show(isFresh) {
    const step = current();
    if (isFresh) shown = []; // the fragments of another book have other numbers
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

  function fill(now) {
    slots.forEach((become, i) => {
      if (shown[i] !== now[i]) become(pages.parts(now[i]));
    });
    shown = now;
    showEvents(pages.known(), current(), track.axis());
  }

  function wait(step) {
    line.textContent = `${grouped(step)} / ${grouped(last)} · …`;
    shown[pages.slots.indexOf("line")] = null;
  }

  function showReplayed(events) {
    const plural = events === 1 ? "" : "s";
    part("replayed").textContent = events === undefined ? "" : `${grouped(events)} event${plural} replayed`;
  }

  return show;
}

function showPlaying({ root, line, buttons }, on) {
  root.classList.toggle("playing", on);
  line.setAttribute("aria-live", on ? "off" : "polite"); // no one can listen at that pace
  buttons.play.setAttribute("aria-label", on ? "pause (Space)" : "play (Space)");
  buttons.play.title = buttons.play.getAttribute("aria-label");
}
