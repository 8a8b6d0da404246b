#ifndef DASSIE_PLPGSQL_H
#define DASSIE_PLPGSQL_H
/*
 * plpgsql.h - functions, procedures, trigger functions and DO blocks in PL/pgSQL.
 *
 * One table of handlers for src/func: a text is parsed once a session, its SQL bound and planned
 * when it is first met, and run for each call. One thread, that of the session's statement.
 */
#include "func/run.h"

extern const FuncLanguage PLPGSQL_LANGUAGE;

#endif
