"""A person before a real browser, who finds on every page what nobody should find there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Download, Locator, Page, Request, expect

from tests.architecture.source import ROOT

AXE = (ROOT / "tests/vendor/axe/axe.min.js").read_text(encoding="utf-8")
RUN_AXE = """(rules) => axe.run(document, {
  rules,
  runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21aa"]},
  resultTypes: ["violations"],
}).then((found) => found.violations.flatMap((rule) => rule.nodes.map((node) =>
  `${rule.id}: ${node.target.join(" ")}: ${node.any[0]?.message ?? ""}`)))"""
WATCH_POLICY = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`))"""
# Width, colours, language, and what is open or wrong on the page.
LOOK = """() => [innerWidth, matchMedia("(prefers-color-scheme: dark)").matches,
  document.documentElement.lang, document.querySelectorAll("[aria-invalid=true]").length,
  document.querySelectorAll("[open]").length,
  document.querySelectorAll(".notice, .flash").length]"""
SEEN: set[str] = set()
SIDEWAYS = "() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
# The browser itself says so of a page that answers 4xx or 5xx, as a refused form does.
OWN_STATUS = re.compile(r"Failed to load resource: the server responded with a status of \d+")


class Visitor:
    """One person in one tab."""

    def __init__(self, page: Page, home: str) -> None:
        self.page = page
        self.home = home
        self.found: list[str] = []
        self.rules: dict[str, Any] = {}  # as axe takes them
        self.also: tuple[str, ...] = ()  # the origin of a payment window, for a customer
        page.add_init_script(WATCH_POLICY)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.found.append(f"error: {error}"))
        page.on("request", self._asked)

    def visit(self, path: str) -> Page:
        """Open a page by its address and look it over."""
        self.page.goto(self.home + path)
        return self.look()

    def look(self) -> Page:
        """Look the present page over: nothing may be wrong with it."""
        self.page.wait_for_load_state("load")
        found = [f"axe {one}" for one in self._axe()]
        if (over := self.page.evaluate(SIDEWAYS)) > 0:
            found.append(f"scrolls {over} px sideways")
        found += self.found
        self.found.clear()
        assert not found, f"{self.page.url}\n" + "\n".join(found)
        return self.page

    def _axe(self) -> list[str]:
        """What axe finds. The same page of the same kind in the same look is asked once."""
        path = re.sub(r"\d+|[0-9A-Z]{26}", "#", urlsplit(self.page.url).path)
        kind = (path, self.page.locator("h1").all_inner_texts(), *self.page.evaluate(LOOK))
        if str(kind) in SEEN:
            return []
        SEEN.add(str(kind))
        self.page.evaluate(AXE)
        found: list[str] = self.page.evaluate(RUN_AXE, self.rules)
        return found

    @contextmanager
    def opens(self) -> Iterator[None]:
        """What is done inside leads to another page, which is looked over."""
        with self.page.expect_navigation():
            yield
        self.look()

    def click(self, name: str, role: Any = "button", *, within: Locator | None = None) -> None:
        """Press what is called so; it leads to another page."""
        place = within or self.page.locator("main, .plain__main")
        with self.opens():
            place.get_by_role(role, name=name, exact=True).first.click()

    def download(self, name: str) -> Download:
        """Press the link and take the file."""
        with self.page.expect_download() as taken:
            self.page.get_by_role("link", name=name, exact=True).click()
        return taken.value

    def reads(self, text: str | re.Pattern[str]) -> None:
        """The page says so."""
        expect(self.page.locator("body")).to_contain_text(text)

    def heading(self, text: str | re.Pattern[str]) -> None:
        """The page's first heading says so."""
        expect(self.page.locator("h1")).to_contain_text(text)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        own = OWN_STATUS.match(message.text) and message.location["url"] == self.page.url
        if not own:
            self.found.append(f"console: {message.text} ({message.location['url']})")

    def _asked(self, request: Request) -> None:
        ours = (self.home + "/", "data:", "blob:" + self.home, *self.also)
        if not request.url.startswith(ours):
            self.found.append(f"foreign request: {request.url}")
