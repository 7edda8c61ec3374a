// A stub of the little DOM that the time machine needs, and of the model that a notebook hands it.

import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";

// Tracks as Python packs them; by position a browser needs no more to know where a step stands.
export const packed = (told) => deflateSync(JSON.stringify(told));
const PLAIN = { position: { names: "", lanes: "", label: "" } };

// What waits until the browser has shown what there is to show, or the model has had its pause: here, until a
// key or a click is done, as if a person were slow.
const PAUSE = 200;
const due = [];
const { setTimeout: inTime } = globalThis;
globalThis.setTimeout = (act, wait = 0) => (wait <= PAUSE ? due.push(act) : inTime(act, wait));
export function idle() {
  while (due.length) due.shift()();
}

export class Element {
  constructor(kind = "div") {
    Object.assign(this, { kind, dataset: {}, attributes: {}, listeners: {}, parts: {}, writes: 0 });
    this.classList = { toggle: (name, on) => (this[name] = on) };
    this.style = { setProperty: (name, value) => (this.style[name] = value) };
  }
  set innerHTML(html) { this.html = html; this.writes += 1; }
  get innerHTML() { return this.html; }
  set textContent(text) { this.html = text; }
  get textContent() { return this.html; }
  setAttribute(name, value) { this.attributes[name] = value; }
  getAttribute(name) { return this.attributes[name]; }
  addEventListener(name, listener) { this.listeners[name] = listener; }
  removeEventListener(name) { delete this.listeners[name]; }
  replaceChildren(child) { this.child = child; }
  getBoundingClientRect() { return { left: 100, width: 600 }; }
  closest(selector) { return selector.split(", ").includes(this.kind) ? this : null; }
  querySelector(selector) { return (this.parts[selector] ??= new Element(selector)); }
  focus() { this.focused = true; }
  select() {}
  matches(selector) { return selector === this.kind; }
  querySelectorAll(selector) {
    if (selector !== "[data-act]") return this.parts[selector] ? [this.parts[selector]] : [];
    return ["first", "back", "play", "forward", "last", "filter", "find", "search", "fork", "help"].map((act) => {
      const button = this.querySelector(act);
      button.dataset.act = act;
      return button;
    });
  }
}

export class Model {
  constructor(state) {
    this.state = state;
    this.saved = [];
    this.listeners = {};
  }
  get(name) { return this.state[name]; }
  set(name, value) { this.state[name] = value; }
  save_changes() { this.saved.push(this.state.step); }
  on(name, listener) { this.listeners[name] = listener; }
  off(name, listener) { assert.equal(this.listeners[name], listener); delete this.listeners[name]; }
}

// Open the widget; what is returned presses its keys and reads its slots.
export async function opened(widget, state, send) {
  globalThis.window = new Element("window");
  globalThis.document = { createElement: () => new Element() };
  const el = new Element();
  const model = new Model({ tracks: packed(PLAIN), ...state });
  if (send) model.send = send; // a kernel listens
  const close = await widget.render({ model, el });
  idle();
  const root = el.child;
  root.querySelector(".tm-fields").parentElement = null;
  const slot = (name) => root.querySelector(`[data-slot="${name}"]`);
  const press = (key, extra = {}) => {
    const event = {
      key,
      prevented: false,
      composedPath: () => [extra.target ?? root.querySelector("input[type=range]"), root],
      preventDefault() { this.prevented = true; },
      stopPropagation() {},
      ...extra,
    };
    window.listeners.keydown(event);
    idle();
    return event;
  };
  const click = (act) => {
    root.listeners.click({
      target: { closest: (selector) => (selector === "[data-act]" ? { dataset: { act } } : null) },
    });
    idle();
  };
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const enter = (typed) => {
    part("entry").value = typed;
    part("entry").listeners.change();
    idle();
  };
  const seen = (names) => Object.fromEntries(names.map((name) => [name, slot(name).html]));
  return { model, root, slot, part, press, click, enter, close, seen };
}
