"""The files of a model that is shipped, besides those of every model."""

NETWORK, CARD, PAGE = "model.tflite", "card.json", "card.md"
