# Builds the functions. `sam build` calls the target build-<logical id> for each one. The first call compiles them all in
# one run of Cargo; those after it find everything compiled.

ARCHITECTURE ?= arm64
FUNCTIONS := $(notdir $(wildcard functions/*))

# PortListsFunction is port-lists.
build-%Function:
	cargo lambda build --locked --release --lambda-dir target/lambda \
	  $(if $(filter x86_64,$(ARCHITECTURE)),--x86-64,--arm64) $(FUNCTIONS:%=--package %)
	cp target/lambda/$$(echo $* | sed 's/\([a-z0-9]\)\([A-Z]\)/\1-\2/g' | tr '[:upper:]' '[:lower:]')/bootstrap $(ARTIFACTS_DIR)/
