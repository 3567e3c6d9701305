"""HTTP: the JSON API and the pages, over one workspace."""
