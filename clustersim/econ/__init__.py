"""What it costs: bill of materials, power, total cost of ownership, unit costs."""
