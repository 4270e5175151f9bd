"""Background work: the Job row is the truth, huey only carries its id."""
