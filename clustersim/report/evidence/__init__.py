"""Evidence of a result: a folder of everything that it rests on, from which anyone recomputes it."""
