"""What is said when the input is bad: one sentence, no traceback."""


class InputError(Exception):
    """Something that the user gave cannot be used.

    The message is one sentence that names the file, the row or the key, what was expected, and what to do.
    """
