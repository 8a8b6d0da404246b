#!/usr/bin/env python3
"""stop_words.py - the lists of stop words of PostgreSQL 15 as constant data

Usage: tools/stop_words.py           rewrite src/tsearch/stop_words.c
       tools/stop_words.py --check   compare it with the installed lists, exit 1 on a difference

A list is a file *.stop of PostgreSQL's tsearch_data: one word a line, folded to lower case (of
ASCII only, as in the C locale), sorted by bytes, each word once.
"""
import glob
import os
import sys

LISTS = '/usr/share/postgresql/15/tsearch_data'
TARGET = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'src', 'tsearch', 'stop_words.c')
WIDTH = 100


def words_of(path):
    with open(path, 'rb') as file:
        words = {line.split()[0] for line in file.read().split(b'\n') if line.split()}
    return sorted({bytes(c + 32 if 65 <= c <= 90 else c for c in word) for word in words})


def wrap(items, separator, indent='    '):
    """items joined to lines of at most WIDTH columns"""
    lines, line = [], indent
    for item in items:
        if len(line) + len(item) + len(separator) > WIDTH:
            lines.append(line.rstrip())
            line = indent
        line += item + separator
    return lines + [line.rstrip()]


def source():
    out = ['/*', ' * stop_words.c - words that are too frequent to be searched for, by language.', ' *',
           ' * Written by tools/stop_words.py from the lists of PostgreSQL 15, never by hand.', ' */',
           '#include "tsearch/dict.h"', '', '/* clang-format off */']
    entries = []
    for path in sorted(glob.glob(os.path.join(LISTS, '*.stop'))):
        name = os.path.basename(path)[:-5]
        words = words_of(path)
        offsets, at = [], 0
        for word in words:
            offsets.append(str(at))
            at += len(word) + 1
        out.append(f'static const char STOP_WORDS_{name.upper()}[] =')
        text = [word.decode('utf-8') + '\\0' for word in words]
        lines = wrap(text, '', '')
        out += [f'    "{line}"' for line in lines[:-1]] + [f'    "{lines[-1]}";']
        out.append(f'static const uint16_t STOP_OFFSETS_{name.upper()}[] = {{')
        out += wrap(offsets, ', ') + ['};', '']
        entries.append(f'    {{"{name}", STOP_WORDS_{name.upper()}, STOP_OFFSETS_{name.upper()}, {len(words)}}},')
    out += ['const TsStopWords TS_STOP_WORDS[] = {'] + entries + ['};']
    out += ['const uint32_t TS_STOP_WORDS_COUNT = ARRAY_LEN(TS_STOP_WORDS);', '']
    return '\n'.join(out)


def main():
    text = source()
    if sys.argv[1:] == ['--check']:
        with open(TARGET, encoding='utf-8') as file:
            same = file.read() == text
        print('stop_words.py: the same' if same else 'stop_words.py: different')
        sys.exit(0 if same else 1)
    with open(TARGET, 'w', encoding='utf-8') as file:
        file.write(text)


main()
