"""A Dockerfile for `dockerfile_parse`, which knows no here-documents and no bytes besides UTF-8.

Source: "Here-documents", https://docs.docker.com/reference/dockerfile/#here-documents
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

_HEREDOC = re.compile(r"<<-?\s*([\"']?)(\w+)\1")
_MAY_HAVE_ONE = ("RUN", "COPY", "ADD")


def readable(content: bytes) -> io.BytesIO:
    """Turn the lines of here-documents into comments, because they are not instructions. Bytes that
    are not UTF-8 can only be in parts that are not read, such as a comment."""
    text = "".join(_lines(content.decode("utf-8", "replace")))
    return io.BytesIO(text.encode())


def lines_of(text: str) -> list[str]:
    """Split the text into lines with their ends. Only a line feed ends a line, as in the parser."""
    return io.StringIO(text, newline="\n").readlines()


def _lines(text: str) -> Iterator[str]:
    until: list[str] = []
    for line in lines_of(text):
        if until:
            yield "#\n"
            if line.strip() == until[0]:
                until.pop(0)
            continue
        yield line
        if line.lstrip().upper().startswith(_MAY_HAVE_ONE):
            until = [match[2] for match in _HEREDOC.finditer(line)]
