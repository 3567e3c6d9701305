"""Decides when: loops that claim runs, start workers, watch them and recover."""
