"""One question's way, as one straight corridor: a site, the value of its card, the lines of its maker, the chain."""
