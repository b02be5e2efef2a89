"""The one exception that a user of nmpu is meant to read."""


class InputError(ValueError):
    """Wrong input or usage, told in one line: place, rule, value, and what to do.

    The ``nmpu`` command prints the message alone and exits with 2; a library caller gets an ordinary ``ValueError``.
    """
