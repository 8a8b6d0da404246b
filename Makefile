# Conveniences for people who work on dassie; newcomers need only ./run and ./test.
BUILD ?= build
SOURCES = $(shell git ls-files --cached --others --exclude-standard '*.c' '*.h')

.PHONY: build test check-all bench tidy format
build:
	@tools/install.sh test
	@tools/build.sh $(BUILD)

test:
	@./test

# Everything ./test runs, then the long forms: more seeds, other configurations, more sanitizers.
check-all: test
	@tools/check-all.sh

bench: build
	@bench/run.sh

tidy:
	@python3 tools/tidy.py

format:
	@clang-format-14 -i $(SOURCES)
