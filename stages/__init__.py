"""The pipeline's stages, a page each; run as ``python -m stages.<name>``."""
