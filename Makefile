# Builds and installs blobtool and blobnode. What is done stands in the scripts; the names are GNU's.
#
#   make                                       # builds them as they are shipped
#   make install [DESTDIR=…] [PREFIX=/usr/local]
#   make uninstall                             # with the same DESTDIR and PREFIX
#   make check                                 # all tests
#   make dist                                  # the files of a release, in dist/

PREFIX = /usr/local
prefix = $(PREFIX)
bindir = $(prefix)/bin
datarootdir = $(prefix)/share
mandir = $(datarootdir)/man
docdir = $(datarootdir)/doc/blobstore
bashdir = $(datarootdir)/bash-completion/completions
zshdir = $(datarootdir)/zsh/site-functions
fishdir = $(datarootdir)/fish/vendor_completions.d
unitdir = $(prefix)/lib/systemd/system
usersdir = $(prefix)/lib/sysusers.d

export DESTDIR prefix bindir datarootdir mandir docdir bashdir zshdir fishdir unitdir usersdir

binaries = .build/release

all:
	scripts/build-release blobtool blobnode

# Only what is missing is built, so that root, who may have no Swift, can install what another account built.
install:
	test -x "$(binaries)/blobtool" && test -x "$(binaries)/blobnode" || scripts/build-release blobtool blobnode
	scripts/packaging/install "$(binaries)"

uninstall:
	scripts/packaging/install --uninstall

check:
	scripts/test

dist:
	scripts/release

clean:
	rm -rf dist
	swift package clean

.PHONY: all install uninstall check dist clean
.NOTPARALLEL:
