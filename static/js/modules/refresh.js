// Reads the same address again and swaps this region, while work is going on.
// data-refresh: seconds between two readings. The region that comes back without it has ended.

export function start(region) {
  const seconds = Number(region.dataset.refresh);
  if (!seconds || !region.id) return;
  setTimeout(() => read(region, seconds), seconds * 1000);
}

async function read(region, seconds) {
  if (!region.isConnected) return;
  if (document.hidden || region.contains(document.activeElement?.closest("input, textarea, select"))) {
    setTimeout(() => read(region, seconds), seconds * 1000);
    return;
  }
  try {
    const answer = await fetch(location.href, {
      headers: { "X-Jangbu-Refresh": "1" },
      redirect: "error",
      credentials: "same-origin",
    });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(region.id);
    if (answer.ok && fresh) {
      region.replaceWith(document.adoptNode(fresh));
      document.dispatchEvent(new CustomEvent("region:refreshed"));
      return;
    }
  } catch {
    // No answer now: the old rows stay and the next reading tries again.
  }
  setTimeout(() => read(region, Math.min(seconds * 2, 60)), Math.min(seconds * 2, 60) * 1000);
}
