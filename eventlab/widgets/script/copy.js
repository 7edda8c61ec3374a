// The code of a step, copied; where that is not allowed, what to do.

function copyCode(root) {
  const code = root.querySelector('[data-part="code"]');
  const told = root.querySelector('[data-part="copied"]');
  const say = (words) => { told.textContent = words; };
  const copied = navigator.clipboard?.writeText(code.textContent) ?? Promise.reject();
  return copied.then(() => say("copied"), () => say("select it and copy it by hand"));
}
