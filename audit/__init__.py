"""The auditor's verifier: a second implementation in the standard library alone."""

if __name__ == "__main__":
    raise SystemExit("a part of the verifier, which checks nothing by itself: run the folder")
