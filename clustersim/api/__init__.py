"""The public face: a scenario, a company, a study or a file asked in Python. See docs/api.md.

Nothing is computed here: each method hands its question to the room that answers it, and gives back an ``Answer``.
"""
