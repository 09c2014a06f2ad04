"""How the planners' notebooks are opened and run."""
