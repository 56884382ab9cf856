"""Discrete events: long training runs, and request serving."""
