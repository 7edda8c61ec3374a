// The JavaScript of the time machine, with a stub model and a stub of the little DOM it needs.
// Run by test_javascript.py, which hands over a packed book and what Python says of every step.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

const [scriptPath, casePath] = process.argv.slice(2);
const here = new URL(".", `file://${process.argv[1]}`);
const { Element, idle, opened, packed } = await import(new URL("stubs.mjs", here));
const given = JSON.parse(await readFile(casePath, "utf8"));
const source = await readFile(scriptPath, "utf8");
const { default: widget } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

// Time that passes for a player, who waits anew after every step.
function pass(t, milliseconds) {
  for (let now = 0; now < milliseconds; now += 5) t.mock.timers.tick(5);
}

const last = given.frames.length - 1;

async function open(step = 0) {
  const view = await opened(widget, { step, book: Buffer.from(given.book, "base64") });
  return { ...view, last, seen: () => view.seen(Object.keys(given.frames[0])) };
}

test("every step shows what Python says, forwards, backwards and by jumps", async () => {
  const { press, last, seen, model } = await open();
  assert.deepEqual(seen(), given.frames[0]);
  for (let step = 1; step <= last; step++) {
    press("ArrowRight");
    assert.deepEqual(seen(), given.frames[step]);
  }
  for (let step = last - 1; step >= 0; step--) {
    press("ArrowLeft");
    assert.deepEqual(seen(), given.frames[step]);
  }
  for (let jump = 0, step = 0; jump < 200; jump++, step = (step * 7 + 11) % (last + 1)) {
    model.set("step", step);
    model.listeners["change:step"]();
    assert.deepEqual(seen(), given.frames[step]);
  }
});

test("keys move by one, by a tenth and to the ends, and stop there", async () => {
  const { press, model, last } = await open(0);
  const far = Math.round(last / 10);
  const moves = [
    ["ArrowRight", 1], ["ArrowUp", 2], ["ArrowLeft", 1], ["ArrowDown", 0], ["ArrowDown", 0],
    ["PageUp", far], ["PageDown", 0], ["End", last], ["ArrowRight", last], ["Home", 0],
  ];
  for (const [key, step] of moves) {
    assert.ok(press(key).prevented);
    assert.equal(model.get("step"), step, key);
  }
});

test("keys that belong to others are left alone", async () => {
  const { press, model } = await open(3);
  for (const extra of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }, { shiftKey: true }]) {
    assert.ok(!press("ArrowRight", extra).prevented);
  }
  assert.ok(!press("c").prevented);
  assert.ok(!press("ArrowRight", { target: new Element("textarea") }).prevented);
  assert.ok(!press("ArrowRight", { composedPath: () => [new Element()] }).prevented);
  assert.ok(!press(" ", { target: new Element("button") }).prevented);
  assert.equal(model.get("step"), 3);
});

test("a table with more rows than room is reached and scrolled by keyboard", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { root, press, model } = await open(3);
  const panel = root.querySelector(".tm-scroll");
  Object.assign(panel, { scrollHeight: 900, clientHeight: 400, scrollWidth: 300, clientWidth: 300 });
  press("ArrowRight");
  t.mock.timers.tick(1000);
  assert.equal(panel.tabIndex, 0);
  assert.ok(!press("ArrowDown", { target: panel }).prevented);
  assert.equal(model.get("step"), 4);
  assert.ok(press("ArrowRight", { target: panel }).prevented);
  panel.scrollHeight = 400;
  press("ArrowRight");
  t.mock.timers.tick(1000);
  assert.equal(panel.tabIndex, -1);
});

test("a step is saved once, and not at all where nothing moved", async () => {
  const { press, model } = await open(0);
  press("Home");
  press("ArrowRight");
  assert.deepEqual(model.saved, [1]);
});

