"""What-if studies: many runs of the chain, or of one of its stages, on one machine or on a cluster of workers."""
