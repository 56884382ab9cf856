"""The live Excel workbook of a scenario: every calculated cell is a formula whose Python value is cached beside it."""
