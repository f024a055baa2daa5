"""What nobody may miss: results that are not of the corpus that was asked for."""

import sys


def warn_if_fallback(name: str, requested: str) -> None:
    """Say on standard error, in a frame, that `name` stands in for `requested`, if it does."""
    if name == requested:
        return
    lines = [
        f"WARNING: {requested} could not be reached.",
        f"Everything here is of the stand-in corpus {name}.",
        "With a network, or with IMDB_ARCHIVE naming a local copy, run: make repro",
    ]
    width = max(map(len, lines))
    rule = "!" * (width + 4)
    framed = [f"! {line:<{width}} !" for line in lines]
    print("\n".join(["", rule, *framed, rule, ""]), file=sys.stderr)
