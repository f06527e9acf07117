"""Servers side by side: what `tests/compare` and `tests/peers/run` share.

`loads`: what the generator is told, and which of its figures count. `servers`: processes that start and end.
`runs`: interleaved repeats, and telling whether other load disturbed one. `results`: medians, ratios, JSON.
"""
