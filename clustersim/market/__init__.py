"""What a card is worth to its buyer, and what that does to its price and the units sold."""
