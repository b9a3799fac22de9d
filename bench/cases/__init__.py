"""What is asked for, the data, the checks of the results, and fastdist's answers."""
