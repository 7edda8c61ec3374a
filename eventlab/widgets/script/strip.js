// The slider and the strip of events below it, on one axis: a click goes there, and a line says where the
// slider stands.

async function strip(root, model, last, go) {
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const slider = root.querySelector("input[type=range]");
  const lanes = part("strip");
  const choice = part("axis");
  const line = root.querySelector(".tm-now"); // on itself: set on the root, all below it would be styled anew
  let tracks = await unpacked(model.get("tracks"));
  let drawn = null, along = null, dimmed = {};
  const axis = () => model.get("axis") ?? "position";

  // By an axis that Python has not sent yet, it stays as it was.
  function draw() {
    choice.value = axis();
    const track = tracks[axis()] ?? drawn ?? tracks.position;
    if (track === drawn) return;
    part("names").innerHTML = track.names;
    part("lanes").innerHTML = track.lanes;
    lanes.setAttribute("aria-label", track.label);
    along = axisOf(track, last);
    slider.max = along.max;
    drawn = track;
  }

  // A type at which the slider does not stop steps back.
  function dim() {
    const { types } = model.get("only") ?? {};
    if (dimmed.types === types && dimmed.drawn === drawn) return;
    const found = [...root.querySelectorAll("[data-lane]")], named = found.map((lane) => lane.dataset.lane);
    const isLeft = (name) => (name ? types.includes(name) : types.some((type) => !named.includes(type)));
    for (const lane of found) lane.classList.toggle("dim", Boolean(types) && !isLeft(lane.dataset.lane));
    dimmed = { types, drawn };
  }

  async function turn() {
    tracks = await unpacked(model.get("tracks"));
    drawn = null;
    draw();
  }

  function show(step) {
    draw();
    dim();
    slider.value = along.value(step);
    line.style.setProperty("--at", along.place(step));
  }

  function goTo(event) {
    if (event.type === "pointermove" && !event.buttons) return;
    const { left, width } = lanes.getBoundingClientRect();
    go(along.step((event.clientX - left) / (width || 1)));
  }
  lanes.addEventListener("pointerdown", goTo);
  lanes.addEventListener("pointermove", goTo);
  slider.addEventListener("input", () => go(along.step(Number(slider.value) / along.max)));
  return { show, turn, axis, choice, place: (step) => along.place(step) };
}
