"""A shop's page of another origin, with a strict content policy, that opens the window."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

PAGE = """<!doctype html>
<html lang="ko"><head><meta charset="utf-8"><title>상점</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1">
<script src="{sandbox}/v1/iamport.js"></script><script src="/shop.js" defer></script></head>
<body><main><h1>주문서</h1><button id="pay">결제</button><p id="said"></p></main></body></html>"""
SCRIPT = """const asked = JSON.parse(decodeURIComponent(location.hash.slice(1) || "null"));
if (asked) {
  IMP.init(asked.code);
  document.getElementById("pay").addEventListener("click", () => {
    const said = document.getElementById("said");
    const heard = (result) => { said.textContent = JSON.stringify(result); };
    IMP.request_pay(asked.params, asked.silent ? undefined : heard);
  });
}
"""


@dataclass
class Shopfront:
    """The running shop; `policy` is what its pages are guarded with."""

    url: str
    policy: str
    paths: list[str] = field(default_factory=list)  # asked for, oldest first


@contextmanager
def shopfront(sandbox: str) -> Iterator[Shopfront]:
    """Serve the shop on a free port for the length of a `with` block."""
    policy = (
        f"default-src 'none'; script-src 'self' {sandbox}; connect-src {sandbox};"
        f" frame-src {sandbox}; img-src data:; base-uri 'none'; form-action 'none'"
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shop.paths.append(self.path)
            is_script = self.path == "/shop.js"
            body = (SCRIPT if is_script else PAGE.replace("{sandbox}", sandbox)).encode()
            self.send_response(200)
            kind = "text/javascript" if is_script else "text/html"
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Security-Policy", policy)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shop = Shopfront(f"http://127.0.0.1:{server.server_port}", policy)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def fragment(asked: dict[str, Any]) -> str:
    """What the shop's script is told to ask for."""
    return quote(json.dumps(asked))
