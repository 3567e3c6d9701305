"""Things that know nothing of fine-tuning: clock, ids, files, journals, processes, units, HTTP."""
