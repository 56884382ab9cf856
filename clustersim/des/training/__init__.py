"""Month-long training runs with failures and three-level asynchronous checkpoints, at three fidelities."""
