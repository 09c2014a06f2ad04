"""What the service stands on: the cluster, the processes, backup, and what this machine lacks."""
