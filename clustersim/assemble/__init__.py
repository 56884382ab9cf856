"""From checked files to what the engine takes; the only place that builds its inputs."""
