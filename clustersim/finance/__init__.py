"""From units and prices to statements, cash flow and a target price."""
