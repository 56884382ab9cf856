"""Request serving: replicas with continuous batching, a router, failures, autoscaling, video channels."""
