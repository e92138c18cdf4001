"""The Keras models, by name: images in as they are stored, one probability out, all scaling inside."""

from collections.abc import Callable

from solarflare.backend import keras

layers = keras.layers

Shape = tuple[int, int, int]


def paialunga2020(shape: Shape) -> keras.Model:
    """Return the network of 2020, whatever the images' size.

    Two convolutions of three filters with maximum pooling, and one sigmoid over all that is left: 16,102 parameters for
    grey images, 11,332 for colour (P. Paialunga, *Convolutional Neural Networks for binary classification of Solar
    Flares*, github.com/PieroPaialungaAI/SunML). Its inputs were 300 x 300 grey and 250 x 250 in colour.
    """
    side = 300 if shape[-1] == 1 else 250
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Resizing(side, side, interpolation="bilinear"),
            layers.Rescaling(1 / 255),
            layers.Conv2D(3, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(3, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(1, activation="sigmoid"),
        ],
        name="paialunga2020",
    )


def compact(shape: Shape) -> keras.Model:
    """Return our own network, for two CPU cores."""
    height, width, _ = shape
    stride = max(1, round(min(height, width) / 75))
    inputs = keras.Input(shape)
    x = layers.Rescaling(1 / 128, offset=-1)(inputs)
    x = layers.Conv2D(16, 2 * stride + 1, strides=stride, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    for filters in (24, 32, 48):
        x = layers.Conv2D(filters, 3, padding="same", strides=2, use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.Concatenate()([layers.GlobalMaxPooling2D()(x), layers.GlobalAveragePooling2D()(x)])
    x = layers.Dropout(0.3)(x)
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x), name="compact")


NETWORKS: dict[str, Callable[[Shape], keras.Model]] = {"compact": compact, "paialunga2020": paialunga2020}


def build(name: str, shape: Shape) -> keras.Model:
    """Return a network with fresh weights, drawn from Keras' random seed.

    Parameters
    ----------
    name : str
        A key of `NETWORKS`.
    shape : tuple of int
        Height and width, 16 to 1024 pixels each, and channels of the images: 1 (grey) or 3 (RGB).

    Returns
    -------
    keras.Model
        From images (N, H, W, C), uint8 or float, 0 to 255, to scores (N, 1), float32, 0 to 1.
    """
    return NETWORKS[name](shape)
