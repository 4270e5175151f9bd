// Starts data-module="copy" with modules/copy.js. Every page works without any of them.

const started = new WeakMap();

async function start(element) {
  const names = element.dataset.module.split(/\s+/).filter(Boolean);
  const done = started.get(element) ?? new Set();
  started.set(element, done);
  for (const name of names) {
    if (done.has(name)) continue;
    done.add(name);
    const module = await import(`./modules/${name}.js`);
    module.start(element);
  }
}

export function startAll(root = document) {
  if (root instanceof Element && root.matches("[data-module]")) start(root);
  root.querySelectorAll("[data-module]").forEach(start);
}

startAll();
// What htmx or refresh.js put into the page starts as well.
document.addEventListener("htmx:after:swap", () => startAll());
document.addEventListener("region:refreshed", () => startAll());
