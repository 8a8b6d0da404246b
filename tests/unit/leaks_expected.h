#ifndef DASSIE_TEST_LEAKS_EXPECTED_H
#define DASSIE_TEST_LEAKS_EXPECTED_H
/*
 * leaks_expected.h - for tests that crash on purpose: what a crash interrupts is never freed, so
 * the address sanitizer does not look for leaks. Included by the test's one C file.
 */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

#endif
