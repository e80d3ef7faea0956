"""Renders templates to bytes, and caches pages while their values stay the same."""

from __future__ import annotations

import hashlib
import itertools
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from types import CodeType

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from starlette.requests import Request
from starlette.responses import Response

from frontend.language import Language, catalogue
from frontend.web.conditional import not_modified
from frontend.web.static import StaticFiles
from frontend.web.writer import Writer

# CloudFront asks again after five seconds. It serves the stale page for ten more seconds while it
# asks, and for a day if the origin fails.
PUBLIC = "public, max-age=5, s-maxage=5, stale-while-revalidate=10, stale-if-error=86400"
PRIVATE = "no-store"
_PAGES_KEPT = 256
_TEMPLATES = Path(__file__).parent.parent / "templates"


class _Compiled(BytecodeCache):
    """What this process has compiled: templates that are read again are compiled only where their
    text has changed.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, CodeType | None]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._kept.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.checksum, bucket.code


_COMPILED = _Compiled()


def environment(folder: Path = _TEMPLATES) -> Environment:
    """The templates as they are on disk; each is compiled once, when it is first asked for."""
    found = Environment(
        loader=FileSystemLoader(folder),
        bytecode_cache=_COMPILED,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.filters["groupby_runs"] = _runs
    return found


class Renderer:
    """`edition` counts how often its files were read: a cached page is of one edition."""

    def __init__(self, static: StaticFiles, site_name: str) -> None:
        self._static = static
        self._site_name = site_name
        self.edition = 0
        self.use(environment())

    def use(self, templates: Environment) -> None:
        """Render with these from now on, and with the messages of now."""
        templates.globals["static"] = self._static.url
        self._environment = templates
        self._writers = {language: Writer(language) for language in Language}
        self.edition += 1

    def render(self, template: str, language: Language, **values: object) -> str:
        """`path` among the values is the public page's path without its language prefix."""
        t = catalogue(language)
        return self._environment.get_template(template).render(
            t=t,
            write=self._writers[language],
            language=language,
            languages=tuple(Language),
            site_name=self._site_name or t("site.name"),
            **values,
        )


def _runs(things: Iterable[object], attribute: str) -> list[tuple[object, list[object]]]:
    """Neighbours with the same attribute together, in their order (Jinja's groupby would sort)."""
    return [(key, list(run)) for key, run in itertools.groupby(things, attrgetter(attribute))]


@dataclass(frozen=True, slots=True)
class _Page:
    made_of: tuple[object, ...]
    body: bytes
    etag: str


class PageCache:
    """Pages by path. Comparing is cheap: an unchanged value is the same one (`api.kept`)."""

    def __init__(self) -> None:
        self._pages: OrderedDict[str, _Page] = OrderedDict()

    def find(self, path: str, made_of: tuple[object, ...]) -> _Page | None:
        page = self._pages.get(path)
        return page if page is not None and page.made_of == made_of else None

    def keep(self, path: str, made_of: tuple[object, ...], body: str) -> _Page:
        encoded = body.encode()
        page = _Page(made_of, encoded, f'"{hashlib.sha256(encoded).hexdigest()[:24]}"')
        self._pages[path] = page
        self._pages.move_to_end(path)
        if len(self._pages) > _PAGES_KEPT:
            self._pages.popitem(last=False)
        return page


def public_response(
    request: Request, page: _Page, media_type: str = "text/html; charset=utf-8"
) -> Response:
    headers = {"Cache-Control": PUBLIC, "ETag": page.etag}
    if not_modified(request, page.etag):
        return Response(status_code=304, headers=headers)
    return Response(page.body, media_type=media_type, headers=headers)
