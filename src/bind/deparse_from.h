#ifndef DASSIE_BIND_DEPARSE_FROM_H
#define DASSIE_BIND_DEPARSE_FROM_H
/*
 * deparse_from.h - FROM and names of its entries, as the deparser's files share them.
 */
#include "bind/deparse_internal.h"

/* dp_choose_aliases - what each entry is called: unique among its own and outer queries. */
void dp_choose_aliases(DpOut *o, DpNames *n);
/* dp_column_name - the bare name that a column reference is written with. */
const char *dp_column_name(DpOut *o, const Expr *e);
/* dp_from - the FROM clause, nothing when there is none. */
Status dp_from(DpOut *o, const Query *q);
Status dp_values(DpOut *o, const Rte *r);
/* dp_trim - take trailing spaces away. */
void dp_trim(Buf *b);

#endif
