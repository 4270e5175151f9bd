// Offers below a box while one types (ARIA combobox with a listbox): hits, each of which is opened,
// or ways to go on, each of which is written into the box. Without it the form is sent as ever.
// data-offers: where they come from. data-chooses: the first one is chosen already.

const PAUSE = 150;

export function start(form) {
  const input = form.querySelector("input[type=search]");
  const panel = form.querySelector(".combobox");
  const list = panel.querySelector("[role=listbox]");
  const note = panel.querySelector(".combobox__note");
  const icons = panel.dataset.icons;
  const chooses = "chooses" in form.dataset;
  let offers = [];
  let chosen = -1;
  let asked = ""; // what the offers shown belong to
  let timer;
  let reading;

  input.type = "text"; // a search field is no combobox, and clears itself on Esc
  for (const [name, value] of Object.entries({
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-haspopup": "listbox",
    "aria-controls": list.id,
    "aria-expanded": "false",
  }))
    input.setAttribute(name, value);

  const place = () => `${input.value}\n${input.selectionStart}`;

  const close = () => {
    clearTimeout(timer);
    reading?.abort();
    asked = "";
    panel.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  // Within the panel alone: the page behind it stays where it is.
  const show = (node) => {
    const foot = panel.querySelector(".combobox__keys")?.offsetHeight ?? 0;
    const [seen, own] = [panel.getBoundingClientRect(), node.getBoundingClientRect()];
    const below = own.bottom - (seen.bottom - foot - 6);
    const above = seen.top + 30 - own.top; // its heading stays in sight
    if (below > 0) panel.scrollTop += below;
    else if (above > 0) panel.scrollTop -= above;
  };

  const choose = (at) => {
    offers[chosen]?.node.setAttribute("aria-selected", "false");
    chosen = at;
    const node = offers[at]?.node;
    if (!node) return input.removeAttribute("aria-activedescendant");
    node.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", node.id);
    show(node);
  };

  const read = async () => {
    clearTimeout(timer);
    reading?.abort();
    if (!input.value.trim() && chooses) return close();
    const wanted = place();
    reading = new AbortController();
    try {
      const query = new URLSearchParams({ q: input.value, at: input.selectionStart });
      const answer = await fetch(`${form.dataset.offers}?${query}`, {
        signal: reading.signal,
        redirect: "error",
        credentials: "same-origin",
      });
      if (!answer.ok) return close();
      const body = await answer.json();
      if (wanted === place() && document.activeElement === input) draw(body, wanted);
    } catch (error) {
      // Without an answer the form is still sent by Enter.
      if (error.name !== "AbortError") close();
    }
  };

  const draw = (body, wanted) => {
    asked = wanted;
    offers = [];
    list.replaceChildren(...body.groups.map((group, at) => drawGroup(group, at)));
    note.textContent = body.note;
    note.hidden = !body.note;
    panel.hidden = !offers.length && !body.note;
    input.setAttribute("aria-expanded", String(offers.length > 0));
    chosen = -1;
    choose(chooses && offers.length ? 0 : -1);
    const announcer = document.getElementById("announcer");
    if (announcer) announcer.textContent = body.note || body.said;
  };

  const drawGroup = (group, at) => {
    const heading = make("div", "combobox__heading", group.label);
    heading.id = `${list.id}-${at}`;
    if (group.count) heading.append(make("span", "", group.count));
    const box = make("div", "");
    box.setAttribute("role", "group");
    box.setAttribute("aria-labelledby", heading.id);
    heading.setAttribute("role", "presentation");
    box.append(heading, ...group.hits.map(drawHit));
    if (group.all_href) {
      const title = [[group.all_label, false]];
      const all = { href: group.all_href, icon: "arrow-right", title, detail: group.all_detail };
      const node = drawHit(all);
      node.classList.add("hit--all");
      box.append(node);
    }
    return box;
  };

  const drawHit = (hit) => {
    const node = make("div", hit.href ? "hit" : "combobox__option");
    node.id = `${list.id}-option-${offers.length}`;
    node.setAttribute("role", "option");
    node.setAttribute("aria-selected", "false");
    if (hit.icon) node.append(glyph(hit.icon));
    const words = make("span", "hit__words");
    const title = make("span", "hit__title");
    title.append(...hit.title.map(([text, match]) => (match ? make("mark", "", text) : text)));
    const detail = make("span", "hit__detail", hit.detail);
    words.append(title);
    if (hit.href) words.append(" ", detail);
    node.append(words);
    if (!hit.href) node.append(detail);
    if (hit.state) {
      const badge = make("span", hit.state.classes);
      if (hit.state.glyph) badge.append(glyph(hit.state.glyph));
      badge.append(hit.state.text);
      node.append(badge);
    }
    if (hit.href) node.append(make("span", hit.end_is_red ? "hit__end tone-red" : "hit__end", hit.end));
    offers.push({ node, hit });
    return node;
  };

  const glyph = (name) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "glyph");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${icons}#${name}`);
    svg.append(use);
    return svg;
  };

  const take = ({ hit }, apart) => {
    close();
    if (hit.href && apart) return void window.open(hit.href, "_blank", "noopener");
    if (hit.href) return location.assign(hit.href);
    input.value = hit.text;
    input.setSelectionRange(hit.cursor, hit.cursor);
    read();
  };

  // Enter right after typing waits for what belongs to the text as it stands.
  const enter = async (apart) => {
    if (asked !== place()) await read();
    if (asked === place() && offers[chosen]) take(offers[chosen], apart);
    else form.requestSubmit();
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(read, PAUSE);
  });
  input.addEventListener("focus", () => {
    if (!chooses) timer = setTimeout(read, PAUSE);
  });
  input.addEventListener("blur", close);
  form.addEventListener("submit", close);
  // Stays in the box while an offer is pressed.
  panel.addEventListener("mousedown", (event) => event.preventDefault());
  panel.addEventListener("click", (event) => {
    const offer = offers.find(({ node }) => node.contains(event.target));
    if (offer) take(offer, event.metaKey || event.ctrlKey);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // a Korean letter is being put together
    const open = !panel.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) return void read();
      if (!offers.length) return;
      const least = chooses ? 0 : -1; // below the first way to go on stands the text as it is
      const count = offers.length - least;
      const step = event.key === "ArrowDown" ? 1 : -1;
      choose(((chosen - least + step + count) % count) + least);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Enter") {
      if (chosen < 0 && !(chooses && input.value.trim())) return;
      event.preventDefault();
      enter(event.metaKey || event.ctrlKey);
    }
  });
}

function make(name, classes, text = "") {
  const node = document.createElement(name);
  if (classes) node.className = classes;
  node.textContent = text;
  return node;
}
