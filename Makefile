# Conveniences for people who work on dassie; newcomers need only ./run and ./test.
BUILD ?= build
SOURCES = $(shell git ls-files --cached --others --exclude-standard '*.c' '*.h')

.PHONY: build test check-all bench tidy format
build:
	@tools/install.sh test
	@tools/build.sh $(BUILD)

test:
	@./test

# The long forms of the tests, in other builds, too: some three hours, part by part, a stopped run goes on where it was.
# make check-all PART="tiny page2k/sql" runs some of them; tools/check-all.sh --list shows how they stand.
check-all:
	@tools/check-all.sh $(PART)

bench: build
	@bench/run.sh

tidy:
	@python3 tools/tidy.py

format:
	@clang-format-14 -i $(SOURCES)
