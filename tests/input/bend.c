/*
 * bend.c - change a database file in ways that only its format's owner can: forged headers and
 * pages for the tests
 *
 * Usage: bend FILE format|pagesize|features N
 *        bend FILE byte OFFSET      another value there, and the page's checksum made to fit
 *        bend FILE page NUMBER OFFSET BYTE     and give the page a checksum that is right
 * Both header copies get the value and a hash that is right, as a program of another version would
 * write them. Exit code 3: no hash found, so the header is not as this program thinks.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define COPY_BYTES 4096
#define PAGE_BYTES 8192
#define PAGE_SIZE  8192

/* hash_find - where the hash over everything before it lies; 0 when nowhere. */
static size_t hash_find(const uint8_t *block)
{
    for (size_t at = 24; at + 8 <= COPY_BYTES; at += 8) {
        uint64_t there;
        memcpy(&there, block + at, sizeof(there));
        if (there == XXH3_64bits(block, at)) {
            return at;
        }
    }
    return 0;
}

/* bend_page - one byte of one page. */
static int bend_page(const char *file, uint64_t page, size_t offset, uint8_t byte)
{
    uint8_t bytes[PAGE_SIZE];
    FILE *f = fopen(file, "r+b");
    if (f == NULL || offset >= sizeof(bytes) || fseek(f, (long)(page * PAGE_SIZE), SEEK_SET) != 0 ||
        fread(bytes, 1, sizeof(bytes), f) != sizeof(bytes)) {
        return 1;
    }
    bytes[offset] = byte;
    uint32_t crc = (uint32_t)XXH3_64bits(bytes + 4, sizeof(bytes) - 4);
    memcpy(bytes, &crc, sizeof(crc));
    if (fseek(f, (long)(page * PAGE_SIZE), SEEK_SET) != 0 ||
        fwrite(bytes, 1, sizeof(bytes), f) != sizeof(bytes)) {
        return 1;
    }
    return fclose(f) == 0 ? 0 : 1;
}

/* byte_bend - change one byte of a page and make its checksum anew. */
static int byte_bend(FILE *f, unsigned long long offset)
{
    static uint8_t page[PAGE_BYTES];
    long start = (long)(offset / PAGE_BYTES * PAGE_BYTES);
    if (fseek(f, start, SEEK_SET) != 0 || fread(page, 1, sizeof(page), f) != sizeof(page)) {
        return 1;
    }
    page[offset % PAGE_BYTES] ^= (uint8_t)(1 + offset % 255);
    uint32_t crc = (uint32_t)XXH3_64bits(page + sizeof(crc), sizeof(page) - sizeof(crc));
    memcpy(page, &crc, sizeof(crc));
    if (fseek(f, start, SEEK_SET) != 0 || fwrite(page, 1, sizeof(page), f) != sizeof(page)) {
        return 1;
    }
    return fclose(f) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    uint8_t block[COPY_BYTES];
    if (argc == 6 && strcmp(argv[2], "page") == 0) {
        return bend_page(argv[1], strtoull(argv[3], NULL, 10), strtoul(argv[4], NULL, 10),
                         (uint8_t)strtoul(argv[5], NULL, 10));
    }
    FILE *f = argc == 4 ? fopen(argv[1], "r+b") : NULL;
    if (f == NULL) {
        return 2;
    }
    uint64_t value = strtoull(argv[3], NULL, 10);
    if (strcmp(argv[2], "byte") == 0) {
        return byte_bend(f, value);
    }
    size_t at = strcmp(argv[2], "format") == 0 ? 8 : strcmp(argv[2], "pagesize") == 0 ? 12 : 16;
    for (long copy = 0; copy < 2; copy++) {
        if (fseek(f, copy * COPY_BYTES, SEEK_SET) != 0 ||
            fread(block, 1, sizeof(block), f) != sizeof(block)) {
            return 1;
        }
        size_t hash_at = hash_find(block);
        if (hash_at == 0) {
            return 3;
        }
        memcpy(block + at, &value, at == 16 ? 8 : 4);
        uint64_t hash = XXH3_64bits(block, hash_at);
        memcpy(block + hash_at, &hash, sizeof(hash));
        if (fseek(f, copy * COPY_BYTES, SEEK_SET) != 0 ||
            fwrite(block, 1, sizeof(block), f) != sizeof(block)) {
            return 1;
        }
    }
    return fclose(f) == 0 ? 0 : 1;
}
