/*
 * parser.c - the default parser: a state machine with a stack of positions to go back to.
 *
 * A rule of a state tests the current character. What it does besides going to another state:
 *   PUSH   remember this position; a POP comes back to it, and on to the rule after the one that
 *          pushed
 *   CLEAR  forget the position remembered last: there is no way back to it any more
 *   CLEAR_ALL  likewise all of them
 *   MERGE  go on from here as what was remembered
 *   FOUND  the token is complete
 *   AGAIN  look at the same character in the new state
 * Everything else steps over the character. Rules are tried in order; the last fits always. Outside
 * of ASCII every character is a letter, as it is in the C locale.
 */
#include "tsearch/parser.h"

enum { PUSH = 1, POP = 2, CLEAR = 4, CLEAR_ALL = 8, MERGE = 16, FOUND = 32, AGAIN = 64, STEP = 0 };

enum {
    BASE,
    NUMWORD,
    ASCIIWORD,
    WORD,
    UINT,
    SIGN,
    INT,
    SPACE,
    UFLOAT_DOT,
    UFLOAT,
    FLOAT_DOT,
    FLOAT,
    VERSION_DOT,
    VERSION,
    EXPONENT_FIRST,
    EXPONENT_SIGN,
    EXPONENT,
    ENTITY_FIRST,
    ENTITY,
    ENTITY_NUMBER_FIRST,
    ENTITY_NUMBER,
    ENTITY_HEX_FIRST,
    ENTITY_HEX,
    ENTITY_END,
    TAG_FIRST,
    XML_BEGIN,
    TAG_CLOSE,
    TAG_NAME,
    TAG_EMPTY,
    TAG,
    TAG_QUOTED,
    TAG_DQUOTED,
    TAG_ESCAPED,
    TAG_END,
    COMMENT_FIRST,
    COMMENT_SECOND,
    COMMENT,
    COMMENT_CLOSE_FIRST,
    COMMENT_CLOSE_SECOND,
    COMMENT_END,
    HOST_DOMAIN_FIRST,
    HOST_DOMAIN_SECOND,
    HOST_DOMAIN,
    PORT_FIRST,
    PORT,
    HOST_NAME_FIRST,
    HOST,
    EMAIL,
    FILE_FIRST,
    FILE_HOME,
    PATH_FIRST,
    PATH_START,
    PATH_SECOND,
    PATH,
    FILE_DOT,
    URL_PATH_FIRST,
    URL_PATH_START,
    URL_PATH,
    URL,
    PROTOCOL_FIRST,
    PROTOCOL_SECOND,
    PROTOCOL_END,
    ASCIIHWORD_FIRST,
    ASCIIHWORD,
    HWORD_FIRST,
    HWORD,
    NUMHWORD_FIRST,
    NUMHWORD,
    HYPHEN_DIGIT,
    PARTS,
    PARTS_HYPHEN,
    PART,
    ASCIIPART,
    NUMPART,
    PART_UINT,
    STATES,
    SAME = STATES, /* no other state */
};

typedef enum Test {
    ELSE, /* always */
    END,
    CHAR,
    LETTER, /* of ASCII */
    ALPHA,
    ALNUM,
    DIGIT,
    HEX,
    BLANK,
    OTHER,    /* neither letter nor digit */
    HIDDEN,   /* within a script or a style sheet */
    URL_CHAR, /* one that may stand in the path of a URL */
    ONLY_HOST,
    HOST_FOLLOWS,
    PATH_FOLLOWS,
} Test;

typedef enum Special { NONE, TAGS, REWIND_URL, REWIND } Special;

typedef struct Rule {
    uint8_t test, flags, to, token, special;
    char c;
} Rule;

#define ON(test, flags, to)                                                                        \
    {                                                                                              \
        test, flags, to, 0, NONE, 0                                                                \
    }
#define IF(c, flags, to)                                                                           \
    {                                                                                              \
        CHAR, flags, to, 0, NONE, c                                                                \
    }
#define TOKEN(test, more, to, token)                                                               \
    {                                                                                              \
        test, FOUND | (more), to, token, NONE, 0                                                   \
    }
#define TOKEN_IF(c, more, to, token)                                                               \
    {                                                                                              \
        CHAR, FOUND | (more), to, token, NONE, c                                                   \
    }
#define GIVE_UP        ON(ELSE, POP, SAME)
#define AT_END_GIVE_UP ON(END, POP, SAME)

static const Rule R_BASE[] = {
    ON(END, STEP, SAME),         IF('<', PUSH, TAG_FIRST),  ON(HIDDEN, STEP, SPACE),
    ON(LETTER, STEP, ASCIIWORD), ON(ALPHA, STEP, WORD),     ON(DIGIT, STEP, UINT),
    IF('-', PUSH, SIGN),         IF('+', PUSH, SIGN),       IF('&', PUSH, ENTITY_FIRST),
    IF('~', PUSH, FILE_HOME),    IF('/', PUSH, FILE_FIRST), IF('.', PUSH, PATH_START),
    ON(ELSE, STEP, SPACE)};