test("what is shown first is told afterwards, of several moves the last", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { press, model, seen } = await open(0);
  for (let n = 0; n < 5; n++) press("ArrowRight");
  assert.deepEqual(seen(), given.frames[5]);
  assert.deepEqual(model.saved, []);
  t.mock.timers.tick(1);
  assert.deepEqual(model.saved, [5]);
});

test("while keys repeat the kernel is told a few of the steps, and the last one when they rest", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  const { press, model, seen } = await open(0);
  for (let n = 1; n <= 40; n++) {
    press("ArrowRight");
    assert.deepEqual(seen(), given.frames[n]);
    t.mock.timers.tick(10);
  }
  assert.deepEqual(model.saved, [1, 21]);
  for (let n = 0; n < 2; n++) t.mock.timers.tick(200);
  assert.deepEqual(model.saved, [1, 21, 40]);
  press("ArrowRight");
  t.mock.timers.tick(1);
  assert.deepEqual(model.saved, [1, 21, 40, 41]);
});

test("who leaves for another cell finds the kernel told", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  const { root, press, model } = await open(0);
  press("ArrowRight");
  t.mock.timers.tick(1);
  press("ArrowRight");
  root.listeners.focusout();
  assert.deepEqual(model.saved, [1, 2]);
});

test("before a question is asked, and where the view closes, the kernel is told where the slider is", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const heard = [];
  const book = Buffer.from(given.book, "base64");
  const view = await opened(widget, { step: 0, book }, () => heard.push(view.model.state.step));
  view.press("ArrowRight");
  view.click("fork");
  assert.deepEqual([view.model.saved, heard], [[1], [1]]);
  view.press("ArrowRight");
  view.close();
  assert.deepEqual(view.model.saved, [1, 2]);
});

test("only slots that differ are written", async () => {
  const { slot, model } = await open(1);
  const writes = slot("state").writes;
  model.listeners["change:step"]();
  assert.equal(slot("state").writes, writes);
});

test("a step beyond an end shows that end", async () => {
  const { model, seen, last } = await open(0);
  model.set("step", 10 ** 6);
  model.listeners["change:step"]();
  assert.deepEqual(seen(), given.frames[last]);
});

test("the slider says where it stands", async () => {
  const { root, press, slot } = await open(0);
  press("ArrowRight");
  assert.equal(root.querySelector("input[type=range]").value, 1);
  assert.equal(root.querySelector("input[type=range]").attributes["aria-valuetext"], slot("line").html);
});

// The current row is marked, and its stream and type can be chosen.
function current(step) {
  const [stream, type] = ["stream", "type"].map((kind) => `<td data-only="${kind}s" title="stop only at this ${kind}">`);
  const row = given.events[step].replace("<tr", '<tr aria-current="step"');
  return row.replace("<td>card", `${stream}card`).replace("<td>Card", `${type}Card`);
}

test("the events around are those of the book, the current one marked", async () => {
  const { root, press } = await open(0);
  const rows = () => root.querySelector('[data-part="events"]').html;
  const told = (from, to, at) => given.events.slice(from, to).join("").replace(given.events[at], current(at));
  assert.equal(rows(), told(0, 9, 0));
  for (let n = 0; n < 70; n++) press("ArrowRight");
  assert.equal(rows(), told(66, 75, 70));
  press("End");
  assert.equal(rows(), told(last - 8, last + 1, last));
});

test("an event in the list, and whatever names a step, is gone to", async () => {
  const { root, model } = await open(0);
  const row = { closest: (selector) => (selector === "[data-go]" ? { dataset: { go: "17" } } : null) };
  root.listeners.click({ target: row });
  idle();
  assert.equal(model.get("step"), 17);
});

test("a click on the strip goes there, and a line says where the slider stands", async () => {
  const { root, model } = await open(0);
  const lanes = root.querySelector('[data-part="strip"]');
  lanes.listeners.pointerdown({ type: "pointerdown", clientX: 400 });
  idle();
  assert.equal(model.get("step"), last / 2);
  assert.equal(root.querySelector(".tm-now").style["--at"], 0.5);
  lanes.listeners.pointermove({ type: "pointermove", buttons: 0, clientX: 100 });
  assert.equal(model.get("step"), last / 2);
  lanes.listeners.pointermove({ type: "pointermove", buttons: 1, clientX: -900 });
  idle();
  assert.equal(model.get("step"), 0);
});

