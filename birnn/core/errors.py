"""Errors that users can fix."""


class InputError(Exception):
    """An error in the settings, the input data or the command, described in one line."""
