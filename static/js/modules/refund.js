// Keeps "after the refund" and the words on the button in step with the amount that is typed.
// The server works everything out again.

const MINUS = "\u2212";

export function start(form) {
  const input = form.querySelector("[data-amount]");
  const left = Number(form.dataset.left);
  const factor = 10 ** Number(form.dataset.exponent ?? 0);
  const all = form.querySelector("[data-all]");
  const typed = form.querySelector("[data-typed]");

  const read = () => {
    // As the server reads it: thousands set apart rightly or not at all, nothing guessed.
    const text = input.value.trim();
    const plain = /^(\d{1,3}(,\d{3})+|\d+)(\.\d+)?$/.test(text);
    if (!plain || (text.split(".")[1] ?? "").length > Math.log10(factor)) return NaN;
    return Math.round(Number(text.replaceAll(",", "")) * factor);
  };
  const write = (minor) =>
    (minor < 0 ? MINUS : "") +
    (Math.abs(minor) / factor).toLocaleString("en-US", {
      minimumFractionDigits: Math.log10(factor),
      maximumFractionDigits: Math.log10(factor),
    });

  const show = () => {
    const amount = read();
    const usable = Number.isFinite(amount) && amount > 0 && amount <= left;
    set("[data-shows=minus]", usable ? write(-amount) : "\u2013");
    set("[data-shows=left]", usable ? write(left - amount) : "\u2013");
    const alone = form.dataset.alone === undefined || amount <= Number(form.dataset.alone);
    const verb = alone ? form.dataset.verb : form.dataset.verbAsks;
    set("[data-shows=verb]", usable ? verb.replace("{amount}", write(amount)) : form.dataset.verbPlain);
    const free = usable ? Math.round((amount * Number(form.dataset.taxFree)) / left) : 0;
    const taxFree = form.querySelector("#tax_free");
    if (taxFree && form.dataset.taxFree !== "0") taxFree.placeholder = write(free);
    if (all && typed && Number.isFinite(amount)) (amount === left ? all : typed).checked = true;
  };
  const set = (selector, text) => {
    const element = form.querySelector(selector);
    if (element) element.textContent = text;
  };

  all?.addEventListener("change", () => {
    input.value = write(left);
    show();
  });
  typed?.addEventListener("change", () => input.select());
  input.addEventListener("input", show);
  input.addEventListener("blur", () => {
    const amount = read();
    if (Number.isFinite(amount)) input.value = write(amount);
  });
  show();
}
