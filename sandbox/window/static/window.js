/* The payment window's page: sends what was chosen, and tells the shop how it ended. */
(() => {
  "use strict";

  const { id, origin, told } = document.body.dataset;
  const form = document.getElementById("form");
  const heading = document.querySelector("h1");
  let isBusy = false;

  if (told) tell(JSON.parse(told));
  if (!form) return;

  heading.focus();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send("pay", Object.fromEntries(new FormData(form)));
  });
  form.querySelector("[data-act=close]").addEventListener("click", () => send("close", {}));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) send("close", {});
  });

  async function send(act, body) {
    if (isBusy) return;
    say(form.dataset.busy, true);
    try {
      const reply = await fetch(`/window/${id}/${act}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
      const answer = await reply.json();
      if (answer.code !== 0) throw new Error(answer.message);
      finish(answer.response);
    } catch {
      say(form.dataset.failed, false);
    }
  }

  function say(text, busy) {
    isBusy = busy;
    form.querySelector(".status").textContent = text;
    form.setAttribute("aria-busy", String(busy));
    for (const button of form.querySelectorAll("button")) button.disabled = busy;
  }

  /* A frame tells the page it lies on; a phone goes back to the shop. */
  function finish(answer) {
    if (answer.redirect) location.replace(answer.redirect);
    else tell(answer);
  }

  function tell(answer) {
    if (origin && parent !== window) parent.postMessage({ window: id, result: answer.result }, origin);
  }
})();