static const Rule R_NUMWORD[] = {
    TOKEN(END, 0, BASE, TS_NUMWORD), ON(ALNUM, STEP, NUMWORD), IF('@', PUSH, EMAIL),
    IF('/', PUSH, FILE_FIRST),       IF('.', PUSH, FILE_DOT),  IF('-', PUSH, NUMHWORD_FIRST),
    TOKEN(ELSE, 0, BASE, TS_NUMWORD)};
static const Rule R_ASCIIWORD[] = {TOKEN(END, 0, BASE, TS_ASCIIWORD),
                                   ON(LETTER, STEP, SAME),
                                   IF('.', PUSH, HOST_DOMAIN_FIRST),
                                   IF('.', PUSH, FILE_DOT),
                                   IF('-', PUSH, HOST_NAME_FIRST),
                                   IF('-', PUSH, ASCIIHWORD_FIRST),
                                   IF('_', PUSH, HOST_NAME_FIRST),
                                   IF('@', PUSH, EMAIL),
                                   IF(':', PUSH, PROTOCOL_FIRST),
                                   IF('/', PUSH, FILE_FIRST),
                                   ON(DIGIT, PUSH, HOST),
                                   ON(DIGIT, STEP, NUMWORD),
                                   ON(ALPHA, STEP, WORD),
                                   TOKEN(ELSE, 0, BASE, TS_ASCIIWORD)};
static const Rule R_WORD[] = {TOKEN(END, 0, BASE, TS_WORD), ON(ALPHA, STEP, SAME),
                              ON(DIGIT, STEP, NUMWORD), IF('-', PUSH, HWORD_FIRST),
                              TOKEN(ELSE, 0, BASE, TS_WORD)};
static const Rule R_UINT[] = {TOKEN(END, 0, BASE, TS_UINT),
                              ON(DIGIT, STEP, SAME),
                              IF('.', PUSH, HOST_DOMAIN_FIRST),
                              IF('.', PUSH, UFLOAT_DOT),
                              IF('e', PUSH, EXPONENT_FIRST),
                              IF('E', PUSH, EXPONENT_FIRST),
                              IF('-', PUSH, HOST_NAME_FIRST),
                              IF('_', PUSH, HOST_NAME_FIRST),
                              IF('@', PUSH, EMAIL),
                              ON(LETTER, PUSH, HOST),
                              ON(ALPHA, STEP, NUMWORD),
                              IF('/', PUSH, FILE_FIRST),
                              TOKEN(ELSE, 0, BASE, TS_UINT)};
static const Rule R_SIGN[] = {AT_END_GIVE_UP, ON(DIGIT, CLEAR, INT), GIVE_UP};
static const Rule R_INT[] = {TOKEN(END, 0, BASE, TS_INT),   ON(DIGIT, STEP, SAME),
                             IF('.', PUSH, FLOAT_DOT),      IF('e', PUSH, EXPONENT_FIRST),
                             IF('E', PUSH, EXPONENT_FIRST), TOKEN(ELSE, 0, BASE, TS_INT)};
static const Rule R_SPACE[] = {TOKEN(END, 0, BASE, TS_BLANK),    TOKEN_IF('<', 0, BASE, TS_BLANK),
                               ON(HIDDEN, STEP, SAME),           TOKEN_IF('-', 0, BASE, TS_BLANK),
                               TOKEN_IF('+', 0, BASE, TS_BLANK), TOKEN_IF('&', 0, BASE, TS_BLANK),
                               TOKEN_IF('/', 0, BASE, TS_BLANK), ON(OTHER, STEP, SPACE),
                               TOKEN(ELSE, 0, BASE, TS_BLANK)};
static const Rule R_UFLOAT_DOT[] = {AT_END_GIVE_UP, ON(DIGIT, CLEAR, UFLOAT), GIVE_UP};
static const Rule R_UFLOAT[] = {TOKEN(END, 0, BASE, TS_FLOAT), ON(DIGIT, STEP, UFLOAT),
                                IF('.', PUSH, VERSION_DOT),    IF('e', PUSH, EXPONENT_FIRST),
                                IF('E', PUSH, EXPONENT_FIRST), TOKEN(ELSE, 0, BASE, TS_FLOAT)};
static const Rule R_FLOAT_DOT[] = {AT_END_GIVE_UP, ON(DIGIT, CLEAR, FLOAT), GIVE_UP};
static const Rule R_FLOAT[] = {TOKEN(END, 0, BASE, TS_FLOAT), ON(DIGIT, STEP, FLOAT),
                               IF('e', PUSH, EXPONENT_FIRST), IF('E', PUSH, EXPONENT_FIRST),
                               TOKEN(ELSE, 0, BASE, TS_FLOAT)};
