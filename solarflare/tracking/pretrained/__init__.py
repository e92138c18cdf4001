"""The networks in ``pretrained/``, trained and written by one command. Start at `make`; `card` describes a network."""
