"""Tries to predict labels from anything but the Sun.

Start with `audit`; `probes` makes the numbers that it tries.
"""
