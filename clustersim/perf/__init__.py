"""Performance of one step: roofline, memory, parallel plan, step time; serving iteration time."""
