"""The built web interface, as its build left it in `podium/gateway/ui`."""

import hashlib
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from podium.gateway.asgi import Header, Scope, Send, header, reply
from podium.gateway.edge.compression import accepted

UI = Path(__file__).parents[1] / "ui"
"""Where the build of clients/web puts it; shipped in the wheel, absent from a checkout that was not built."""

_FOR_EVER: Header = (b"cache-control", b"public, max-age=31536000, immutable")
_ASK_AGAIN: Header = (b"cache-control", b"no-cache")

_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".webmanifest": "application/manifest+json"}

_NOT_BUILT = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Podium</title>
<meta name="viewport" content="width=device-width">
<style>body{font:16px/1.5 system-ui;max-width:38rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}</style>
<h1>Podium is running</h1>
<p>The web interface is not built in this checkout. With Node 20 or newer:</p>
<pre>make web</pre>
<p>Then reload this page. Everything else works without it: <code>podium --help</code>, and every RPC as JSON, for
example with <code>curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d '{}'</code> at
<code>/podium.tasks.v1.MaestroService/ListProjects</code>.</p>
</html>
"""


_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
"""What the build leaves beside a file, the smallest first, and how it is called on the wire."""

_KEPT = 64
"""Files kept in memory: all that a build has, about a megabyte."""

_OWN = frozenset(suffix for _, suffix in _ENCODINGS)

_VARY: Header = (b"vary", b"accept-encoding")


@dataclass(frozen=True, slots=True)
class _Found:
    path: Path
    hashed: bool


@lru_cache(maxsize=_KEPT)
def _read(path: Path, _changed_ns: int, _size: int) -> tuple[bytes, bytes]:
    """The bytes of a file and their tag; read anew when it has changed."""
    body = path.read_bytes()
    return body, f'"{hashlib.sha256(body).hexdigest()[:16]}"'.encode()


class StaticFiles:
    """Files of a directory; what is no file and looks like a page is index.html, whose routes the page knows."""

    def __init__(self, root: Path = UI) -> None:
        self._root = root.resolve()

    async def serve(self, scope: Scope, send: Send) -> None:
        """Answer GET and HEAD."""
        if scope["method"] not in ("GET", "HEAD"):
            await reply(send, 405, headers=[(b"allow", b"GET, HEAD")])
            return
        found = self._find(scope["path"])
        if found is None:
            built = self.built()
            body = b"" if built else _NOT_BUILT
            await reply(send, 404 if built else 200, body, [(b"content-type", b"text/html; charset=utf-8"), _ASK_AGAIN])
            return
        path, encoding = _smallest(found.path, accepted(scope))
        state = path.stat()
        body, tag = _read(path, state.st_mtime_ns, state.st_size)
        headers: list[Header] = [(b"etag", tag), _VARY, _FOR_EVER if found.hashed else _ASK_AGAIN]
        if tag.decode() in header(scope, b"if-none-match"):
            await reply(send, 304, headers=headers)
            return
        headers.append((b"content-type", _type_of(found.path)))
        if encoding:
            headers.append((b"content-encoding", encoding.encode()))
        await reply(send, 200, body, headers)

    def built(self) -> bool:
        """Whether there is anything to serve."""
        return (self._root / "index.html").is_file()

    def _find(self, path: str) -> _Found | None:
        """The file of a path; None where there is none. Never outside the directory, nor hidden."""
        parts = [part for part in path.split("/") if part]
        if "\x00" in path or any(part.startswith(".") for part in parts):
            return None
        wanted = self._root.joinpath(*parts)
        if parts and wanted.suffix not in _OWN and wanted.is_file() and wanted.resolve().is_relative_to(self._root):
            return _Found(wanted, hashed=parts[0] == "assets")
        if parts and (parts[0] == "assets" or "." in parts[-1]):
            return None
        index = self._root / "index.html"
        return _Found(index, hashed=False) if index.is_file() else None


def _smallest(path: Path, takes: frozenset[str]) -> tuple[Path, str]:
    """The file in the smallest form that the client takes, and the name of that form; empty: as it is."""
    for name, suffix in _ENCODINGS:
        beside = path.with_name(path.name + suffix)
        if name in takes and beside.is_file():
            return beside, name
    return path, ""


def _type_of(path: Path) -> bytes:
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8".encode() if kind.startswith("text/") else kind.encode()
