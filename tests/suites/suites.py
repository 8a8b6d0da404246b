"""The suites: which client, at which version, where its tests come from, and what is run of them.

PYTHON "new" is a virtual environment below build/ with the releases of requirements.txt, "debian" is Debian's Python with
Debian's packages. SDIST is the source release the tests are taken from. Each part is a list of paths or of applications.
"""

# Django's applications that use the database, in groups that share the tables' making.
DJANGO = {
    "schema": "introspection inspectdb schema indexes constraints backends",
    "migrations": "migrations migrations2 migrate_signals custom_migration_operations migration_test_data_persistence",
    "postgres": "postgres_tests",
    "fields": "model_fields datatypes datetimes dates timezones field_defaults field_subclassing from_db_value custom_columns"
    " custom_pk generated_pk composite_pk db_functions max_lengths",
    "queries": "queries lookup or_lookups xor_lookups null_queries ordering raw_query extra_regress distinct_on_fields"
    " reverse_lookup string_lookup custom_lookups filtered_relation",
    "expressions": "aggregation aggregation_regress annotations expressions expressions_case expressions_window",
    "writes": "basic bulk_create update update_only_fields force_insert_update delete delete_regress get_or_create transactions"
    " transaction_hooks select_for_update save_delete_hooks order_with_respect_to get_earliest_or_latest empty validation",
    "relations": "many_to_many many_to_one many_to_one_null one_to_one m2m_and_m2o m2m_intermediary m2m_multiple m2m_recursive"
    " m2m_regress m2m_signals m2m_through m2m_through_regress m2o_recursive nested_foreign_keys null_fk null_fk_ordering"
    " foreign_object generic_relations generic_relations_regress mutually_referential known_related_objects reserved_names",
    "models": "defer defer_regress select_related select_related_onetoone select_related_regress prefetch_related"
    " model_inheritance model_inheritance_regress model_regress model_meta model_options model_package model_utils model_indexes"
    " proxy_models proxy_model_inheritance properties managers_regress custom_managers custom_methods signals swappable_models"
    " unmanaged_models expressions_window empty_models multiple_database queryset_pickle str",
    "data": "fixtures fixtures_regress fixtures_model_package serializers cache sessions_tests contenttypes_tests sites_tests"
    " flatpages_tests redirects_tests pagination db_utils",
    "forms": "model_forms model_formsets model_formsets_regress inline_formsets generic_inline_admin generic_views forms_tests"
    " syndication_tests sitemaps_tests test_client test_client_regress test_utils async",
    "auth": "auth_tests admin_changelist admin_custom_urls admin_docs admin_filters admin_inlines admin_ordering admin_utils"
    " admin_widgets modeladmin",
    "admin": "admin_views",
}


def sqlalchemy(driver, parts=None, python="new", sdist="sqlalchemy==2.0.58"):
    return {
        "client": f"SQLAlchemy {sdist.split('==')[1]}, {driver}",
        "kind": "sqlalchemy",
        "python": python,
        "sdist": sdist,
        "driver": driver,
        "parts": parts or {"dialect": ["test/dialect/test_suite.py"]},
    }


def django(version, python):
    return {
        "client": f"Django {version}",
        "kind": "django",
        "python": python,
        "sdist": f"django=={version}",
        "parts": {name: apps.split() for name, apps in DJANGO.items()},
    }


SHORT = "sqlalchemy-suite"

SUITES = {
    # The compliance suite as it comes with Debian's package, which needs nothing from elsewhere: ./test runs it.
    "sqlalchemy-suite": {
        "client": "SQLAlchemy 1.4.46 (sqlalchemy.testing.suite), psycopg2",
        "kind": "sqlalchemy",
        "python": "debian",
        "sdist": None,
        "driver": "psycopg2",
        "parts": {"dialect": ["test_suite.py"]},
    },
    "sqlalchemy-2": sqlalchemy(
        "psycopg2", {"dialect": ["test/dialect/test_suite.py"], "postgresql": ["test/dialect/postgresql"]}
    ),
    "sqlalchemy-2-psycopg": sqlalchemy("psycopg"),
    "sqlalchemy-2-asyncpg": sqlalchemy("asyncpg"),
    "sqlalchemy-2-pg8000": sqlalchemy("pg8000"),
    "sqlalchemy-1.4": sqlalchemy("psycopg2", python="debian", sdist="sqlalchemy==1.4.46"),
    "alembic": {
        "client": "Alembic 1.20.1, psycopg2",
        "kind": "alembic",
        "python": "new",
        "sdist": "alembic==1.20.1",
        "driver": "psycopg2",
        "parts": {"all": ["tests"]},
    },
    "flask-sqlalchemy": {
        "client": "Flask-SQLAlchemy 3.1.1, psycopg2",
        "kind": "flask",
        "python": "new",
        "sdist": "flask-sqlalchemy==3.1.1",
        "driver": "psycopg2",
        "parts": {"all": ["tests"]},
    },
    "django-5.2": django("5.2.19", "new"),
    "django-3.2": django("3.2.25", "debian"),
    "psycopg2": {
        "client": "psycopg2 2.9.13",
        "kind": "pytest",
        "python": "new",
        "sdist": "psycopg2==2.9.13",
        "tests": "tests",
        "parts": {"all": ["tests"]},
    },
    "asyncpg": {
        "client": "asyncpg 0.32.0",
        "kind": "pytest",
        "python": "new",
        "sdist": "asyncpg==0.32.0",
        "tests": "tests",
        "parts": {"all": ["tests"]},
    },
    "pg8000": {
        "client": "pg8000 1.31.6",
        "kind": "pytest",
        "python": "new",
        "sdist": "pg8000==1.31.6",
        "tests": "test",
        "parts": {"dbapi": ["test/dbapi"], "native": ["test/native"], "legacy": ["test/legacy"]},
    },
}
