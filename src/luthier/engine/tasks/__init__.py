"""What a worker can be told to do, one readable script each."""