// A track of time of the log at hand: half of it is taken by the first ten steps.
const column = (start, unit, steps) => ({ start, unit, steps });
const IN_TIME = {
  names: "<span>days</span>", lanes: "<svg></svg>", label: "loaded: <b> 3 events",
  steps: column(0, 1, [0, 10, last - 10]), places: column(0, 1000, [0, 5, 5]),
};

async function openInTime(step) {
  const tracks = packed({ position: { names: "", lanes: "", label: "" }, occurred: IN_TIME });
  const view = await opened(widget, { step, book: Buffer.from(given.book, "base64"), tracks, axis: "occurred" });
  return { ...view, slider: view.root.querySelector("input[type=range]") };
}

test("on an axis of time the thumb, the line, the pins and a click go by where steps stand", async () => {
  const { root, part, model, press, slider } = await openInTime(5);
  assert.equal(slider.max, 10_000);
  assert.equal(slider.value, 2500);
  assert.equal(root.querySelector(".tm-now").style["--at"], 0.25);
  press("a");
  assert.equal(root.querySelector(".tm-pin.a").style["--at"], 0.25);
  part("strip").listeners.pointerdown({ type: "pointerdown", clientX: 100 + 0.75 * 600 });
  idle();
  assert.equal(model.get("step"), 10 + (last - 10) / 2);
  assert.equal(root.querySelector(".tm-now").style["--at"], 0.75);
  slider.value = 1000;
  slider.listeners.input();
  idle();
  assert.equal(model.get("step"), 2);
  assert.equal(part("names").innerHTML, IN_TIME.names);
  assert.equal(part("strip").attributes["aria-label"], IN_TIME.label);
});

test("every step is found again where it stands", async () => {
  const { slider, model } = await openInTime(0);
  for (let step = 0; step <= last; step++) {
    model.set("step", step);
    model.listeners["change:step"]();
    slider.listeners.input();
    idle();
    assert.equal(model.get("step"), step);
  }
});

test("the axis is chosen, told to Python, and followed when Python changes it", async () => {
  const { part, model, slider } = await openInTime(5);
  assert.equal(part("axis").value, "occurred");
  part("axis").value = "position";
  part("axis").listeners.change();
  assert.equal(model.get("axis"), "position");
  assert.deepEqual([slider.max, slider.value], [last, 5]);
  model.set("axis", "occurred");
  model.listeners["change:axis"]();
  assert.deepEqual([slider.max, slider.value], [10_000, 2500]);
});

test("by an axis that has not come yet the strip stays as it was until it comes", async () => {
  const { model, slider, part } = await openInTime(5);
  part("axis").value = "recorded";
  part("axis").listeners.change();
  assert.equal(slider.value, 2500);
  const later = { ...IN_TIME, places: column(0, 1000, [0, 2, 8]) };
  model.set("tracks", packed({ occurred: IN_TIME, recorded: later }));
  await model.listeners["change:tracks"]();
  assert.equal(slider.value, 1000);
});

test("a number that is entered is gone to, and nonsense is put back", async () => {
  const { part, model, enter } = await open(3);
  const entry = part("entry");
  for (const [typed, step] of [["1,0 2", 102], ["soon", 102], ["", 102], ["1e9", last], ["-4", 0]]) {
    enter(typed);
    assert.equal(model.get("step"), step, typed);
    assert.equal(entry.value, step);
  }
});

