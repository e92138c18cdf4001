"""Files with a few bytes changed, for the tests that feed them to a parser."""

import numpy as np

WORDS = (
    "//// 0075 2400 9999 -1 1e999 NaN null None <td> </table> <table> <!-- &#0; &#x110000; <?xml?> \" ' XRA C1.0 X99.9 "
    "C N91E181 S00W00 123456789012345678901234567890 [ { {} 31777999999 2290 ,,,,, \u0663 \u2028 \xc5"
)
TOKENS = [word.encode() for word in WORDS.split(" ")]
TOKENS += [b"\0", b"\xc5", b"\xff\xfe", b"\n", b"\r\n", b" " * 200, b"A" * 5000, b"\nI. ", b"\nII. ", b"\n2290 "]
"""What parsers stumble over."""


def mutated(content: bytes, generator: np.random.Generator) -> bytes:
    """Return a file with a few bytes changed, cut, doubled, moved, or replaced by what parsers stumble over."""
    changed = bytearray(content)
    for _ in range(generator.integers(1, 6)):
        first, last = sorted(generator.integers(0, len(changed) + 1, 2).tolist())
        last = min(last, first + int(generator.integers(0, 40)))
        token = TOKENS[generator.integers(len(TOKENS))]
        match generator.integers(6):
            case 0:
                changed[first:last] = token
            case 1:
                changed[first:first] = token
            case 2:
                del changed[first:last]
            case 3:
                changed[first:first] = changed[first:last] * int(generator.integers(1, 4))
            case 4:
                changed[first:last] = generator.bytes(last - first)
            case _:
                lines = changed.splitlines(keepends=True)
                changed = bytearray(b"".join(lines[number] for number in generator.permutation(len(lines))))
    return bytes(changed[: generator.integers(len(changed) + 1)] if generator.random() < 0.1 else changed)
