"""Errors that users can fix."""


class InputError(Exception):
    """An error in the settings, the input data or the command, described in one line.

    The line says what is wrong, where, and how to fix it. Docstrings list only other exceptions.
    """
