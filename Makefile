# Conveniences for people who work on dassie; newcomers need only ./run and ./test.
BUILD ?= build

.PHONY: build
build:
	@tools/install.sh
	@test -d $(BUILD) || meson setup $(BUILD) >/dev/null
	@ninja -C $(BUILD)
