// j and k move a cursor over the rows, o opens; back from a detail returns to the same row.

const LINK = ".row-link";

export function start(table) {
  const key = `row:${location.pathname}`;
  const rows = () => [...table.querySelectorAll("tr")].filter((row) => row.querySelector(LINK));

  const move = (row, scroll = true) => {
    table.querySelector("tr[data-cursor]")?.removeAttribute("data-cursor");
    if (!row) return;
    row.dataset.cursor = "";
    if (scroll) row.scrollIntoView({ block: "nearest" });
  };

  table.addEventListener("click", (event) => {
    const link = event.target.closest(LINK);
    if (link) remember(key, link.getAttribute("href"));
  });

  const handler = (event) => {
    if (!table.isConnected) {
      document.removeEventListener("keydown", handler);
      return;
    }
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.target.closest("input, select, textarea, dialog[open]")) return;
    const all = rows();
    const at = all.findIndex((row) => row.hasAttribute("data-cursor"));
    if (event.key === "j") move(all[Math.min(at + 1, all.length - 1)]);
    else if (event.key === "k") move(all[Math.max(at - 1, 0)]);
    else if (event.key === "o" || (event.key === "Enter" && event.target === document.body)) {
      if (at >= 0) all[at].querySelector(LINK).click();
    } else return;
    event.preventDefault();
  };
  document.addEventListener("keydown", handler);

  const last = recall(key);
  const row = last && rows().find((one) => one.querySelector(LINK).getAttribute("href") === last);
  if (row) move(row, cameBack());
}

function cameBack() {
  return performance.getEntriesByType("navigation")[0]?.type === "back_forward";
}

function remember(key, value) {
  try {
    sessionStorage.setItem(key, value);
  } catch {
    // Storage is refused: the row is not remembered.
  }
}

function recall(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}
