"""The reference pages: each module here writes one of them from the code itself."""
