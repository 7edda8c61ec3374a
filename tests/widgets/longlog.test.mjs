// A book that is a part of a long log: what the JavaScript shows, and when it asks for another part.
// Run by test_longlog.py, which hands over packed books and what Python says of the steps in them.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

const [scriptPath, casePath] = process.argv.slice(2);
const here = new URL(".", `file://${process.argv[1]}`);
const { idle, opened } = await import(new URL("stubs.mjs", here));
const { books, frames, last, parts } = JSON.parse(await readFile(casePath, "utf8"));
const source = await readFile(scriptPath, "utf8");
const { default: widget } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

const packed = (n) => Buffer.from(books[n], "base64");
const slots = Object.keys(frames[0]);
const open = (step, book) => opened(widget, { step, book: packed(book) });

// Python answers: a book, then the event that says so; unpacking it takes a few turns of the loop.
async function answer(model, n) {
  model.set("book", packed(n));
  await model.listeners["change:book"]();
  idle();
}

test("steps at hand are shown at once, under their own numbers", async () => {
  const { press, seen } = await open(64, 1);
  assert.deepEqual(seen(slots), frames[64]);
  press("ArrowRight");
  assert.deepEqual(seen(slots), frames[65]);
});

test("a step elsewhere says that it waits, asks once, and is shown when the book comes", async () => {
  const { press, model, seen, slot, root } = await open(64, 1);
  press("Home");
  assert.equal(slot("line").html, `0 / ${last} · …`);
  assert.ok(root.waiting);
  assert.deepEqual(model.saved, [0]);
  await answer(model, 0);
  assert.deepEqual(seen(slots), frames[0]);
  assert.ok(!root.waiting);
  assert.deepEqual(model.saved, [0]);
});

test("while one question is on its way only the latest step is asked for", async () => {
  const { press, model, seen } = await open(64, 1);
  press("Home");
  press("End");
  press("Home");
  press("End");
  assert.deepEqual(model.saved, [0]);
  await answer(model, 0); // it has not the step where the slider is by now
  assert.deepEqual(model.saved, [0, last]);
  await answer(model, 2);
  assert.deepEqual(seen(slots), frames[last]);
});

test("a question without an answer is asked again after a while", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const { press, model } = await open(64, 1);
  press("Home");
  t.mock.timers.tick(10_000);
  press("End");
  assert.deepEqual(model.saved, [0, last]);
});

test("a book that another has overtaken is not shown", async () => {
  const { press, model, seen } = await open(64, 1);
  press("End");
  model.set("book", packed(0));
  const early = model.listeners["change:book"]();
  await answer(model, 2);
  await early;
  assert.deepEqual(seen(slots), frames[last]);
});

test("of a long log the kernel compares two pins, and a page without a kernel says so", async () => {
  const words = (root) => root.querySelector('[data-part="pinned"]').html;
  const { root, model, press } = await open(64, 1);
  model.send = () => {};
  model.set("difference", "");
  press("a");
  assert.match(words(root), /pin the other/);
  press("b");
  model.set("difference", "<tr>rows of the kernel</tr>");
  model.listeners["change:difference"]();
  assert.equal(root.querySelector('[data-part="difference"]').html, "<tr>rows of the kernel</tr>");
  assert.equal(words(root), "step 64 → step 64");

  const page = await opened(widget, { step: 64, book: packed(1), pins: [60, 64], difference: "<tr>as saved</tr>" });
  const rows = () => page.root.querySelector('[data-part="difference"]').html;
  assert.deepEqual([rows(), words(page.root)], ["<tr>as saved</tr>", "step 60 → step 64"]);
  page.press("ArrowLeft");
  page.press("b");
  assert.equal(rows(), "");
  assert.match(words(page.root), /takes a kernel/);
  page.press("ArrowRight");
  page.press("b");
  assert.equal(rows(), "<tr>as saved</tr>");
});

test("what the window does not hold is asked of the kernel, and without one it says so", async () => {
  const { enter, model, part } = await open(64, 1);
  const asked = [];
  model.send = (question) => asked.push(question);
  enter("#3");
  enter("2026-01-01");
  assert.deepEqual(asked, [{ ask: "go", position: 3 }, { ask: "go", time: Date.UTC(2026, 0, 1) * 1000 }]);
  model.set("told", "no later event of this type");
  model.listeners["change:told"]();
  assert.equal(part("told").textContent, "no later event of this type");
  assert.equal(model.get("step"), 64);

  delete model.send;
  enter("#3");
  assert.match(part("told").textContent, /only a kernel/);
});

test("a name that is typed may be one that was not sent, so the kernel chooses it", async () => {
  const { root, model } = await open(64, 1);
  const asked = [];
  model.send = (question) => asked.push(question);
  root.listeners.change({ target: { dataset: { chooseTyped: "streams" }, value: "card-9" } });
  assert.deepEqual(asked, [{ ask: "choose", kind: "streams", name: "card-9" }]);
});

test("the next of a kind is gone to where the window has it, and asked for where it has not", async () => {
  const { press, model } = await open(64, 1);
  const asked = [];
  model.send = (question) => asked.push(question);
  const walked = [64];
  for (let n = 0; n < 20 && !asked.length; n++) {
    press("t");
    if (!asked.length) walked.push(model.get("step"));
  }
  assert.ok(walked.length > 1);
  assert.deepEqual(asked, [{ ask: "seek", from: walked.at(-1), by: 1, of: "type" }]);
});

// A kernel that answers the last question with the steps around it; what it asks next stands in model.saved.
async function answered(model) {
  const step = model.saved.at(-1);
  const [, , , book] = parts.find(([from, to]) => from <= step && step <= to);
  model.set("book", Buffer.from(book, "base64"));
  await model.listeners["change:book"]();
  idle();
}

test("a counter says what a jump replayed, and that a step at hand took nothing", async () => {
  const { press, model, part } = await open(64, 1);
  const [, , events] = parts.find(([from, to]) => from <= 0 && 0 <= to);
  press("Home");
  await answered(model);
  assert.equal(part("replayed").textContent, `${events} events replayed`);
  press("ArrowRight");
  assert.equal(part("replayed").textContent, "0 events replayed");
});

test("of 300 quick moves the last one wins, and one question at a time is on its way", async () => {
  const { press, enter, model, seen, root } = await open(64, 1);
  const keys = ["ArrowRight", "ArrowLeft", "PageUp", "PageDown", "Home", "End"];
  let seed = 7, asked = 0;
  const chance = (of) => (seed = (seed * 48271) % 2147483647) % of;
  for (let n = 0; n < 300; n++) {
    const said = model.saved.length, waited = root.waiting && asked;
    if (chance(2)) press(keys[chance(keys.length)]);
    else enter(String(chance(last + 1)));
    if (root.waiting && waited) assert.equal(model.saved.length, said, "asked before there was an answer");
    asked = root.waiting ? asked || model.saved.length - said : 0;
    if (asked && chance(5) === 0) {
      await answered(model);
      asked = root.waiting ? 1 : 0; // answered too late, it has asked again
    }
  }
  while (root.waiting) await answered(model);
  assert.deepEqual(seen(slots), frames[model.get("step")]);
});
