#include "CVocabulary.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

// A section of its own: with --static-swift-stdlib, .rodata takes in writable parts of the Swift runtime, and the whole
// of it becomes writable.
__attribute__((section("vocabulary"))) _Alignas(64) const unsigned char fastrelay_vocabulary[] = {
#embed "vocabulary.bin"
};