static const Rule R_VERSION_DOT[] = {AT_END_GIVE_UP, ON(DIGIT, CLEAR, VERSION), GIVE_UP};
static const Rule R_VERSION[] = {TOKEN(END, 0, BASE, TS_VERSION), ON(DIGIT, STEP, VERSION),
                                 IF('.', PUSH, VERSION_DOT), TOKEN(ELSE, 0, BASE, TS_VERSION)};
static const Rule R_EXPONENT_FIRST[] = {AT_END_GIVE_UP, ON(DIGIT, CLEAR, EXPONENT),
                                        IF('+', STEP, EXPONENT_SIGN), IF('-', STEP, EXPONENT_SIGN),
                                        GIVE_UP};
static const Rule R_EXPONENT_SIGN[] = {AT_END_GIVE_UP, ON(DIGIT, CLEAR, EXPONENT), GIVE_UP};
static const Rule R_EXPONENT[] = {TOKEN(END, 0, BASE, TS_SFLOAT), ON(DIGIT, STEP, EXPONENT),
                                  TOKEN(ELSE, 0, BASE, TS_SFLOAT)};

/* ---- entities and tags ---- */
static const Rule R_ENTITY_FIRST[] = {AT_END_GIVE_UP,           IF('#', STEP, ENTITY_NUMBER_FIRST),
                                      ON(LETTER, STEP, ENTITY), IF(':', STEP, ENTITY),
                                      IF('_', STEP, ENTITY),    GIVE_UP};
static const Rule R_ENTITY[] = {AT_END_GIVE_UP,
                                ON(ALNUM, STEP, ENTITY),
                                IF(':', STEP, ENTITY),
                                IF('_', STEP, ENTITY),
                                IF('.', STEP, ENTITY),
                                IF('-', STEP, ENTITY),
                                IF(';', STEP, ENTITY_END),
                                GIVE_UP};
static const Rule R_ENTITY_NUMBER_FIRST[] = {AT_END_GIVE_UP, IF('x', STEP, ENTITY_HEX_FIRST),
                                             IF('X', STEP, ENTITY_HEX_FIRST),
                                             ON(DIGIT, STEP, ENTITY_NUMBER), GIVE_UP};
static const Rule R_ENTITY_NUMBER[] = {AT_END_GIVE_UP, ON(DIGIT, STEP, ENTITY_NUMBER),
                                       IF(';', STEP, ENTITY_END), GIVE_UP};
static const Rule R_ENTITY_HEX_FIRST[] = {AT_END_GIVE_UP, ON(HEX, STEP, ENTITY_HEX), GIVE_UP};
static const Rule R_ENTITY_HEX[] = {AT_END_GIVE_UP, ON(HEX, STEP, ENTITY_HEX),
                                    IF(';', STEP, ENTITY_END), GIVE_UP};
static const Rule R_ENTITY_END[] = {TOKEN(ELSE, CLEAR, BASE, TS_ENTITY)};
static const Rule R_TAG_FIRST[] = {AT_END_GIVE_UP,
                                   IF('/', PUSH, TAG_CLOSE),
                                   IF('!', PUSH, COMMENT_FIRST),
                                   IF('?', PUSH, XML_BEGIN),
                                   ON(LETTER, PUSH, TAG_NAME),
                                   IF(':', PUSH, TAG_NAME),
                                   IF('_', PUSH, TAG_NAME),
                                   GIVE_UP};
static const Rule R_XML_BEGIN[] = {AT_END_GIVE_UP, IF('x', STEP, TAG), GIVE_UP};
static const Rule R_TAG_CLOSE[] = {AT_END_GIVE_UP, ON(LETTER, STEP, TAG_NAME), GIVE_UP};
static const Rule R_TAG_NAME[] = {AT_END_GIVE_UP,
                                  IF('/', STEP, TAG_EMPTY),
                                  {CHAR, STEP, TAG_END, 0, TAGS, '>'},
                                  {BLANK, STEP, TAG, 0, TAGS, 0},
                                  ON(ALNUM, STEP, SAME),
                                  IF(':', STEP, SAME),
                                  IF('_', STEP, SAME),
                                  IF('.', STEP, SAME),
                                  IF('-', STEP, SAME),
                                  GIVE_UP};
static const Rule R_TAG_EMPTY[] = {AT_END_GIVE_UP, IF('>', STEP, TAG_END), GIVE_UP};
static const Rule R_TAG[] = {AT_END_GIVE_UP,
                             {CHAR, STEP, TAG_END, 0, TAGS, '>'},
                             IF('\'', STEP, TAG_QUOTED),
                             IF('"', STEP, TAG_DQUOTED),
                             ON(LETTER, STEP, SAME),
                             ON(DIGIT, STEP, SAME),
                             IF('=', STEP, SAME),
                             IF('-', STEP, SAME),
                             IF('_', STEP, SAME),
                             IF('#', STEP, SAME),
                             IF('/', STEP, SAME),
                             IF(':', STEP, SAME),
                             IF('.', STEP, SAME),
                             IF('&', STEP, SAME),
                             IF('?', STEP, SAME),
                             IF('%', STEP, SAME),
                             IF('~', STEP, SAME),
                             {BLANK, STEP, SAME, 0, TAGS, 0},
                             GIVE_UP};
