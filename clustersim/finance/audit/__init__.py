"""Audit of printed tables: recompute what can be, and say what does not hold, with the digits as they are printed."""
