"""The network: topology, collective times, contention, placement. Plain floats and arrays only."""
