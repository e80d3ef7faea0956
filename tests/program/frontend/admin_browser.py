"""A browser without JavaScript: it fills in the form on a page, and keeps the cookies."""

from __future__ import annotations

from html.parser import HTMLParser

import httpx

from tests.program.frontend.fake_backend import PASSWORD

SAME_SITE = {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:8080"}


class Forms(HTMLParser):
    """Each form of a page: its target and its initial values."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self._select = ""
        self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((names["action"], {}))
        elif tag == "input":
            if names.get("type") != "checkbox" or "checked" in names:
                self._data()[names["name"]] = names.get("value", "")
        elif tag == "select":
            self._select = names["name"]
        elif tag == "option" and ("selected" in names or self._select not in self._data()):
            self._data()[self._select] = names["value"]
        elif tag == "textarea":
            self._textarea = names["name"]
            self._data()[self._textarea] = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self._data()[self._textarea] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._textarea = ""

    def _data(self) -> dict[str, str]:
        return self.forms[-1][1]


def forms_of(page: str) -> list[tuple[str, dict[str, str]]]:
    parser = Forms()
    parser.feed(page)
    return parser.forms


class AdminBrowser:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=headers, follow_redirects=True)

    async def post(
        self, action: str, data: dict[str, str], headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send without following the redirect, so that a test can inspect it."""
        return await self.client.post(
            action, data=data, headers=SAME_SITE if headers is None else headers
        )

    async def submit(
        self, path: str, *, number: int = 0, follow: bool = True, **values: str
    ) -> httpx.Response:
        """Open a page, change `values` in its form, and send it."""
        page = await self.get(path)
        action, data = forms_of(page.text)[number]
        answer = await self.post(action, data | values)
        if follow and answer.has_redirect_location:
            return await self.get(answer.headers["location"])
        return answer

    async def sign_in(self, password: str = PASSWORD) -> httpx.Response:
        return await self.submit("/admin/sign-in", username="admin", password=password)
