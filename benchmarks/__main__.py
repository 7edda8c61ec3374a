"""`python -m benchmarks`, which is `make bench`."""

if __name__ == "__main__":
    # Imported only here: the process of a side would import it too, and DuckDB, which looks for the file that
    # is being run at its first import, would find none yet and show progress bars as if a person were typing.
    from benchmarks.run import main

    main()
