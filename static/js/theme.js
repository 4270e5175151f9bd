// Runs before the first paint: the colours, and whether the menu is folded. Nothing else belongs here.
(() => {
  const root = document.documentElement;
  root.dataset.js = "";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    if ((root.dataset.theme || "system") !== "system") return;
    root.dataset.bsTheme = dark.matches ? "dark" : "light";
    root.dispatchEvent(new CustomEvent("themechange"));
  };
  apply();
  dark.addEventListener("change", apply);
  try {
    if (localStorage.getItem("nav") === "collapsed") root.dataset.nav = "collapsed";
  } catch {
    // Storage is refused: the menu stays open.
  }
})();
