// The keys that work on every page: / ⌘K search, ? shows the keys, [ folds the menu, Esc leaves.

export function start(body) {
  const root = document.documentElement;
  const dialog = document.getElementById("keys");

  body.addEventListener("click", (event) => {
    if (event.target.closest("[data-opens-keys]")) dialog?.showModal();
    if (event.target.closest("[data-closes-dialog]")) event.target.closest("dialog").close();
    if (event.target.closest("[data-folds-menu]")) fold(root);
    if (event.target.closest("[data-finds]")) find(event);
  });

  document.addEventListener("keydown", (event) => {
    // By its place as well: a Korean keyboard gives another letter there.
    const isK = event.key === "k" || event.code === "KeyK";
    if ((event.metaKey || event.ctrlKey) && !event.shiftKey && isK) {
      event.preventDefault();
      focus(document.getElementById("search"));
      return;
    }
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const typing = event.target.closest("input:not([type=checkbox]), select, textarea");
    if (event.key === "Escape" && typing) typing.blur();
    if (typing || document.querySelector("dialog[open]")) return;
    if (event.key === "/") focus(document.getElementById("q") ?? document.getElementById("search"));
    else if (event.key === "?") dialog?.showModal();
    else if (event.key === "[") fold(root);
    else return;
    event.preventDefault();
  });
}

function focus(input) {
  if (!input) return;
  const bar = input.closest(".topbar");
  bar?.classList.add("topbar--finding");
  input.focus({ preventScroll: Boolean(bar) }); // the bar is in sight already
  input.select();
}

function find(event) {
  event.preventDefault();
  const input = document.getElementById("search");
  focus(input);
  input.addEventListener(
    "blur",
    () => setTimeout(() => input.closest(".topbar").classList.remove("topbar--finding"), 150),
    { once: true },
  );
}

function fold(root) {
  const folded = root.dataset.nav === "collapsed";
  if (folded) delete root.dataset.nav;
  else root.dataset.nav = "collapsed";
  document
    .querySelector("[data-folds-menu]")
    ?.setAttribute("aria-expanded", folded ? "true" : "false");
  try {
    localStorage.setItem("nav", folded ? "open" : "collapsed");
  } catch {
    // Storage is refused: the choice lasts for this page.
  }
}
