"""Hot spots of cases: the places, their counts in steps of time, a run, and what is kept of it."""
