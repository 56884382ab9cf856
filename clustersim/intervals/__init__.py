"""How far predictions are from what was measured, by the maturity of the software: bands, draws, coverage."""
