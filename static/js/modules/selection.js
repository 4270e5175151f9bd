// Counts and sums the ticked rows as they are ticked, and ticks all of a page by its heading.
// Without it single rows are ticked, and the style sheet counts them.

export function start(form) {
  const page = form.closest(".listing") ?? document;
  const boxes = () => [...page.querySelectorAll("td.is-select .check__box")];
  const all = page.querySelector("[data-selects-all]");
  const sum = form.querySelector("[data-sum]");
  const number = new Intl.NumberFormat(document.documentElement.lang);

  const tell = () => {
    const every = boxes();
    const ticked = every.filter((box) => box.checked);
    const left = ticked.reduce((total, box) => total + Number(box.dataset.left), 0);
    sum.hidden = ticked.length === 0;
    sum.textContent = form.dataset.template.replace("0", number.format(left));
    if (!all) return;
    all.checked = every.length > 0 && ticked.length === every.length;
    all.indeterminate = ticked.length > 0 && !all.checked;
  };

  if (all) {
    all.hidden = false;
    all.addEventListener("change", () => {
      for (const box of boxes()) box.checked = all.checked;
      tell();
    });
  }
  page.addEventListener("change", (event) => {
    if (event.target.matches("td.is-select .check__box")) tell();
  });
  tell();
}
