"""Static files under names that carry their content's hash, so that browsers keep them for good.

There is no build step. When the program starts, `static/css/main.css` and everything it
imports become one file, every text file gets a gzip beside it, and WhiteNoise serves both
from a temporary folder before a request reaches Flask. A path's hash is its whole part's
(`vendor/`, or all of ours): relative addresses in style sheets and JavaScript modules then
carry it without being rewritten. In debug mode the files are served as they lie.
"""

from __future__ import annotations

import atexit
import gzip
import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import copyfile, rmtree
from wsgiref.headers import Headers

from flask import Flask
from whitenoise import WhiteNoise

from admin.web.security import common_headers

ENTRY = "css/main.css"
_TEXT = {".css", ".js", ".svg", ".json"}
_IMPORT = re.compile(r'@import url\("([^"]+)"\)(?: layer\((\w+)\))?;')
_ADDRESS = re.compile(r"url\((?!['\"]?(?:data:|#|/))['\"]?([^'\")]+)['\"]?\)")
_CHARSET = re.compile(r'@charset "[^"]+";')


@dataclass(frozen=True, slots=True)
class Assets:
    """Where the served files lie and the hash of each of the two parts."""

    folder: str
    own: str
    vendor: str


def init_app(app: Flask) -> None:
    """Serve the static folder and give templates `asset("css/main.css")`."""
    base = app.static_url_path or "/static"
    if app.debug:
        app.add_template_global(lambda path: f"{base}/{path}", "asset")
        return
    assets = _prepare(Path(app.static_folder or "static"))
    app.extensions["assets"] = assets

    def asset(path: str) -> str:
        digest = assets.vendor if path.startswith("vendor/") else assets.own
        return f"{base}/{digest}/{path}"

    app.add_template_global(asset, "asset")
    common = common_headers(secure_cookies=app.extensions["settings"].secure_cookies)
    noise = WhiteNoise(
        app.wsgi_app,
        allow_all_origins=False,
        immutable_file_test=lambda _path, _url: True,
        add_headers_function=_adding(common),
        mimetypes={".js": "text/javascript", ".woff2": "font/woff2"},
    )
    for digest in {assets.own, assets.vendor}:
        noise.add_files(assets.folder, prefix=f"{base}/{digest}/")
    app.wsgi_app = noise  # type: ignore[method-assign]


def _adding(common: dict[str, str]) -> Callable[[Headers, str, str], None]:
    def add(headers: Headers, _path: str, _url: str) -> None:
        for name, value in common.items():
            headers[name] = value

    return add


@cache
def _prepare(static: Path) -> Assets:
    """Copy what is served into a temporary folder, once for the program."""
    folder = Path(tempfile.mkdtemp(prefix="jangbu-assets-"))
    atexit.register(_remove, folder, os.getpid())
    own, vendor = hashlib.sha256(), hashlib.sha256()
    for source in sorted(path for path in static.rglob("*") if path.is_file()):
        name = source.relative_to(static).as_posix()
        content = source.read_bytes()
        for part in (own, vendor) if name.startswith("vendor/") else (own,):
            part.update(name.encode() + b"\0" + content)
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if name == ENTRY:
            content = flatten(static, ENTRY).encode()
            target.write_bytes(content)
        else:
            copyfile(source, target)
        if source.suffix in _TEXT:
            target.with_name(target.name + ".gz").write_bytes(gzip.compress(content, 6, mtime=0))
    return Assets(folder=str(folder), own=own.hexdigest()[:12], vendor=vendor.hexdigest()[:12])


def _remove(folder: Path, maker: int) -> None:
    """Remove the folder with the program that made it, not with one forked from it."""
    if os.getpid() == maker:
        rmtree(folder, ignore_errors=True)


def flatten(static: Path, entry: str) -> str:
    """The style sheet `entry` with its imports in their places, each in its layer."""
    here = (static / entry).parent

    def put(match: re.Match[str]) -> str:
        path = (here / match[1]).resolve()
        text = _CHARSET.sub("", path.read_text(encoding="utf-8"))
        text = _ADDRESS.sub(lambda found: _moved(found[1], path.parent, here), text)
        return f"@layer {match[2]}{{{text}}}\n" if match[2] else text

    return _IMPORT.sub(put, (static / entry).read_text(encoding="utf-8"))


def _moved(address: str, was: Path, now: Path) -> str:
    relative = Path(was, address).resolve()
    up = len(now.resolve().relative_to(_common(relative, now)).parts)
    return f'url("{"../" * up}{relative.relative_to(_common(relative, now)).as_posix()}")'


def _common(one: Path, other: Path) -> Path:
    theirs = set(other.resolve().parents) | {other.resolve()}
    return next(parent for parent in one.parents if parent in theirs)
