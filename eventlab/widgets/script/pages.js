// Where the slider stands, and the pages at hand. Of a long log these are the steps around the slider, and
// Python sends others when it has moved on.

const PATIENCE = 3000; // milliseconds until an unanswered question for a book is asked again
const PAUSE = 200; // milliseconds between two steps that the model is told while keys repeat

async function pagesOf(model, show, stopAt) {
  let book, read, known;
  let wanted = null; // where the slider stands that the model does not know yet
  let asked = 0; // when a book was asked for that has not come yet
  let later = null; // the timer until the model is told
  let told = 0; // when it was told last
  let books = 0; // that came
  let counted = null; // a step, and how many events the kernel replayed to show it
  const open = (next) => [book, read, known] = [next, frames(next), stops(next)];
  open(await unpacked(model.get("book")));
  const { last, shell, slots, versions } = book;
  const isLong = book.replayed !== undefined;

  const inside = (step) => Math.min(Math.max(Math.round(step) || 0, 0), last);
  const current = () => wanted ?? inside(model.get("step"));
  const count = () => (counted = { step: current(), events: book.replayed });
  count();

  // What is at hand is shown before the kernel is told of it, which takes a notebook as long; of many such steps
  // in a row it is told a few, and always the last. Of many steps that have no page here, while one question is on
  // its way only the latest is asked. Until then the model must not know: the kernel's echo of the question would
  // undo it.
  function tell() {
    if (read.holds(wanted)) later ??= setTimeout(settle, Math.max(told + PAUSE - Date.now(), 0));
    else settle();
  }

  // Tell the model where the slider stands, if it does not know.
  function settle() {
    clearTimeout(later);
    later = null;
    const here = read.holds(wanted), now = Date.now();
    if (wanted === null || (!here && now - asked < PATIENCE)) return;
    asked = here ? 0 : now;
    told = now;
    model.set("step", wanted);
    wanted = null;
    model.save_changes();
  }

  async function turn() {
    const number = ++books;
    const next = await unpacked(model.get("book"));
    if (number !== books) return; // a later one overtook it
    const hasWaited = !read.holds(current());
    open(next);
    if (hasWaited && read.holds(current())) count();
    asked = 0;
    show(true); // fragments have other numbers now
    if (wanted !== null) tell();
  }

  function go(step) {
    const stop = stopAt(inside(step));
    if (stop === current()) return;
    wanted = stop;
    counted = null;
    show();
    tell();
  }

  return {
    last, shell, slots, versions, current, go, turn, settle,
    known: () => known,
    // By the last move: none where the step was at hand, and of a short log all is.
    replayed: () => (isLong ? (counted?.step === current() ? counted.events : 0) : undefined),
    holds: (step) => read.holds(step),
    at: (step) => read.at(step),
    parts: (fragment) => read.parts(fragment),
    text: (part) => read.text(part),
  };
}
