"""Where things come from and go to beyond this machine: one file per vendor, knowing no other vendor."""
