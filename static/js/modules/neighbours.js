// On a payment that was opened from a list, j opens the next one there and k the one before.

const RELATIONS = { j: "next", k: "prev" };

export function start(way) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.target.closest("input, select, textarea, dialog[open]")) return;
    const link = way.querySelector(`a[rel="${RELATIONS[event.key]}"]`);
    if (!link) return;
    event.preventDefault();
    link.click();
  });
}
