"""Run the client tests and end with the line ./test reads. Arguments: names of files, classes or tests."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def main():
    loader = unittest.TestLoader()
    if len(sys.argv) > 1:
        suite = loader.loadTestsFromNames(sys.argv[1:])
    else:
        suite = loader.discover(os.path.dirname(os.path.abspath(__file__)))
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    failed = len({str(test) for test, _ in result.failures + result.errors}) + len(result.unexpectedSuccesses)
    print(f"{max(result.testsRun - failed, 0)} passed, {failed} failed")
    return 0 if result.testsRun > 0 and failed == 0 else 1


sys.exit(main())
