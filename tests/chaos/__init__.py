"""Faults on purpose: processes killed and frozen, disks full, power lost, files damaged. `python -m tests.chaos`."""
