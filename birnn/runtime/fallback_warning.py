"""The warning that results are from the fallback corpus."""

import sys


def warn_if_fallback(name: str, requested: str) -> None:
    """Print a framed warning on standard error if the corpus is not the requested one."""
    if name == requested:
        return
    lines = [
        f"WARNING: {requested} could not be reached.",
        f"All results are from the fallback corpus {name}.",
        "To try the requested corpus again, connect to the network and run:",
        "dvc repro --force --single-item fetch && dvc repro",
    ]
    width = max(map(len, lines))
    rule = "!" * (width + 4)
    framed = [f"! {line:<{width}} !" for line in lines]
    print("\n".join(["", rule, *framed, rule, ""]), file=sys.stderr)
