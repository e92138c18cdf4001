"""The error for bad input: one sentence instead of a traceback."""


class InputError(Exception):
    """Input of the user cannot be used.

    The message is one sentence that names the file, the row or the key, what was expected, and what to do.
    """
