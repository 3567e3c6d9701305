"""Planning: from a recipe, a machine, a base model and counts of the data to every number of a run, with its reason."""
