// A state with more rows than room: scrolled to what changed, and reached without a mouse.

const A_REST = 150; // milliseconds without a step
const SCROLLING = new Set(["ArrowUp", "ArrowDown", "PageUp", "PageDown"]); // where there is more to see

function scrolling(root) {
  let resting = null;

  // The page around the panel stays put.
  function reveal() {
    const panel = root.querySelector(".tm-fields")?.parentElement;
    if (!panel || panel.scrollHeight <= panel.clientHeight) return;
    const row = panel.querySelector("tbody tr[class]");
    if (row) panel.scrollTop = row.offsetTop - panel.clientHeight / 2;
  }

  // What scrolls must be reached by keyboard, and what does not is no stop on its way. To know it the
  // browser lays out all of it: that would cost five milliseconds at every step.
  function letScroll() {
    for (const panel of root.querySelectorAll(".tm-scroll")) {
      const scrolls = panel.scrollHeight > panel.clientHeight || panel.scrollWidth > panel.clientWidth;
      panel.tabIndex = scrolls ? 0 : -1;
    }
  }

  function show() {
    reveal();
    clearTimeout(resting);
    resting = setTimeout(letScroll, A_REST);
  }

  const takes = (element, key) => element.matches(".tm-scroll") && SCROLLING.has(key);
  return { show, takes, close: () => clearTimeout(resting) };
}
