"""A card's constants from measured rows, with honest ranges; what a measurement is worth; the kit that measures."""
