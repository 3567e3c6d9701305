"""How things look in a terminal: values in, Rich renderables out. Nothing here asks the workspace anything."""
