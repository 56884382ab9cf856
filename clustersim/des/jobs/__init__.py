"""Many jobs and services on one site: a queue, a policy, servers that fail, and an account of every card-second."""
