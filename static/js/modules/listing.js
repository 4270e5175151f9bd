// The list is swapped alone when its conditions change (htmx boosts the links and forms in it).
// An answer without a list, such as the sign-in page, is opened as a page.

let swapped = false;

export function start(listing) {
  const guard = (event) => {
    if (!listing.isConnected) {
      document.removeEventListener("htmx:before:swap", guard);
      return;
    }
    const { ctx } = event.detail;
    if (ctx.text?.includes('id="listing"')) return;
    event.preventDefault();
    location.assign(ctx.response?.raw?.url ?? ctx.request.action);
  };
  document.addEventListener("htmx:before:swap", guard);
  listing.addEventListener("submit", () => listing.setAttribute("aria-busy", "true"));
  if (swapped) scrollTo({ top: 0, behavior: "instant" });
  swapped = true;
}
