"""clustersim: from a GPGPU hardware profile to cluster throughput, cost per token and a target price."""

__version__ = "0.1.0"
