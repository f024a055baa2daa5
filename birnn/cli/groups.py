"""The groups of commands in `birnn --help`."""

from typing import Any

from typer.core import TyperGroup

GROUPS = {
    "Predict": "predict explain serve export",
    "Look at results": "results watch mistakes fresh",
    "Experiment": "sweep leaderboard study regimes recipes search tried review",
    "Data": "data",
}
WIDTH = 1_000  # letters; the help of a command is shorter


class GroupedCommands(TyperGroup):
    """The commands of `birnn`, listed in groups with their whole first sentence."""

    def format_commands(self, _ctx: Any, formatter: Any) -> None:
        """Write one section per group."""
        for title, names in GROUPS.items():
            chosen = {name: self.commands[name] for name in names.split()}
            rows = [(name, each.get_short_help_str(WIDTH)) for name, each in chosen.items()]
            with formatter.section(title):
                formatter.write_dl(rows, col_max=max(map(len, self.commands)))
