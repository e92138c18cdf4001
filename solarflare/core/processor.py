"""Makes all processors compute the same bits: NumPy, BLAS and TensorFlow use the instructions of x86-64-v3 only.

These libraries choose their code by the processor. With AVX-512, for example, `exp` and `log` of NumPy differ in their
last bit from those with AVX2, and so do matrix products. The libraries read the variables below when they are imported.
Their documentation: numpy.org/doc/stable/reference/simd, the README of OpenBLAS, and
uxlfoundation.github.io/oneDNN/dev_guide_cpu_dispatcher_control.html.
"""

import os
import sys

PINNED = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Haswell",  # the BLAS of NumPy and SciPy
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",  # scikit-learn
    "TF_ENABLE_ONEDNN_OPTS": "1",  # else TensorFlow uses oneDNN on newer processors only
    "ONEDNN_MAX_CPU_ISA": "AVX2",  # the convolutions and matrix products of TensorFlow
}
"""Variables of the environment, with their values on every machine."""

pinned_late = "numpy" in sys.modules and any(os.environ.get(name) != value for name, value in PINNED.items())
"""True if NumPy was imported in this process before the variables were set. Its bits may then differ."""


def pin() -> None:
    """Set the variables in `PINNED`, for this process and for the processes that it starts.

    This has no effect on a library that is imported already.
    """
    os.environ.update(PINNED)