static const Rule R_TAG_QUOTED[] = {AT_END_GIVE_UP, IF('\\', PUSH, TAG_ESCAPED),
                                    IF('\'', STEP, TAG), ON(ELSE, STEP, TAG_QUOTED)};
static const Rule R_TAG_DQUOTED[] = {AT_END_GIVE_UP, IF('\\', PUSH, TAG_ESCAPED),
                                     IF('"', STEP, TAG), ON(ELSE, STEP, TAG_DQUOTED)};
static const Rule R_TAG_ESCAPED[] = {AT_END_GIVE_UP, ON(ELSE, MERGE, SAME)};
static const Rule R_TAG_END[] = {TOKEN(ELSE, CLEAR_ALL, BASE, TS_TAG)};
static const Rule R_COMMENT_FIRST[] = {AT_END_GIVE_UP, IF('-', STEP, COMMENT_SECOND),
                                       IF('D', STEP, TAG), IF('d', STEP, TAG), GIVE_UP};
static const Rule R_COMMENT_SECOND[] = {AT_END_GIVE_UP, IF('-', STEP, COMMENT), GIVE_UP};
static const Rule R_COMMENT[] = {AT_END_GIVE_UP, IF('-', STEP, COMMENT_CLOSE_FIRST),
                                 ON(ELSE, STEP, SAME)};
static const Rule R_COMMENT_CLOSE_FIRST[] = {AT_END_GIVE_UP, IF('-', STEP, COMMENT_CLOSE_SECOND),
                                             ON(ELSE, STEP, COMMENT)};
static const Rule R_COMMENT_CLOSE_SECOND[] = {AT_END_GIVE_UP, IF('-', STEP, SAME),
                                              IF('>', STEP, COMMENT_END), ON(ELSE, STEP, COMMENT)};
static const Rule R_COMMENT_END[] = {TOKEN(ELSE, CLEAR_ALL, BASE, TS_TAG)};

/* ---- hosts, addresses, files ---- */
static const Rule R_HOST_DOMAIN_FIRST[] = {AT_END_GIVE_UP, ON(LETTER, STEP, HOST_DOMAIN_SECOND),
                                           ON(DIGIT, STEP, HOST), GIVE_UP};
static const Rule R_HOST_DOMAIN_SECOND[] = {AT_END_GIVE_UP,
                                            ON(LETTER, STEP, HOST_DOMAIN),
                                            ON(DIGIT, PUSH, HOST),
                                            IF('-', PUSH, HOST_NAME_FIRST),
                                            IF('_', PUSH, HOST_NAME_FIRST),
                                            IF('.', PUSH, HOST_DOMAIN_FIRST),
                                            IF('@', PUSH, EMAIL),
                                            GIVE_UP};
static const Rule R_HOST_DOMAIN[] = {TOKEN(END, CLEAR_ALL, BASE, TS_HOST),
                                     ON(LETTER, STEP, HOST_DOMAIN),
                                     ON(DIGIT, PUSH, HOST),
                                     IF(':', PUSH, PORT_FIRST),
                                     IF('-', PUSH, HOST_NAME_FIRST),
                                     IF('_', PUSH, HOST_NAME_FIRST),
                                     IF('.', PUSH, HOST_DOMAIN_FIRST),
                                     IF('@', PUSH, EMAIL),
                                     ON(DIGIT, POP, SAME),
                                     TOKEN(ONLY_HOST, CLEAR_ALL, URL_PATH_START, TS_HOST),
                                     IF('/', PUSH, URL),
                                     TOKEN(ELSE, CLEAR_ALL, BASE, TS_HOST)};
static const Rule R_PORT_FIRST[] = {AT_END_GIVE_UP, ON(DIGIT, STEP, PORT), GIVE_UP};
static const Rule R_PORT[] = {TOKEN(END, CLEAR_ALL, BASE, TS_HOST), ON(DIGIT, STEP, PORT),
                              TOKEN(ONLY_HOST, CLEAR_ALL, URL_PATH_START, TS_HOST),
                              IF('/', PUSH, URL), TOKEN(ELSE, CLEAR_ALL, BASE, TS_HOST)};
static const Rule R_HOST_NAME_FIRST[] = {AT_END_GIVE_UP, ON(DIGIT, STEP, HOST),
                                         ON(LETTER, STEP, HOST), GIVE_UP};
static const Rule R_HOST[] = {AT_END_GIVE_UP,
                              ON(DIGIT, STEP, HOST),
                              ON(LETTER, STEP, HOST),
                              IF('@', PUSH, EMAIL),
                              IF('.', PUSH, HOST_DOMAIN_FIRST),
                              IF('-', PUSH, HOST_NAME_FIRST),
                              IF('_', PUSH, HOST_NAME_FIRST),
                              GIVE_UP};
