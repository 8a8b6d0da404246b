"""Django's test runner that writes down what each test gave (see record.py).

The tests of an application whose tables cannot be made are failed ones, with that reason; with several applications the
process ends with code 3, and the driver runs them one by one.
"""

import os
import sys
import unittest

from django.test.runner import DiscoverRunner

import record

RECORD = record.Record()


def cases(suite):
    """cases - all test cases of a suite, nested ones, too"""
    for part in suite:
        if isinstance(part, unittest.TestSuite):
            yield from cases(part)
        else:
            yield part


class Result(unittest.TextTestResult):
    """Result - writes each test's outcome; stops the run when time is up"""

    classes = None

    def startTest(self, test):
        super().startTest(test)
        RECORD.begin(test.id())

    def stopTest(self, test):
        super().stopTest(test)
        if RECORD.late():
            self.stop()

    def note(self, test, outcome, reason=""):
        """The class of a test that did not begin fails or is left out as a whole: setUpClass (module.Class)."""
        name = test.id()
        if name.startswith(("setUpClass (", "tearDownClass (", "setUpModule (", "tearDownModule (")):
            kind, inside = name.rstrip(")").split(" (", 1)
            for case in self.classes.get(inside, ()):
                if kind.startswith("setUp") or outcome == "failed":
                    RECORD.end(case, outcome, reason)
        else:
            RECORD.end(name, outcome, reason)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note(test, "passed")

    def addError(self, test, err):
        super().addError(test, err)
        self.note(test, "failed", record.reason_of(err[1]))

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, "failed", record.reason_of(err[1]))

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.note(test, "failed", record.reason_of(err[1]))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, "skipped")

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.note(test, "skipped")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.note(test, "passed")


class Runner(DiscoverRunner):
    """Runner - Django's, with Result and without what has ended"""

    def __init__(self, **options):
        if os.environ.get("SUITES_KEEPDB"):
            options["keepdb"] = True
        super().__init__(**options)

    def build_suite(self, *args, **options):
        suite = super().build_suite(*args, **options)
        self.names = {}
        left = []
        for case in cases(suite):
            kind = type(case)
            self.names.setdefault(f"{kind.__module__}.{kind.__qualname__}", []).append(case.id())
            self.names.setdefault(kind.__module__, []).append(case.id())
            if not RECORD.done(case.id()):
                left.append(case)
        Result.classes = self.names
        return self.test_suite(left)

    def get_resultclass(self):
        return Result

    def setup_databases(self, **options):
        try:
            return super().setup_databases(**options)
        except BaseException as error:
            labels = os.environ.get("SUITES_LABELS", "").split()
            if len(labels) > 1:
                print(f"these applications are run one by one: {record.reason_of(error)}")
                sys.stdout.flush()
                os._exit(3)
            for names in self.names.values():
                for name in names:
                    if not RECORD.done(name):
                        RECORD.end(name, "failed", record.reason_of(error))
            raise
