"""Cutting crops from raw images."""