test("a position or a time that is entered is gone to: the last step at or before it", async () => {
  const { model, enter } = await open(3);
  for (const [typed, step] of [
    ["#17", 17], ["position 1,20", 120], ["#0", 0],
    ["2013-01-02", 11], ["2013-01-02 00:59", 11], ["2013-01-02 01:00", 12], ["2013-01-02T03:00:00Z", 14],
    ["05:30", 16], // of the day where the slider stands
    ["23:00", 20], ["0:00", 11], ["2012-12-31 23:59:59.999999", 0], ["05:30", 6], ["2020-06-01", 100], ["9999-12-31", last],
  ]) {
    enter(typed);
    assert.equal(model.get("step"), step, typed);
  }
});

test("what is no place is put back, and it says what it takes", async () => {
  const { model, enter, part, press } = await open(3);
  for (const typed of ["soon", "25:00", "2013-02-30", "2013-13-01", "0000-01-01", "12:61", "#x", "<b>"]) {
    enter(typed);
    assert.equal(model.get("step"), 3, typed);
    assert.ok(part("told").textContent.startsWith(`“${typed}” is no place here: type a step`), typed);
  }
  press("ArrowRight");
  assert.equal(part("told").textContent, "");
});

test("keys and buttons go to the next event of this type and of this key, as Python does", async () => {
  const keys = { "1 type": "t", "-1 type": "r", "1 key": "k", "-1 key": "j" };
  const acts = { "1 type": "typeForward", "-1 type": "typeBack", "1 key": "keyForward", "-1 key": "keyBack" };
  for (const [from, by, of, to] of given.seeks) {
    for (const way of ["press", "click"]) {
      const view = await open(from);
      view[way](way === "press" ? keys[`${by} ${of}`] : acts[`${by} ${of}`]);
      assert.equal(view.model.get("step"), to ?? from, `${from} ${by} ${of}`);
      const words = to === null ? `no ${by > 0 ? "later" : "earlier"} event of this ${of}` : "";
      assert.equal(view.part("told").textContent, words);
    }
  }
  assert.ok(given.seeks.some(([, , , to]) => to === null));
});

test("a question mark shows the keys and hides them again; g goes to the entry", async () => {
  const { press, part, root } = await open(3);
  part("help").hidden = true;
  assert.ok(press("?", { shiftKey: true }).prevented);
  assert.equal(part("help").hidden, false);
  assert.equal(root.querySelector("help").attributes["aria-expanded"], "true");
  press("?");
  assert.equal(part("help").hidden, true);
  press("g");
  assert.ok(part("entry").focused);
});

test("twice the speed takes half the time", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const walked = async (speed) => {
    const { press, root, model, close } = await open(0);
    root.querySelector('[data-part="speed"]').value = speed;
    press(" ");
    pass(t, 8_000);
    close();
    return model.get("step");
  };
  assert.equal(await walked("1"), 20);
  assert.equal(await walked("2"), 40);
  assert.equal(await walked("0.5"), 10);
});

test("in time the pauses are as long as those between events, and none over a second", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { press, part } = await open(91);
  part("pace").value = "time";
  press(" ");
  const pauses = [];
  for (let step = 91, waited = 1; step < 112; waited++) {
    t.mock.timers.tick(1);
    if (part("entry").value === step) continue;
    assert.equal(part("entry").value, step + 1);
    pauses.push(waited);
    [step, waited] = [step + 1, 0];
  }
  const hour = pauses[0], night = pauses[19]; // from step 110, at nine, to 111, at midnight
  assert.ok(pauses.slice(0, 9).every((pause) => Math.abs(pause - hour) <= 1), pauses);
  assert.equal(pauses[9], 1000); // ten years
  assert.ok(Math.abs(night - Math.min(15 * hour, 1000)) <= 15, pauses);
});

test("in time it takes as long as by events, and what happened at once is shown at once", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { press, part, model, root } = await open(0);
  part("pace").value = "time";
  press(" ");
  pass(t, 50_000);
  assert.ok(root.playing);
  pass(t, 15_000);
  assert.ok(!root.playing);
  assert.equal(model.get("step"), last);
});

