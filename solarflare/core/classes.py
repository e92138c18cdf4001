"""The classes of flares and of sunspot groups that exist, as regular expressions."""

GOES = r"A0\.[1-9][0-9]*|[ABCM](?:0?[1-9](?:\.[0-9]+)?|10(?:\.0+)?)|X(?:0?[1-9]|[1-9][0-9])(?:\.[0-9]+)?"
"""A GOES class. C10.0 is M1.0, which lists print for a rounded C9.96; C57 is a C5.7 without its point."""

A_GOES_CLASS = "a GOES class such as C1.0; the number after A, B, C or M is at most 10"

MCINTOSH = r"[ABCDEFHabcdefh][XRSAHKxrsahk][XOICxoic]"
"""A class of McIntosh 1990 (doi:10.1007/BF00158405): Zurich class, penumbra and compactness."""