static const Rule R_EMAIL[] = {ON(ONLY_HOST, POP, SAME),
                               TOKEN(HOST_FOLLOWS, CLEAR_ALL, BASE, TS_EMAIL), GIVE_UP};
static const Rule R_FILE_FIRST[] = {AT_END_GIVE_UP,
                                    ON(LETTER, STEP, PATH),
                                    ON(DIGIT, STEP, PATH),
                                    IF('.', STEP, PATH_FIRST),
                                    IF('_', STEP, PATH),
                                    IF('~', PUSH, FILE_HOME),
                                    GIVE_UP};
static const Rule R_FILE_HOME[] = {
    AT_END_GIVE_UP,      ON(LETTER, STEP, PATH),    ON(DIGIT, STEP, PATH),
    IF('_', STEP, PATH), IF('/', STEP, FILE_FIRST), GIVE_UP};
static const Rule R_PATH_FIRST[] = {AT_END_GIVE_UP,
                                    ON(LETTER, STEP, PATH),
                                    ON(DIGIT, STEP, PATH),
                                    IF('_', STEP, PATH),
                                    IF('.', STEP, PATH_SECOND),
                                    IF('/', STEP, FILE_FIRST),
                                    GIVE_UP};
static const Rule R_PATH_START[] = {AT_END_GIVE_UP, IF('.', STEP, PATH_SECOND),
                                    IF('/', STEP, FILE_FIRST), GIVE_UP};
static const Rule R_PATH_SECOND[] = {TOKEN(END, CLEAR, BASE, TS_FILE), IF('/', PUSH, FILE_FIRST),
                                     TOKEN_IF('/', CLEAR, BASE, TS_FILE),
                                     TOKEN(BLANK, CLEAR, BASE, TS_FILE), GIVE_UP};
static const Rule R_PATH[] = {TOKEN(END, 0, BASE, TS_FILE), ON(LETTER, STEP, PATH),
                              ON(DIGIT, STEP, PATH),        IF('.', PUSH, FILE_DOT),
                              IF('_', STEP, PATH),          IF('-', STEP, PATH),
                              IF('/', PUSH, FILE_FIRST),    TOKEN(ELSE, 0, BASE, TS_FILE)};
static const Rule R_FILE_DOT[] = {AT_END_GIVE_UP, ON(LETTER, CLEAR, PATH), ON(DIGIT, CLEAR, PATH),
                                  IF('_', CLEAR, PATH), GIVE_UP};
static const Rule R_URL_PATH_FIRST[] = {AT_END_GIVE_UP, ON(URL_CHAR, STEP, URL_PATH), GIVE_UP};
static const Rule R_URL_PATH_START[] = {ON(ELSE, STEP, URL_PATH)};
static const Rule R_URL_PATH[] = {TOKEN(END, 0, BASE, TS_URL_PATH), ON(URL_CHAR, STEP, URL_PATH),
                                  TOKEN(ELSE, 0, BASE, TS_URL_PATH)};
static const Rule R_URL[] = {
    AT_END_GIVE_UP, {PATH_FOLLOWS, FOUND | CLEAR_ALL, BASE, TS_URL, REWIND_URL, 0}, GIVE_UP};
static const Rule R_PROTOCOL_FIRST[] = {AT_END_GIVE_UP, IF('/', STEP, PROTOCOL_SECOND), GIVE_UP};
static const Rule R_PROTOCOL_SECOND[] = {AT_END_GIVE_UP, IF('/', STEP, PROTOCOL_END), GIVE_UP};
static const Rule R_PROTOCOL_END[] = {TOKEN(ELSE, CLEAR_ALL, BASE, TS_PROTOCOL)};

/* ---- words with hyphens: the whole, then its parts from the beginning ---- */
#define WHOLE(test, token)                                                                         \
    {                                                                                              \
        test, FOUND | CLEAR_ALL, PARTS, token, REWIND, 0                                           \
    }
static const Rule R_ASCIIHWORD_FIRST[] = {AT_END_GIVE_UP, ON(LETTER, STEP, ASCIIHWORD),
                                          ON(ALPHA, STEP, HWORD), ON(DIGIT, STEP, HYPHEN_DIGIT),
                                          GIVE_UP};
static const Rule R_ASCIIHWORD[] = {WHOLE(END, TS_ASCIIHWORD),       ON(LETTER, STEP, ASCIIHWORD),
                                    ON(ALPHA, STEP, HWORD),          ON(DIGIT, STEP, NUMHWORD),
                                    IF('-', PUSH, ASCIIHWORD_FIRST), WHOLE(ELSE, TS_ASCIIHWORD)};
static const Rule R_HWORD_FIRST[] = {AT_END_GIVE_UP, ON(ALPHA, STEP, HWORD),
                                     ON(DIGIT, STEP, HYPHEN_DIGIT), GIVE_UP};
