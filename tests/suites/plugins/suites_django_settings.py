"""Settings of Django's own suite for the server under test."""

import os

_DATABASE = {
    "ENGINE": "django.db.backends.postgresql",
    "HOST": os.environ["PGHOST"],
    "PORT": os.environ["PGPORT"],
    "USER": os.environ["PGUSER"],
    "PASSWORD": os.environ.get("PGPASSWORD", ""),
}
# Where there is no CREATE DATABASE the suite may run in the one there is.
_KEEP = {"TEST": {"NAME": "postgres"}} if os.environ.get("SUITES_KEEPDB") else {}
DATABASES = {
    "default": {**_DATABASE, **_KEEP, "NAME": "postgres"},
    "other": {**_DATABASE, **_KEEP, "NAME": "other"},
}
SECRET_KEY = "tests"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = False
TEST_RUNNER = "record_django.Runner"
