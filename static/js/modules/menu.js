// A <details> that floats: a click elsewhere and Esc close it.

export function start(details) {
  const outside = (event) => {
    if (!details.isConnected) document.removeEventListener("click", outside);
    else if (details.open && !details.contains(event.target)) details.open = false;
  };
  document.addEventListener("click", outside);
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    details.querySelector("summary").focus();
  });
}
