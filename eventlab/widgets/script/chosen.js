// Where the slider stops: at every event, or at those of some types, streams and actors. The state at a stop
// is that of the whole log all the same.

const KINDS = { types: "type", streams: "stream", actors: "actor" };
const ALL = {};
const MOST_CHIPS = 12; // of a kind; the others are typed

function choosing({ root, model, last, known, ask, changed }) {
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const only = () => model.get("only") ?? ALL;
  const isWhole = () => known().first === 0 && known().last === last;
  const isOn = () => Object.keys(only()).length > 0;
  let drawn = null;
  let left = { of: null, by: null }; // which steps of a book a filter leaves, and how many

  function leaves() {
    if (left.of === known() && left.by === only()) return left;
    const [of, by] = [known(), only()];
    const named = Object.entries(by).map(([kind, names]) => [kind, new Set(names)]);
    const passing = [];
    for (let step = of.first; step <= of.last; step++) {
      passing.push(!step || named.every(([kind, names]) => names.has(of.raw(kind, step))));
    }
    return (left = { of, by, passing, stops: passing.filter(Boolean).length });
  }

  const passes = (step) => leaves().passing[step - known().first] ?? false;

  // The last stop at or before a step; where the book does not go back that far, Python knows.
  function stopAt(step) {
    const { first, last: end } = known();
    if (!isOn() || step < first || step > end) return step;
    let at = step;
    while (at > first && !passes(at)) at--;
    return passes(at) ? at : step;
  }

  function set(next) {
    model.set("only", next);
    model.save_changes();
    changed();
  }

  function toggle(kind, name) {
    const names = only()[kind] ?? [];
    const now = names.includes(name) ? names.filter((other) => other !== name) : [...names, name];
    const { [kind]: _, ...others } = only();
    set(now.length ? { ...others, [kind]: now } : others);
  }

  // Each name of a kind with the number of its events, the most frequent first: [HTML, text, number].
  function counted(kind) {
    const sent = isWhole() ? known().counts(kind) : (model.get("choices") ?? {})[kind] ?? [];
    return sent.map(([name, count]) => [asHTML(name), asText(name), count]);
  }

  function show() {
    part("filtered").hidden = !isOn();
    if (isOn()) tell();
    if (part("filter").hidden) return;
    const now = JSON.stringify([only(), isWhole() ? 0 : model.get("choices")]);
    if (now === drawn) return;
    drawn = now;
    const focus = root.ownerDocument?.activeElement?.dataset?.choose;
    part("chips").innerHTML = Object.keys(KINDS).map(group).join("");
    if (focus) root.querySelector(`[data-choose="${focus}"]`)?.focus();
  }

  function group(kind) {
    const names = counted(kind), chosen = only()[kind] ?? [];
    if (!names.length) return "";
    const shown = names.filter(([, text], at) => at < MOST_CHIPS || chosen.includes(text));
    const chips = shown.map(([html, text, count]) =>
      `<button type="button" class="tm-chip" data-choose="${kind}:${names.findIndex((name) => name[1] === text)}"` +
      ` aria-pressed="${chosen.includes(text)}">${html} <small>${grouped(count)}</small></button>`);
    const hidden = names.length - shown.length;
    const others = isWhole() ? `${grouped(hidden)} more` : `another ${KINDS[kind]}`;
    const more = hidden ? `<input type="text" data-choose-typed="${kind}" autocomplete="off" ` +
      `aria-label="another ${KINDS[kind]}" placeholder="${others}">` : "";
    return `<div role="group" aria-label="${KINDS[kind]}"><span class="tm-kind-name">${KINDS[kind]}</span>` +
      `${chips.join("")}${more}</div>`;
  }

  function tell() {
    const code = Object.entries(only()).map(([kind, names]) => `${kind}=${JSON.stringify(names)}`).join(", ");
    part("filter-code").textContent = `tm.filter(${code})`;
    part("stops").textContent = `stops at ${stops()} of ${grouped(last)} events`;
  }

  // Of a long log only Python can count them, which takes it a moment.
  function stops() {
    if (isWhole()) return grouped(leaves().stops - 1);
    const told = model.get("stops") ?? {};
    return JSON.stringify(told.only) === JSON.stringify(only()) ? grouped(told.events) : "…";
  }

  function choose(place) {
    const [kind, at] = place.split(":");
    toggle(kind, counted(kind)[Number(at)][1]);
  }

  // What there is to say to a name that was typed; of a long log not all names were sent, and Python knows.
  function typed(kind, name) {
    if (!isWhole()) return ask({ ask: "choose", kind, name }) ?? "";
    const isThere = counted(kind).some(([, text]) => text === name);
    if (isThere) toggle(kind, name);
    return isThere ? "" : `no event has the ${KINDS[kind]} “${name}”`;
  }

  function opened() {
    if (!isWhole() && !model.get("choices")?.types) ask({ ask: "choices" });
    show();
  }

  return { passes, stopAt, show, opened, choose, typed, toggle, isOn, clear: () => set({}) };
}
