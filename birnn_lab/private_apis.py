"""The one thing that this package uses of DVC without a public interface."""

from birnn_lab import processes

STASH = "refs/exps/stash"  # git reference to experiments that have not started yet


def drop_unstarted_experiments() -> None:
    """Forget experiments whose DVC was killed while it started: it would run them with the next."""
    processes.run("git", "update-ref", "-d", STASH)