test("the code is copied, and where that is not allowed it says what to do", async () => {
  const { root } = await open(3);
  root.querySelector('[data-part="code"]').textContent = "cards(log)";
  const click = { target: { closest: (of) => (of === "[data-act]" ? { dataset: { act: "copy" } } : null) } };
  const copied = [];
  const told = async (clipboard) => {
    Object.defineProperty(globalThis, "navigator", { value: { clipboard }, configurable: true });
    root.listeners.click(click);
    await new Promise((done) => setImmediate(done));
    return root.querySelector('[data-part="copied"]').html;
  };
  assert.equal(await told({ writeText: async (text) => { copied.push(text); } }), "copied");
  assert.deepEqual(copied, ["cards(log)"]);
  assert.match(await told({ writeText: async () => { throw Error(); } }), /by hand/);
  assert.match(await told(undefined), /by hand/);
});

const difference = (root) => root.querySelector('[data-part="difference"]').html;
const pinnedPart = (root) => root.querySelector('[data-part="pins"]');

async function openWith(only, step = 0) {
  const state = { step, book: Buffer.from(given.book, "base64"), only };
  return opened(widget, state);
}

test("with a filter the slider stops where Python says, forwards, backwards, and nowhere else", async () => {
  for (const [only, left] of given.filters) {
    const { press, model, root } = await openWith(only);
    const stops = [0, ...left];
    for (const step of left) {
      press("ArrowRight");
      assert.equal(model.get("step"), step);
    }
    press("ArrowRight");
    for (const step of stops.toReversed().slice(1)) {
      press("ArrowLeft");
      assert.equal(model.get("step"), step);
    }
    press("End");
    assert.equal(model.get("step"), stops.at(-1));
    const slider = root.querySelector("input[type=range]");
    for (let step = 0; step <= last; step++) {
      slider.value = step;
      slider.listeners.input();
      idle();
      assert.equal(model.get("step"), stops.findLast((stop) => stop <= step));
    }
  }
  assert.ok(given.filters.some(([, left]) => left.length === 0));
});

test("it opens at a stop, and a far move goes on where a tenth of the way has none", async () => {
  const [only, left] = given.filters[0];
  const { press, model } = await openWith(only, 50);
  assert.equal(model.get("step"), left.findLast((stop) => stop <= 50));
  press("Home");
  press("PageUp");
  assert.equal(model.get("step"), left[0]);
});

test("the list shows the stops around, and clear brings back all", async () => {
  const [only, left] = given.filters[1];
  const { press, root, part, model, click } = await openWith(only);
  press("ArrowRight");
  const rows = left.slice(0, 8).map((step) => (step === left[0] ? current(step) : given.events[step]));
  assert.equal(part("events").innerHTML, given.events[0] + rows.join(""));
  assert.equal(part("stops").textContent, `stops at ${left.length} of ${last} events`);
  assert.equal(part("filter-code").textContent,
    'tm.filter(types=["CardLoaded","CardRedeemed"], streams=["card-0","card-4"])');
  click("unfilter");
  assert.deepEqual(model.get("only"), {});
  assert.equal(part("filtered").hidden, true);
  press("ArrowRight");
  assert.equal(model.get("step"), left[0] + 1);
  assert.ok(root.querySelector("forward").disabled === false);
});

const choosing = (root, name, value) => root.listeners.click({
  target: { closest: (selector) => (selector === `[data-${name}]` ? { dataset: { [name]: value } } : null) },
});

test("chips count the events of a name, and a click chooses it and takes it back", async () => {
  const { root, part, press, model } = await openWith({});
  part("filter").hidden = true;
  press("f");
  assert.equal(part("filter").hidden, false);
  const chips = () => [...part("chips").innerHTML.matchAll(
    /data-choose="(\w+:\d+)" aria-pressed="(\w+)">(\S+) <small>(\d+)</g)].map((found) => found.slice(1));
  const loads = given.events.filter((row) => row.includes("CardLoaded")).length;
  assert.deepEqual(chips()[0], ["types:0", "false", "CardLoaded", String(loads)]);
  assert.equal(chips().filter(([place]) => place.startsWith("streams")).length, 12);
  assert.deepEqual(chips().at(-1), ["actors:0", "false", "ana", "30"]);

  choosing(root, "choose", "types:2");
  assert.deepEqual(model.get("only"), { types: ["CardClosed"] });
  assert.deepEqual(chips()[2].slice(1, 3), ["true", "CardClosed"]);
  choosing(root, "choose", "actors:0");
  assert.deepEqual(model.get("only"), { types: ["CardClosed"], actors: ["ana"] });
  choosing(root, "choose", "types:2");
  choosing(root, "choose", "actors:0");
  assert.deepEqual(model.get("only"), {});
});

