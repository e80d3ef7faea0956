"""Half of a surrogate pair, which JSON can express (`"\\ud83d"`) and UTF-8 cannot."""


def utf8(text: str) -> bytes:
    """Encode the text as UTF-8, with U+FFFD in place of each half."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
