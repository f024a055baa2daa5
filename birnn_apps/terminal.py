"""Text that is safe to print in a terminal."""


def printable(text: str) -> str:
    """Replace non-printable characters, such as terminal escapes, with spaces."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def printable_lines(text: str) -> str:
    """Replace non-printable characters, except the ends of lines, with spaces."""
    return "\n".join(map(printable, text.split("\n")))
