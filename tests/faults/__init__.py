"""Faults that are really injected into a small project whose pipeline has run: ``make faults``.

`reference` makes the project, and `trial` a copy of it for each fault. Every other module holds one kind of fault. Each
function there injects a fault once and returns an `Outcome`. After each fault the next ``dvc repro`` and
``solarflare log`` have to end in the files of the reference, byte for byte.
"""
