"""The checks of the doctor that need no workspace: from a machine and what is installed to points with advice."""