static const Rule R_HWORD[] = {WHOLE(END, TS_HWORD), ON(ALPHA, STEP, HWORD),
                               ON(DIGIT, STEP, NUMHWORD), IF('-', PUSH, HWORD_FIRST),
                               WHOLE(ELSE, TS_HWORD)};
static const Rule R_NUMHWORD_FIRST[] = {AT_END_GIVE_UP, ON(ALPHA, STEP, NUMHWORD),
                                        ON(DIGIT, STEP, HYPHEN_DIGIT), GIVE_UP};
static const Rule R_NUMHWORD[] = {WHOLE(END, TS_NUMHWORD), ON(ALNUM, STEP, NUMHWORD),
                                  IF('-', PUSH, NUMHWORD_FIRST), WHOLE(ELSE, TS_NUMHWORD)};
static const Rule R_HYPHEN_DIGIT[] = {AT_END_GIVE_UP, ON(DIGIT, STEP, SAME),
                                      ON(ALPHA, STEP, NUMHWORD), GIVE_UP};
static const Rule R_PARTS[] = {ON(END, AGAIN, BASE),        ON(LETTER, STEP, ASCIIPART),
                               ON(ALPHA, STEP, PART),       ON(DIGIT, PUSH, PART_UINT),
                               IF('-', PUSH, PARTS_HYPHEN), ON(ELSE, AGAIN, BASE)};
static const Rule R_PARTS_HYPHEN[] = {AT_END_GIVE_UP, TOKEN(ALNUM, CLEAR, PARTS, TS_BLANK),
                                      GIVE_UP};
static const Rule R_PART[] = {TOKEN(END, 0, BASE, TS_HWORD_PART), ON(ALPHA, STEP, SAME),
                              ON(DIGIT, STEP, NUMPART), TOKEN(ELSE, 0, PARTS, TS_HWORD_PART)};
static const Rule R_ASCIIPART[] = {TOKEN(END, 0, BASE, TS_HWORD_ASCIIPART), ON(LETTER, STEP, SAME),
                                   ON(ALPHA, STEP, PART), ON(DIGIT, STEP, NUMPART),
                                   TOKEN(ELSE, 0, PARTS, TS_HWORD_ASCIIPART)};
static const Rule R_NUMPART[] = {TOKEN(END, 0, BASE, TS_HWORD_NUMPART), ON(ALNUM, STEP, SAME),
                                 TOKEN(ELSE, 0, PARTS, TS_HWORD_NUMPART)};
static const Rule R_PART_UINT[] = {AT_END_GIVE_UP, ON(DIGIT, STEP, SAME), ON(ALPHA, CLEAR, NUMPART),
                                   GIVE_UP};

#define STATE(name) [name] = R_##name
static const Rule *const RULES[STATES] = {
    STATE(BASE),
    STATE(NUMWORD),
    STATE(ASCIIWORD),
    STATE(WORD),
    STATE(UINT),
    STATE(SIGN),
    STATE(INT),
    STATE(SPACE),
    STATE(UFLOAT_DOT),
    STATE(UFLOAT),
    STATE(FLOAT_DOT),
    STATE(FLOAT),
    STATE(VERSION_DOT),
    STATE(VERSION),
    STATE(EXPONENT_FIRST),
    STATE(EXPONENT_SIGN),
    STATE(EXPONENT),
    STATE(ENTITY_FIRST),
    STATE(ENTITY),
    STATE(ENTITY_NUMBER_FIRST),
    STATE(ENTITY_NUMBER),
    STATE(ENTITY_HEX_FIRST),
    STATE(ENTITY_HEX),
    STATE(ENTITY_END),
    STATE(TAG_FIRST),
    STATE(XML_BEGIN),
    STATE(TAG_CLOSE),
    STATE(TAG_NAME),
    STATE(TAG_EMPTY),
    STATE(TAG),
    STATE(TAG_QUOTED),
    STATE(TAG_DQUOTED),
    STATE(TAG_ESCAPED),
    STATE(TAG_END),
    STATE(COMMENT_FIRST),
    STATE(COMMENT_SECOND),
    STATE(COMMENT),
    STATE(COMMENT_CLOSE_FIRST),
    STATE(COMMENT_CLOSE_SECOND),
    STATE(COMMENT_END),
    STATE(HOST_DOMAIN_FIRST),
    STATE(HOST_DOMAIN_SECOND),
    STATE(HOST_DOMAIN),
    STATE(PORT_FIRST),
    STATE(PORT),
    STATE(HOST_NAME_FIRST),
    STATE(HOST),
    STATE(EMAIL),
    STATE(FILE_FIRST),
    STATE(FILE_HOME),
    STATE(PATH_FIRST),
    STATE(PATH_START),
    STATE(PATH_SECOND),
    STATE(PATH),
    STATE(FILE_DOT),
    STATE(URL_PATH_FIRST),
    STATE(URL_PATH_START),
    STATE(URL_PATH),
    STATE(URL),
    STATE(PROTOCOL_FIRST),
    STATE(PROTOCOL_SECOND),
    STATE(PROTOCOL_END),
    STATE(ASCIIHWORD_FIRST),
    STATE(ASCIIHWORD),
    STATE(HWORD_FIRST),
    STATE(HWORD),
    STATE(NUMHWORD_FIRST),
    STATE(NUMHWORD),
    STATE(HYPHEN_DIGIT),
    STATE(PARTS),
    STATE(PARTS_HYPHEN),
    STATE(PART),
    STATE(ASCIIPART),
    STATE(NUMPART),
    STATE(PART_UINT),
};