test("a name without a chip is typed, and one that is none is said to be none", async () => {
  const { root, part, press, model } = await openWith({});
  press("f");
  const typed = (value) => root.listeners.change({ target: { dataset: { chooseTyped: "streams" }, value } });
  const rare = given.events.map((row) => /card-\d+/.exec(row)?.[0]).at(-1);
  typed("card-99");
  assert.equal(part("told").textContent, "no event has the stream “card-99”");
  assert.deepEqual(model.get("only"), {});
  typed(rare);
  assert.deepEqual(model.get("only"), { streams: [rare] });
  assert.equal(part("told").textContent, "");
});

test("in the current row the type and the stream are chosen by a click", async () => {
  const { root, model } = await openWith({}, 7);
  const kind = /<td>(Card\w+)<.td>/.exec(given.events[7])[1];
  choosing(root, "only", "types");
  assert.deepEqual(model.get("only"), { types: [kind] });
  choosing(root, "only", "types");
  assert.deepEqual(model.get("only"), {});
});

test("a filter that Python sets is followed, and the next of a kind is one of its stops", async () => {
  const { model, press, part } = await openWith({}, 50);
  const [only, left] = given.filters[0];
  model.set("only", only);
  model.listeners["change:only"]();
  assert.equal(part("filtered").hidden, false);
  model.set("step", left[0]);
  model.listeners["change:step"]();
  press("t");
  assert.equal(model.get("step"), left[1]);
});

test("find and fork ask the kernel, and what it sends is shown", async () => {
  const asked = [];
  const state = { step: 3, book: Buffer.from(given.book, "base64"), fields: ["balance", "holder"] };
  const { press, part, click, model, root } = await opened(widget, state, (question) => asked.push(question));
  assert.equal(root.querySelector("find").hidden, false);
  part("find").hidden = true;
  assert.ok(press("/", { shiftKey: true }).prevented); // on some keyboards
  assert.equal(part("find").hidden, false);
  assert.ok(part("condition").focused);
  assert.equal(part("condition").placeholder, "balance < 0");

  part("condition").value = "balance < 0";
  const field = new Element("input[type=text]");
  field.dataset.part = "condition";
  press("x", { target: field });
  press("Enter", { target: field });
  assert.equal(part("told").textContent, "looking …");
  part("condition").value = " ";
  click("search");
  for (const act of ["fork", "without", "compare"]) click(act);
  assert.deepEqual(asked, [
    { ask: "find", typed: "balance < 0" },
    { ask: "fork", from: 3 }, { ask: "fork", from: 3, without: true }, { ask: "compare" },
  ]);

  assert.equal(part("futures").hidden, true);
  model.set("two_futures", "<p>two futures</p>");
  model.listeners["change:two_futures"]();
  assert.equal(part("futures").innerHTML, "<p>two futures</p>");
  assert.equal(part("futures").hidden, false);
  click("unfork");
  assert.equal(model.get("two_futures"), "");
  assert.equal(part("futures").hidden, true);
});

