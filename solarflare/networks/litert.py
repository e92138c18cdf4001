"""Networks in LiteRT's format: they load and answer without TensorFlow.

LiteRT (ai.google.dev/edge/litert) was TensorFlow Lite. `export` needs TensorFlow, `LiteNetwork` does not.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from solarflare.core.console import silenced
from solarflare.core.errors import InputError

if TYPE_CHECKING:
    from solarflare.networks.backend import keras


class LiteNetwork:
    """A network of a ``.tflite`` file.

    Parameters
    ----------
    path : Path
        A file that `export` wrote.

    Raises
    ------
    InputError
        If the file holds no network.
    """

    def __init__(self, path: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._path = path
        with silenced():  # LiteRT reports its start
            try:
                self._interpreter = Interpreter(model_content=path.read_bytes(), num_threads=1)
                self._interpreter.allocate_tensors()
            except (ValueError, RuntimeError):
                raise InputError(f"{path} is not a network in LiteRT's format; `git checkout {path}`") from None
        (self._input,) = self._interpreter.get_input_details()
        (self._output,) = self._interpreter.get_output_details()

    def __call__(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return the scores, (N,) from 0 to 1, of images (N, H, W, C), 0 to 255."""
        scores = np.empty(len(images), np.float32)
        # One by one: on one thread a batch is no faster, and no size has to be changed.
        for position, image in enumerate(images):
            self._interpreter.set_tensor(self._input["index"], image[None].astype(np.float32))
            self._interpreter.invoke()
            scores[position] = self._interpreter.get_tensor(self._output["index"])[0, 0]
        return scores


def export(model: "keras.Model") -> bytes:
    """Return a model of `architectures.build` as the content of a ``.tflite`` file. The same model, the same bytes."""
    from solarflare.networks.backend import tf

    signature = [tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)]
    module = tf.Module()
    module.answer = tf.function(lambda images: model(images, training=False), input_signature=signature)
    # The converter finds TensorFlow's variables only, and Keras wraps them in its own.
    module.weights = [variable.value for variable in model.variables]
    converter = tf.lite.TFLiteConverter.from_concrete_functions([module.answer.get_concrete_function()], module)
    with silenced():
        return bytes(converter.convert())