const TsTokenName TS_TOKEN_NAMES[TS_TOKEN_LAST + 1] = {
    [TS_ASCIIWORD] = {"asciiword", "Word, all ASCII"},
    [TS_WORD] = {"word", "Word, all letters"},
    [TS_NUMWORD] = {"numword", "Word, letters and digits"},
    [TS_EMAIL] = {"email", "Email address"},
    [TS_URL] = {"url", "URL"},
    [TS_HOST] = {"host", "Host"},
    [TS_SFLOAT] = {"sfloat", "Scientific notation"},
    [TS_VERSION] = {"version", "Version number"},
    [TS_HWORD_NUMPART] = {"hword_numpart", "Hyphenated word part, letters and digits"},
    [TS_HWORD_PART] = {"hword_part", "Hyphenated word part, all letters"},
    [TS_HWORD_ASCIIPART] = {"hword_asciipart", "Hyphenated word part, all ASCII"},
    [TS_BLANK] = {"blank", "Space symbols"},
    [TS_TAG] = {"tag", "XML tag"},
    [TS_PROTOCOL] = {"protocol", "Protocol head"},
    [TS_NUMHWORD] = {"numhword", "Hyphenated word, letters and digits"},
    [TS_ASCIIHWORD] = {"asciihword", "Hyphenated word, all ASCII"},
    [TS_HWORD] = {"hword", "Hyphenated word, all letters"},
    [TS_URL_PATH] = {"url_path", "URL path"},
    [TS_FILE] = {"file", "File or path name"},
    [TS_FLOAT] = {"float", "Decimal notation"},
    [TS_INT] = {"int", "Signed integer"},
    [TS_UINT] = {"uint", "Unsigned integer"},
    [TS_ENTITY] = {"entity", "XML entity"},
};

/* ---- the machine ---- */

#define HOSTS_WITHIN_MAX 200 /* addresses that are looked for within each other */

/* Place - where the machine is, or was: rule is the one to go on with after a POP. */
typedef struct Place {
    size_t at, token_bytes, char_bytes;
    uint8_t state;
    const Rule *pushed;
} Place;

struct TsParser {
    Arena *arena;
    const char *text;
    size_t len;
    Place *places; /* the last is where it is */
    uint32_t count, size;
    const char *token;
    size_t token_bytes;
    TsTokenType type;
    bool hidden, only_host;
    uint32_t within;
};

static Place *parser_place(TsParser *p)
{
    return &p->places[p->count - 1];
}

static void parser_push(TsParser *p, Place place)
{
    if (p->count == p->size) {
        uint32_t size = MAX(p->size * 2, 8u);
        p->places = arena_grow(p->arena, p->places, p->size * sizeof(Place), size * sizeof(Place));
        p->size = size;
    }
    place.pushed = NULL;
    p->places[p->count++] = place;
}

TsParser *ts_parser_create(Arena *arena, Slice text)
{
    TsParser *p = ARENA_NEW(arena, TsParser);
    p->arena = arena;
    p->text = text.ptr;
    p->len = text.len;
    parser_push(p, (Place){.state = BASE});
    return p;
}

static size_t parser_char_bytes(const TsParser *p, size_t at)
{
    uint8_t c = (uint8_t)p->text[at];
    size_t n = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    return MIN(n, p->len - at);
}

static bool parser_run(TsParser *p);

/* parser_follows - does a token of that type begin here? Then it is stepped over. */
static bool parser_follows(TsParser *p, uint8_t state, TsTokenType type)
{
    Place *here = parser_place(p);
    if (p->within >= HOSTS_WITHIN_MAX) {
        return false;
    }
    ArenaMark mark = arena_mark(p->arena);
    TsParser sub = {.arena = p->arena,
                    .text = p->text + here->at,
                    .len = p->len - here->at,
                    .within = p->within + 1,
                    .only_host = type == TS_HOST};
    parser_push(&sub, (Place){.state = BASE});
    if (state != BASE) {
        parser_push(&sub, (Place){.state = state});
    }
    bool found = parser_run(&sub) && sub.type == type;
    if (found) {
        here->at += sub.token_bytes;
        here->token_bytes += sub.token_bytes;
        here->char_bytes = parser_place(&sub)->char_bytes;
    }
    arena_rewind(p->arena, mark);
    return found;
}

