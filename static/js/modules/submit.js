// A form that is sent as soon as a choice in it changes; without scripts its button does.

export function start(form) {
  form.querySelectorAll("[data-submits]").forEach((control) =>
    control.addEventListener("change", () => form.requestSubmit()),
  );
}