test("a search that takes long is asked to go on until it is over, or until it is stopped", async () => {
  const asked = [];
  const { part, click, model, root } = await opened(widget, { step: 3, book: Buffer.from(given.book, "base64") },
    (question) => asked.push(question));
  const hears = (looked, told) => {
    model.set("looked", looked);
    model.listeners["change:looked"]();
    model.set("told", told);
    model.listeners["change:told"]();
  };
  const goOn = { ask: "find" };
  part("condition").value = "balance < 0";
  click("search");
  assert.equal(root.querySelector("search").textContent, "stop");
  hears(250, "looking … 250 of 1,000 events");
  hears(0, "");
  assert.equal(part("told").textContent, "looking … 250 of 1,000 events");
  hears(500, "looking … 500 of 1,000 events");
  assert.deepEqual(asked.slice(1), [goOn, goOn]);
  assert.equal(part("told").textContent, "looking … 500 of 1,000 events");
  hears(0, "balance < 0 first holds here; 600 states were looked at");
  assert.equal(root.querySelector("search").textContent, "go");

  click("search");
  click("search");
  assert.equal(part("told").textContent, "stopped looking");
  hears(250, "looking … 250 of 1,000 events");
  assert.equal(part("told").textContent, "stopped looking");
  assert.deepEqual(asked.slice(3), [{ ask: "find", typed: "balance < 0" }]);
  hears(0, "no later event of this type");
  assert.equal(part("told").textContent, "no later event of this type");
});

test("without a kernel there is no way to find and fork, and the key says why", async () => {
  const { press, part, root } = await open(3);
  assert.deepEqual([root.querySelector("find").hidden, root.querySelector("fork").hidden], [true, true]);
  part("find").hidden = true;
  press("/");
  assert.equal(part("find").hidden, true);
  assert.match(part("told").textContent, /takes a kernel/);
});

test("two pins show what the kernel's diff says, whichever is set first", async () => {
  for (const [early, late, rows] of given.diffs) {
    for (const pair of [[early, late], [late, early]]) {
      const { root, model } = await open(0);
      model.set("pins", pair);
      model.listeners["change:pins"]();
      assert.equal(difference(root), rows, pair);
      assert.ok(!pinnedPart(root).hidden);
    }
  }
  assert.ok(given.diffs.some(([, , rows]) => rows.includes("−")));
});

test("keys pin this moment, and with one pin the other is where the slider stands", async () => {
  const { root, model, press } = await open(0);
  assert.ok(pinnedPart(root).hidden);
  press("a");
  assert.deepEqual(model.get("pins"), [0, null]);
  for (let n = 0; n < 3; n++) press("ArrowRight");
  assert.equal(difference(root), given.diffs[0][2]); // of 0 and 3
  press("b");
  press("End");
  assert.deepEqual(model.get("pins"), [0, 3]);
  assert.equal(difference(root), given.diffs[0][2]);
  assert.match(root.querySelector('[data-part="pinned"]').html, /^step 0 → step 3 · \d+ differences$/);
  const unpin = { closest: (of) => (of === "[data-act]" ? { dataset: { act: "unpin" } } : null) };
  root.listeners.click({ target: unpin });
  assert.deepEqual(model.get("pins"), [null, null]);
  assert.ok(pinnedPart(root).hidden);
});

test("a pin does not end a play", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { press, root } = await open(0);
  press(" ");
  press("a");
  assert.ok(root.playing);
});

test("play goes on by itself, from the beginning if at the end, and ends at the end", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { press, model, part, root, slot } = await open(last);
  press(" ");
  assert.equal(part("entry").value, 0);
  assert.ok(root.playing);
  assert.equal(slot("line").attributes["aria-live"], "off");
  pass(t, 60_000 * 2);
  assert.equal(model.get("step"), last);
  assert.ok(!root.playing);
  assert.equal(slot("line").attributes["aria-live"], "polite");
});

test("any move stops the play", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { press, model, root } = await open(0);
  press(" ");
  press("ArrowRight");
  pass(t, 10_000);
  assert.equal(model.get("step"), 1);
  assert.ok(!root.playing);
});

test("a closed view listens no more", async () => {
  const { close, model } = await open(0);
  close();
  assert.deepEqual(model.listeners, {});
  assert.deepEqual(window.listeners, {});
});
