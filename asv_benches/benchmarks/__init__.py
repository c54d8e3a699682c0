"""The benchmarks, derived from the declarations; in all of them the backend "numpy" is plain NumPy."""
