"""Half of a surrogate pair: JSON can say it (`"\\ud83d"`), and UTF-8 cannot."""


def utf8(text: str) -> bytes:
    """The text as UTF-8, with U+FFFD for each half."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
