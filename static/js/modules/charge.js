// Keeps the words on the button and the sum in step with the amount that is typed.

export function start(form) {
  const input = form.querySelector("[data-amount]");
  const set = (selector, text) => {
    const element = form.querySelector(selector);
    if (element) element.textContent = text;
  };
  const show = () => {
    const text = input.value.trim();
    const number = /^(\d{1,3}(,\d{3})+|\d+)$/.test(text) ? Number(text.replaceAll(",", "")) : 0;
    const usable = number > 0;
    const amount = usable ? number.toLocaleString("en-US") : "";
    set("[data-shows=left]", amount || "\u2013");
    set("[data-shows=verb]", usable ? form.dataset.verb.replace("{amount}", amount) : form.dataset.verbPlain);
    return amount;
  };
  input.addEventListener("input", show);
  input.addEventListener("blur", () => {
    const amount = show();
    if (amount) input.value = amount;
  });
  show();
}
