"""Files from outside, read by their content: one importer a kind."""
