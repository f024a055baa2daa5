"""Choices that come from the registry, which is imported only if a command uses them."""

import typer

ALL_NETWORKS = "all"


def network_choices() -> list[str]:
    """Return the values of `--network`."""
    from birnn.evaluation.model_names import NETWORKS  # noqa: PLC0415

    return [*NETWORKS, ALL_NETWORKS]


def chosen_networks(name: str) -> list[str]:
    """Return the networks that a value of `--network` stands for."""
    *names, everything = network_choices()
    return names if name == everything else [name]


def mistake_choices() -> list[str]:
    """Return the kinds of mistakes, the default first."""
    from birnn.evaluation.model_names import DISAGREEMENT, NETWORKS  # noqa: PLC0415

    # A single network cannot disagree.
    return [DISAGREEMENT, *NETWORKS] if len(NETWORKS) > 1 else [*NETWORKS]


def check_network(name: str) -> str:
    """Return the name.

    Raises:
        BadParameter: the registry has no such network.
    """
    return _check(name, network_choices())


def check_mistakes(kind: str | None) -> str:
    """Return the kind of mistakes, or the default.

    Raises:
        BadParameter: there is no such kind.
    """
    choices = mistake_choices()
    return _check(kind or choices[0], choices)


def _check(value: str, choices: list[str]) -> str:
    if value not in choices:
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(choices)}")
    return value
