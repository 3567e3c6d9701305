"""Our sides of rows that are measured in a process of their own."""
