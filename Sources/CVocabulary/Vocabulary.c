#include "CVocabulary.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

_Alignas(64) const unsigned char fastrelay_vocabulary[] = {
#embed "vocabulary.bin"
};
