"""Questions asked backwards: how many cards, which plan, what price breaks even."""
