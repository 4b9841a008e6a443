#include "CLibCurl.h"

#include <dlfcn.h>
#include <stdint.h>

// Its name since 2006, in all distributions.
#define NAME "libcurl.so.4"

struct blob_curl blob_curl;

#define LOOK_UP(function) \
    if (!(*(void **)&found.function = dlsym(library, #function))) return dlerror();

const char *blob_curl_load(void) {
    struct blob_curl found;
    void *library = dlopen(NAME, RTLD_LAZY | RTLD_LOCAL);
    if (!library) return dlerror();
    BLOB_CURL_FUNCTIONS(LOOK_UP)
    blob_curl = found;
    return NULL;
}

// Tells those who make packages what is loaded, as the linker's own list tells what is linked.
// Source: ELF dlopen metadata, a specification of the Linux Userspace API group.
#define NOTE "[{\"feature\":\"buckets\",\"priority\":\"required\",\"soname\":[\"" NAME "\"]}]"

__attribute__((used, retain, aligned(4), section(".note.dlopen"))) static const struct {
    uint32_t nameSize, textSize, type;
    char name[4];
    char text[sizeof(NOTE)];
} note = {.nameSize = 4, .textSize = sizeof(NOTE), .type = 0x407c0c0a, .name = "FDO", .text = NOTE};