static bool parser_url_char(char c)
{
    return c > 0x20 && c < 0x7f && strchr("\"<>\\^`{|}", c) == NULL;
}

/* parser_test - does the rule fit the current character? */
static bool parser_test(TsParser *p, const Rule *r)
{
    const Place *s = parser_place(p);
    bool end = s->char_bytes == 0;
    char c = end ? '\0' : p->text[s->at];
    bool wide = s->char_bytes > 1 || (c & 0x80) != 0;
    char lower = ts_lower(c);
    bool letter = !wide && lower >= 'a' && lower <= 'z', digit = ts_is_digit(c);
    switch ((Test)r->test) {
    case ELSE: return true;
    case END: return end;
    case CHAR: return s->char_bytes == 1 && c == r->c;
    case LETTER: return letter;
    case ALPHA: return letter || wide;
    case ALNUM: return letter || wide || digit;
    case DIGIT: return digit;
    case HEX: return digit || (letter && lower <= 'f');
    case BLANK: return ts_is_space(c);
    case OTHER: return !letter && !wide && !digit;
    case HIDDEN: return p->hidden;
    case URL_CHAR: return s->char_bytes == 1 && parser_url_char(c);
    case ONLY_HOST: {
        bool was = p->only_host;
        p->only_host = false;
        return was;
    }
    case HOST_FOLLOWS: return parser_follows(p, BASE, TS_HOST);
    case PATH_FOLLOWS: return parser_follows(p, URL_PATH_FIRST, TS_URL_PATH);
    }
    return false;
}

static bool parser_begins(const TsParser *p, const char *lower, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (ts_lower(p->token[i]) != lower[i]) {
            return false;
        }
    }
    return true;
}

/* parser_tags - what is between <script> or <style> and its end is no text. */
static void parser_tags(TsParser *p)
{
    size_t n = parser_place(p)->token_bytes;
    if (n == 8 && parser_begins(p, "</script", 8)) {
        p->hidden = false;
    } else if (n == 7 && parser_begins(p, "</style", 7)) {
        p->hidden = false;
    } else if ((n == 7 && parser_begins(p, "<script", 7)) ||
               (n == 6 && parser_begins(p, "<style", 6))) {
        p->hidden = true;
    }
}

/* parser_positions - what a rule does to the places remembered. */
static void parser_positions(TsParser *p, const Rule *r)
{
    Place here = *parser_place(p);
    if ((r->flags & POP) != 0) {
        ASSERT(p->count > 1);
        p->count--;
    } else if ((r->flags & PUSH) != 0) {
        parser_place(p)->pushed = r;
        parser_push(p, here);
    } else if ((r->flags & CLEAR) != 0) {
        ASSERT(p->count > 1);
        p->places[p->count - 2] = here;
        p->count--;
    } else if ((r->flags & CLEAR_ALL) != 0) {
        p->places[0] = here;
        p->count = 1;
    } else if ((r->flags & MERGE) != 0) {
        p->count--;
        Place *to = parser_place(p);
        to->at = here.at;
        to->token_bytes = here.token_bytes;
        to->char_bytes = here.char_bytes;
    }
}

/* parser_run - the next token into p->token, token_bytes and type. */
static bool parser_run(TsParser *p)
{
    const Rule *r = NULL;
    Place *s = parser_place(p);
    if (s->at >= p->len) {
        return false;
    }
    p->token = p->text + s->at;
    s->pushed = NULL;
    for (;;) {
        s = parser_place(p);
        if (s->at > p->len) {
            return false;
        }
        s->char_bytes = s->at == p->len ? 0 : parser_char_bytes(p, s->at);
        r = s->pushed != NULL ? s->pushed + 1 : RULES[s->state];
        s->pushed = NULL;
        while (!parser_test(p, r)) {
            r++;
        }
        s = parser_place(p);
        if (r->special == TAGS) {
            parser_tags(p);
        } else if (r->special != NONE) {
            p->only_host = r->special == REWIND_URL ? true : p->only_host;
            s->at -= s->token_bytes;
        }
        if ((r->flags & FOUND) != 0) {
            p->token_bytes = s->token_bytes;
            p->type = (TsTokenType)r->token;
            s->token_bytes = 0;
        }
        parser_positions(p, r);
        s = parser_place(p);
        if (r->to != SAME) {
            s->state = r->to;
        }
        if ((r->flags & FOUND) != 0 || (s->at >= p->len && (r->flags & AGAIN) == 0)) {
            break;
        }
        if ((r->flags & (AGAIN | POP)) != 0) {
            continue;
        }
        s->at += s->char_bytes;
        s->token_bytes += s->char_bytes;
    }
    return (r->flags & FOUND) != 0;
}

bool ts_parser_next(TsParser *p, TsTokenType *type_out, Slice *token_out)
{
    if (!parser_run(p)) {
        return false;
    }
    *type_out = p->type;
    *token_out = (Slice){p->token, p->token_bytes};
    return true;
}
