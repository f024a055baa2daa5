"""The mistakes that a user can mend."""


class InputError(Exception):
    """Bad input: its message says in one line what is wrong, where, and what to do."""
