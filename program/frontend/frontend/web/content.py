"""What pages are made of: templates, messages, static files. Read at the start, and on SIGHUP.

An edit is seen without a restart: all files are read and compiled first, and only if each is sound
do they take the place of the old ones.
"""

from __future__ import annotations

from pathlib import Path

from jinja2 import TemplateSyntaxError

from frontend import language
from frontend.web.rendering import Renderer, environment
from frontend.web.static import StaticFiles


class ContentError(Exception):
    """A file is not sound; the message names it, with its line."""


class Content:
    """`renderer` and `static` stay the same objects when their files are read again."""

    def __init__(self, site_name: str) -> None:
        self.static = StaticFiles()
        self.renderer = Renderer(self.static, site_name)

    def read_again(self) -> int:
        """The number of templates. Raises ContentError, and then nothing has changed."""
        templates = environment()
        try:
            names = templates.list_templates()
            for name in names:
                templates.get_template(name)
            files = self.static.read()
            language.read_catalogues()
        except TemplateSyntaxError as error:
            place = Path(error.filename or error.name or "").name
            raise ContentError(f"templates/{place}:{error.lineno}: {error.message}") from error
        except (OSError, ValueError) as error:
            raise ContentError(str(error)) from error
        self.static.use(files)
        self.renderer.use(templates)
        return len(names)
