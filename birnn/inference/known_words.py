"""Notes about texts of which a model knows few words."""

FEW = 0.5  # share of the words


def note(known: float) -> str:
    """Return a note about the share of known words, or nothing if it is not small."""
    if not known:
        return "nothing to go on: no known words"
    return f"only {known:.0%} of the words are known" if known < FEW else ""
