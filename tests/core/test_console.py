"""A path that cannot be used is one sentence, whatever the system says of it."""

import errno
import os

import pytest

from solarflare.core import console


@pytest.mark.parametrize("number", [errno.ENAMETOOLONG, errno.ENOENT, errno.EINVAL, errno.ELOOP, errno.ENOTDIR])
def test_a_path_that_cannot_be_used_is_one_sentence(number: int) -> None:
    def main() -> None:
        raise OSError(number, os.strerror(number), "folder/" + "x" * 300)

    with pytest.raises(SystemExit, match=r"^error: folder/x+.* cannot be used \(.*\): ") as caught:
        console.run(main)
    assert len(str(caught.value)) < 500


def test_an_error_without_a_path_is_not_hidden() -> None:
    def main() -> None:
        raise OSError(errno.EIO, "odd")

    with pytest.raises(OSError, match="odd"):
        console.run(main)
