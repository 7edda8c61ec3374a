// The strip of events below the slider: a click goes there, and a line says where the slider stands.

function strip(root, last, go) {
  const lanes = root.querySelector('[data-part="strip"]');
  const goTo = (event) => {
    if (event.type === "pointermove" && !event.buttons) return;
    const { left, width } = lanes.getBoundingClientRect();
    go(Math.round(((event.clientX - left) / (width || 1)) * last));
  };
  lanes.addEventListener("pointerdown", goTo);
  lanes.addEventListener("pointermove", goTo);
  return (step) => root.style.setProperty("--at", last ? step / last : 0);
}
