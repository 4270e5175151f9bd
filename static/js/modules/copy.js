// Copies what a [data-copy] button names, and says so.

export function start(element) {
  element.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    event.preventDefault();
    await write(button.dataset.copy);
    const use = button.querySelector("use");
    const before = use?.getAttribute("href");
    use?.setAttribute("href", before.replace(/#.*/, "#check"));
    button.dataset.copied = "";
    say(document.body.dataset.sayCopied ?? "");
    setTimeout(() => {
      use?.setAttribute("href", before);
      delete button.dataset.copied;
    }, 1600);
  });
}

async function write(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

function say(sentence) {
  const region = document.getElementById("announcer");
  if (region) region.textContent = sentence;
}
